import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { MessageSealer } from '@tenure/messaging';

const keyOf = (tenantId: string) => createHash('sha256').update(`test/${tenantId}`).digest();

/** Seals as the real one does (AES-256-GCM with a key per tenant), with keys that tests in several processes share. */
export const aesSealer: MessageSealer = {
  seal: async (tenantId, json) => {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', keyOf(tenantId), iv);
    const sealed = Buffer.concat([cipher.update(JSON.stringify(json)), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64');
  },
  open: async (tenantId, sealed) => {
    const bytes = Buffer.from(sealed, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', keyOf(tenantId), bytes.subarray(0, 12)).setAuthTag(
      bytes.subarray(12, 28),
    );
    return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString()) as unknown;
  },
};
