import { createHmac } from 'node:crypto';
import { ERASED, type DataSubject, type Sealer } from '@tenure/eventing';
import { KeyDestroyed, KeyMissing } from './errors.ts';
import type { KeyRing } from './keys/key-ring.ts';
import { openJson, sealJson } from './sealed-json.ts';

const bound = ({ tenantId, personId }: DataSubject, boundTo: string) => [tenantId, personId, boundTo];

/** Seals people's data with their keys, as JSON. Text of a person who was erased opens as `erased`; whatever else can't be opened is an error. */
export const sealer = (keys: Pick<KeyRing, 'keyOf' | 'tenantKey'>): Sealer => ({
  seal: async (person, value, boundTo) => {
    const key = await keys.keyOf(person);
    if (key === ERASED) throw new KeyDestroyed(person);
    if (!key) throw new KeyMissing(person);
    return sealJson(key, value, bound(person, boundTo));
  },
  open: async (person, sealed, boundTo) => {
    const key = await keys.keyOf(person);
    if (key === ERASED) return ERASED;
    if (!key) throw new KeyMissing(person);
    return openJson(key, sealed, bound(person, boundTo), `The personal part of ${boundTo}`);
  },
  claimName: async (tenantId, { kind, value }) => {
    const key = await keys.tenantKey(tenantId, 'claims');
    return createHmac('sha256', key).update(`${kind}\n${value}`).digest('base64url');
  },
});
