import type { UniqueAttribute } from '@tenure/contracts';
import type { Claim } from '@tenure/eventing';
import { valueAt, type Json, type Resource } from '@tenure/scim';
import { uniqueKey } from '../user/unique-key.ts';

/** Numbers as they are written; text as it must be unique. */
const keyOf = (value: Json, caseExact: boolean): string =>
  typeof value !== 'string' ? JSON.stringify(value) : caseExact ? value : uniqueKey(value);

/** What a resource holds of a tenant's own attributes that are unique (RFC 7643 §7, `uniqueness`). */
export const uniqueClaims = (resource: Resource, unique: readonly UniqueAttribute[] = []): Claim[] =>
  unique.flatMap(({ path, caseExact, scope }) => {
    const value = valueAt(resource, path) ?? [];
    const held = new Set((Array.isArray(value) ? value : [value]).map((one) => keyOf(one, caseExact)));
    return [...held].map((one) => ({
      kind: `unique/${scope}`,
      value: one,
      code: 'resource/value-taken',
      message: `Another resource has this value of ${path}, which is unique.`,
    }));
  });
