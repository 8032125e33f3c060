import {
  type JsonObject,
  type PatchOperation,
  type ResourceType,
  type ConnectionSettings,
  applyPatch,
  parsePatch,
  patchSchema,
  profiles,
} from '../index.ts';

/** A PATCH body around its operations. */
export const patchBody = (...operations: JsonObject[]): JsonObject => ({
  schemas: [patchSchema],
  Operations: operations,
});

/** What a PATCH makes of a resource, from body to result. */
export const patched = (
  type: ResourceType,
  resource: JsonObject,
  operations: JsonObject[],
  settings: ConnectionSettings = profiles.generic,
) => applyPatch(type, resource, travelled(parsePatch(type, patchBody(...operations), settings).operations), settings);

/** Operations as they arrive after a journey in a command. */
export const travelled = (operations: PatchOperation[]): PatchOperation[] =>
  JSON.parse(JSON.stringify(operations)) as PatchOperation[];

export { comparisons, filters } from './arbitraries.ts';
export { type GivenAttribute, ownSchema, ownType } from './own-type.ts';
