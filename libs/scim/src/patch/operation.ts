import type { Filter } from '../filter/filter.ts';
import type { Json } from '../json/json.ts';

/** What an operation is about: a top-level attribute by its canonical path, perhaps only some elements, perhaps one sub-attribute. */
export type PatchTarget = { path: string; where?: Filter; sub?: string };

/**
 * One operation of a PATCH, validated and plain JSON. Operations without a path are one per attribute here. The value of a single complex
 * attribute holds the sub-attributes to set, null where one is cleared. `values` of a removal: only these elements (E7); `emptied`: it was
 * said by an empty value, as clients do whose own attribute is empty.
 */
export type PatchOperation =
  | (PatchTarget & { op: 'add' | 'replace'; value: Json })
  | (PatchTarget & { op: 'remove'; values?: Json[]; emptied?: true });

export const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
