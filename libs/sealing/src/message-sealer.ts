import type { KeyRing } from './keys/key-ring.ts';
import { openJson, sealJson } from './sealed-json.ts';

/** What travels between services, sealed with the tenant's transport key (design, decision 9). */
export type MessageSealer = {
  seal: (tenantId: string, message: unknown) => Promise<string>;
  open: (tenantId: string, sealed: string) => Promise<unknown>;
};

const bound = (tenantId: string) => ['message', tenantId];

export const messageSealer = (keys: Pick<KeyRing, 'tenantKey'>): MessageSealer => ({
  seal: async (tenantId, message) => sealJson(await keys.tenantKey(tenantId, 'transport'), message, bound(tenantId)),
  open: async (tenantId, sealed) =>
    openJson(await keys.tenantKey(tenantId, 'transport'), sealed, bound(tenantId), `A message of tenant ${tenantId}`),
});
