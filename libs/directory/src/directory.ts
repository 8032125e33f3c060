import {
  AddAdmin,
  AddKey,
  ChangeAdmin,
  CreateConnection,
  CreateGroup,
  CreateResource,
  CreateTenant,
  CreateUser,
  DefineResourceType,
  DefineSchema,
  DeleteGroup,
  DeleteResource,
  DeleteResourceType,
  DeleteSchema,
  DeleteToken,
  DeleteUser,
  DisableConnection,
  EnableConnection,
  EnrolAdmin,
  EnsureUser,
  IssueToken,
  PatchGroup,
  PatchResource,
  PatchUser,
  RecordAttempt,
  RecordSignIn,
  RecordSignOut,
  RemoveAdmin,
  RemoveKey,
  ReplaceAppRoles,
  ReplaceConnectionSettings,
  ReplaceGroup,
  ReplaceResource,
  ReplaceTenant,
  ReplaceUser,
} from '@tenure/contracts';
import type { Database } from '@tenure/database';
import type { CommandMessage } from '@tenure/messaging';
import type { KeyRing, SecretStore } from '@tenure/sealing';
import { adminCommands } from './admin/admin.commands.ts';
import { adminQueries } from './admin/admin.queries.ts';
import { adminsPart } from './admin/admin.view.ts';
import { attemptCommands } from './attempt/attempt.commands.ts';
import type { CommandDeps, CommandPlace } from './command/run-command.ts';
import { connectionCommands } from './connection/connection.commands.ts';
import { connectionPolicies } from './connection/connection-policies.ts';
import { connectionQueries } from './connection/connection.queries.ts';
import { connectionsPart } from './connection/connection.view.ts';
import { groupCommands } from './group/group.commands.ts';
import { groupQueries } from './group/group.queries.ts';
import { groupsPart } from './group/group.view.ts';
import { keyCommands } from './key/key.commands.ts';
import { keyQueries } from './key/key.queries.ts';
import { keysPart } from './key/key.view.ts';
import { licences } from './licence/licence.queries.ts';
import { resourceCommands } from './resource/resource.commands.ts';
import { resourceQueries } from './resource/resource.queries.ts';
import { resourcesPart } from './resource/resource.view.ts';
import { typeQueries } from './schema/kept-types.ts';
import { schemaCommands } from './schema/schema.commands.ts';
import { schemaQueries } from './schema/schema.queries.ts';
import { schemasPart } from './schema/schema.view.ts';
import { sessionCommands } from './session/session.commands.ts';
import { jitUser } from './sign-in/jit.ts';
import { signIn } from './sign-in/sign-in.ts';
import { tenantCommands } from './tenant/tenant.commands.ts';
import { tenantQueries } from './tenant/tenant.queries.ts';
import { tenantsPart } from './tenant/tenant.view.ts';
import { userCommands } from './user/user.commands.ts';
import { userQueries } from './user/user.queries.ts';
import { usersPart } from './user/user.view.ts';
import { DIRECTORY_VIEW, directoryView } from './view/directory.view.ts';

/** The directory's one view with the tables of every slice. */
export const fullDirectoryView = (name?: string) =>
  directoryView(
    [tenantsPart, schemasPart, adminsPart, keysPart, connectionsPart, usersPart, groupsPart, resourcesPart],
    name,
  );

/** All that is asked of the views: for the edges of directory-service and, with a role that can only read, for the gateway. */
export const directoryQueries = (database: Database, schema: string = DIRECTORY_VIEW) => {
  const tenants = tenantQueries(database, schema);
  const types = typeQueries(database, schema);
  return {
    tenants,
    admins: adminQueries(database, schema),
    keys: keyQueries(database, schema),
    connections: connectionQueries(database, schema),
    users: userQueries(database, schema),
    groups: groupQueries(database, schema),
    schemas: schemaQueries(database, schema),
    types,
    resources: resourceQueries(database, schema),
    licences: licences(database, schema),
    jitUser: jitUser(tenants, types),
  };
};
export type DirectoryQueries = ReturnType<typeof directoryQueries>;

export type CommandService = (message: CommandMessage, context: CommandPlace) => Promise<unknown>;

export type DirectoryDeps = CommandDeps & {
  database: Database;
  /** The view's name. */
  schema?: string;
  keys: Pick<KeyRing, 'ensureTenant' | 'createPerson'>;
  secrets: SecretStore;
  /** Told what fails outside of any command. */
  onFailure: (error: unknown) => void;
};

/** Every command of the directory by its pattern, so that a controller is a table. */
export const openDirectory = ({ database, schema = DIRECTORY_VIEW, ...deps }: DirectoryDeps) => {
  const queries = directoryQueries(database, schema);
  const policies = connectionPolicies(queries.connections);
  const { types } = queries;
  const users = userCommands({ ...deps, queries: queries.users, policies, types });
  const groups = groupCommands({ ...deps, policies, types, sql: database, schema });
  const schemas = schemaCommands({ ...deps, schemas: queries.schemas });
  const resources = resourceCommands({ ...deps, policies, types });
  const tenants = tenantCommands(deps);
  const admins = adminCommands({ ...deps, users, userQueries: queries.users, policies });
  const connections = connectionCommands({ ...deps, policies });
  const machineKeys = keyCommands(deps);
  const sessions = sessionCommands(deps);
  const attempts = attemptCommands({ ...deps, tenants: queries.tenants });

  const commands: Readonly<Record<string, CommandService>> = {
    [CreateTenant.pattern]: tenants.create,
    [ReplaceTenant.pattern]: tenants.replace,
    [ReplaceAppRoles.pattern]: tenants.replaceAppRoles,
    [AddAdmin.pattern]: admins.add,
    [EnrolAdmin.pattern]: admins.enrol,
    [ChangeAdmin.pattern]: admins.change,
    [RemoveAdmin.pattern]: admins.remove,
    [AddKey.pattern]: machineKeys.add,
    [RemoveKey.pattern]: machineKeys.remove,
    [RecordSignIn.pattern]: sessions.signIn,
    [RecordSignOut.pattern]: sessions.signOut,
    [CreateConnection.pattern]: connections.create,
    [ReplaceConnectionSettings.pattern]: connections.replaceSettings,
    [EnableConnection.pattern]: connections.enable,
    [DisableConnection.pattern]: connections.disable,
    [IssueToken.pattern]: connections.issueToken,
    [DeleteToken.pattern]: connections.deleteToken,
    [CreateUser.pattern]: users.create,
    [ReplaceUser.pattern]: users.replace,
    [PatchUser.pattern]: users.patch,
    [DeleteUser.pattern]: users.delete,
    [EnsureUser.pattern]: users.ensure,
    [CreateGroup.pattern]: groups.create,
    [ReplaceGroup.pattern]: groups.replace,
    [PatchGroup.pattern]: groups.patch,
    [DeleteGroup.pattern]: groups.delete,
    [DefineSchema.pattern]: schemas.define,
    [DeleteSchema.pattern]: schemas.delete,
    [DefineResourceType.pattern]: schemas.defineType,
    [DeleteResourceType.pattern]: schemas.deleteType,
    [CreateResource.pattern]: resources.create,
    [ReplaceResource.pattern]: resources.replace,
    [PatchResource.pattern]: resources.patch,
    [DeleteResource.pattern]: resources.delete,
    [RecordAttempt.pattern]: attempts.record,
  };

  return { commands, queries, policies, signIn: signIn(queries.users, deps.secrets), stop: attempts.stop };
};
export type Directory = ReturnType<typeof openDirectory>;
