export { directoryView, DIRECTORY_VIEW } from './view/directory.view.ts';
export { viewPart, type StreamEvents, type ViewPart } from './view/view-part.ts';
export { runCommand, type CommandDeps, type CommandPlace } from './command/run-command.ts';
export type { Listed, ListRequest, Page } from './filter-sql/list.ts';
export type { PageKey } from './filter-sql/compile-sort.ts';

export type { ConnectionPolicies, ConnectionPolicy, IssuedToken } from './user/connection-policy.ts';
export { userAggregate } from './user/user.aggregate.ts';
export { userCommands, type UserCommandDeps, type UserCommands } from './user/user.commands.ts';
export { userQueries, type Sight, type UserFilters, type UserQueries } from './user/user.queries.ts';
export { localMerge, localReplacement } from './user/local-edit.ts';
export { presentedUser, type UserRecord } from './user/user.record.ts';
export { usersPart } from './user/user.view.ts';
export type { UserState } from './user/user.state.ts';

export { groupAggregate } from './group/group.aggregate.ts';
export { groupCommands, type GroupCommandDeps, type GroupCommands } from './group/group.commands.ts';
export { groupQueries, presentedGroup, type GroupQueries, type GroupRecord } from './group/group.queries.ts';
export { groupsPart } from './group/group.view.ts';
export type { GroupMembers } from './membership/members-of-group.ts';
export { startDepartedMembers, type DepartedMembersDeps } from './membership/departed-members.reactor.ts';

export { schemaAggregate } from './schema/schema.aggregate.ts';
export type { SchemaQueries } from './schema/schema.queries.ts';
export { builtInTypes, type Shape, type TenantTypes } from './schema/tenant-types.ts';
export { typeQueries, type TypeQueries } from './schema/kept-types.ts';
export { resourceAggregate } from './resource/resource.aggregate.ts';
export {
  presentedResource,
  resourceQueries,
  type ResourceQueries,
  type ResourceRecord,
  type ResourceSight,
} from './resource/resource.queries.ts';

export type { History, HistoryEntry, HistoryPage } from './history/history.ts';
export { userHistory, type ErasedUser, type UserHistory } from './history/user-history.ts';
export { groupHistory, type GroupHistory, type PastGroup } from './history/group-history.ts';
export { resourceHistory, type ResourceHistory } from './history/resource-history.ts';

export {
  directoryQueries,
  fullDirectoryView,
  openDirectory,
  type CommandService,
  type Directory,
  type DirectoryDeps,
  type DirectoryQueries,
} from './directory.ts';
export { tenantAggregate } from './tenant/tenant.aggregate.ts';
export type { TenantQueries } from './tenant/tenant.queries.ts';
export { tenantsPart } from './tenant/tenant.view.ts';
export { adminAggregate } from './admin/admin.aggregate.ts';
export type { AdminQueries } from './admin/admin.queries.ts';
export { adminsPart } from './admin/admin.view.ts';
export { isConsumerMail } from './admin/consumer-mail.ts';
export { connectionAggregate } from './connection/connection.aggregate.ts';
export { connectionPolicies, type CachedPolicies } from './connection/connection-policies.ts';
export {
  connectionQueries,
  policyOf,
  type ConnectionQueries,
  type ScimConnection,
} from './connection/connection.queries.ts';
export { connectionsPart } from './connection/connection.view.ts';
export { attemptAggregate } from './attempt/attempt.aggregate.ts';
export { licencesReply, type Licences } from './licence/licence.queries.ts';
export { reapKeys, type ReapKeysDeps } from './user/reap-keys.ts';
export { reapSecrets, type ReapDeps } from './secret/reap-secrets.ts';
export { jitBody, jitReply, type JitUser } from './sign-in/jit.ts';
export { signInBody, signInReply, type SignIn, type SignInReply } from './sign-in/sign-in.ts';
export { keyAggregate } from './key/key.aggregate.ts';
export type { KeyQueries } from './key/key.queries.ts';
export { sessionAggregate } from './session/session.commands.ts';
export * from './session/index.ts';
export { grantReadDirectory } from './view/view-grants.ts';
