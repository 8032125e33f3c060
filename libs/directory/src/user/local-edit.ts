import {
  parseBody,
  parsePatch,
  patchSchema,
  profiles,
  userType,
  type JsonObject,
  type PatchOperation,
  type Resource,
} from '@tenure/scim';
import { inScim } from './user.rules.ts';

/** What an admin's POST or PUT of a user says (R16), read as tolerantly as the generic profile reads. */
export const localReplacement = (resource: JsonObject): { resource: Resource; cleared: string[] } =>
  inScim(() => {
    const { resource: whole, cleared } = parseBody(userType, resource, profiles.generic);
    return { resource: whole, cleared };
  });

/** What an admin's PATCH says: attribute by attribute, null clears. */
export const localMerge = (resource: JsonObject): PatchOperation[] =>
  inScim(
    () =>
      parsePatch(
        userType,
        { schemas: [patchSchema], Operations: [{ op: 'replace', value: resource }] },
        profiles.generic,
      ).operations,
  );
