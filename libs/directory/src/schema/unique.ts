import type { UniqueAttribute } from '@tenure/contracts';
import type { Claim } from '@tenure/eventing';
import { valueAt, type Resource } from '@tenure/scim';
import { uniqueKey } from '../user/unique-key.ts';

/** What a resource holds of a tenant's own attributes that are unique (RFC 7643 §7, `uniqueness`). */
export const uniqueClaims = (resource: Resource, unique: readonly UniqueAttribute[] = []): Claim[] =>
  unique.flatMap(({ path, caseExact, scope }) => {
    const value = valueAt(resource, path);
    const held = value === undefined ? [] : (Array.isArray(value) ? value : [value]).map((one) => (caseExact || typeof one !== 'string' ? String(one) : uniqueKey(one)));
    return [...new Set(held)].map((one) => ({ kind: `unique/${scope}`, value: one, code: 'resource/value-taken', message: `Another resource has this value of ${path}, which is unique.` }));
  });
