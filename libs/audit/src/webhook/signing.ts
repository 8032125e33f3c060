import { randomBytes } from 'node:crypto';
import { Webhook as Signer } from 'standardwebhooks';

/** Standard Webhooks: `whsec_` and base64 of 32 random bytes. */
export const newWebhookSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

/** The headers of a message, signed as Standard Webhooks says. */
export const signed = (secret: string, id: string, at: Date, body: string): Record<string, string> => ({
  'content-type': 'application/json',
  'user-agent': 'Tenure-Webhooks/1',
  'webhook-id': id,
  'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
  'webhook-signature': new Signer(secret).sign(id, at, body),
});
