export type { Json, JsonObject } from './json/json.ts';
export { fold, sortableInstant } from './json/instant.ts';
export { checkedJson, isHostileName, isObject, sameValue } from './json/json.ts';

export * from './problem/problem.ts';

export type {
  Attribute,
  AttributeType,
  Mutability,
  ResourceType,
  Returned,
  Schema,
  Uniqueness,
} from './schema/attribute.ts';
export { commonAttributes } from './schema/common.ts';
export {
  enterpriseUserSchema,
  entraUserSchema,
  groupSchema,
  tenureGroupSchema,
  tenureUserSchema,
  userSchema,
} from './schema/user.schema.ts';
export { discoverySchemas } from './schema/discovery.schemas.ts';
export { builtInSchemas, groupType, userType } from './schema/resource-types.ts';
export {
  type DefinitionIssue,
  isSchemaUrn,
  resourceTypeIssues,
  schemaConflicts,
  schemaIssues,
} from './schema/definition.ts';
export { type Found, attributesOf, findAttribute, findSchema, segmentsOf, toleratedUrns } from './schema/lookup.ts';

export * from './dialect/settings.ts';

export { type Resource, valueAt, withSchemas, withValue } from './resource/access.ts';
export type { Note, NoteCode } from './resource/value.ts';
export { type ParsedBody, parseBody, parseResource, requireAttributes } from './resource/parse.ts';
export { type Change, applyReplacement, pathsOf, replaceResource, settle, withoutHidden } from './resource/replace.ts';

export * from './filter/filter.ts';
export { comparable } from './filter/compare.ts';
export { parseFilter } from './filter/parse.ts';
export { matches, valuesAt } from './filter/matches.ts';
export { containment, searchDocument } from './filter/search.ts';

export { type Path, parsePath } from './path/path.ts';
export { type PatchOperation, type PatchTarget, patchSchema } from './patch/operation.ts';
export { parsePatch } from './patch/parse.ts';
export { applyPatch } from './patch/apply.ts';
export { type MemberChange, memberIds, splitMembers, withoutMembers } from './patch/members.ts';

export { type Projection, isReturned, parseProjection, project } from './projection/projection.ts';
export {
  type ListQuery,
  type ShownAttributes,
  parseListQuery,
  parseSearchRequest,
  parseShownAttributes,
  searchRequestSchema,
} from './query/list-query.ts';
export { type Sort, compareBy, parseSort, sortKey } from './query/sort.ts';

export { type ListPage, listResponse, listResponseSchema } from './messages/list-response.ts';
export {
  type ServiceProviderOptions,
  resourceTypeResource,
  schemaResource,
  serviceProviderConfig,
} from './messages/discovery.ts';
export { etagMatches, etagOf } from './etag/etag.ts';

export * from './bulk/request.ts';
export { type BulkStep, planBulk } from './bulk/plan.ts';
