import { DIRECTORY_COMMANDS, DIRECTORY_FACTS, ROOT_TENANT } from '@tenure/contracts';
import {
  DIRECTORY_VIEW,
  fullDirectoryView,
  groupHistory,
  openDirectory,
  reapKeys,
  reapSecrets,
  resourceHistory,
  SIGN_IN,
  signInEntities,
  signInMigrations,
  startDepartedMembers,
  userHistory,
} from '@tenure/directory';
import { migrate } from '@tenure/database';
import { dropView, startView, warmStates } from '@tenure/eventing';
import {
  directoryClient,
  manualClock,
  PARKED,
  parkedController,
  parkedView,
  type ProviderSettings,
  type Runtime,
  type Service,
} from '@tenure/platform';
import { unusedKeys } from '@tenure/sealing';
import { authControllers, composeAuth } from './auth/compose-auth.ts';
import { AdminsController } from './admins.controller.ts';
import { CLOCK, ClockController, type ClockApi } from './clock.controller.ts';
import { commandsController } from './commands.controller.ts';
import { ConnectionsController } from './connections.controller.ts';
import { DIRECTORY, type DirectoryApi } from './directory-api.ts';
import { grantToServices } from './grants.ts';
import { GroupsController } from './groups.controller.ts';
import { KeysController } from './keys.controller.ts';
import { MeController } from './me.controller.ts';
import { ResourcesController } from './resources.controller.ts';
import { SchemasController } from './schemas.controller.ts';
import { TenantsController } from './tenants.controller.ts';
import { UsersController } from './users.controller.ts';

class DirectoryHttp {}
class DirectoryMessages {}

/** Holds checkpoints and the state of the view; the view itself is in the schema of its name. */
const SCHEMA = 'directory';
const REAP_EVERY_MS = 600_000;

export const directoryControllers = [
  TenantsController,
  AdminsController,
  KeysController,
  ConnectionsController,
  UsersController,
  GroupsController,
  SchemasController,
  ResourcesController,
  ClockController,
  MeController,
  ...authControllers,
  parkedController('directory'),
];

/** TypeORM entities of the tables of `sign_in`. */
export const directoryEntities: (new () => object)[] = signInEntities;

/** Composes the directory on a runtime: its commands, its view, its reactors and its API. */
export const directoryService = async (
  runtime: Runtime,
  { publicUrl, provider }: { publicUrl?: string; provider?: ProviderSettings | undefined } = {},
): Promise<Service> => {
  const { database, leases, sealer, snapshots, keys, secrets, clock, transport, log } = runtime;
  const store = await runtime.openStore();
  const onFailure = (error: unknown) => log.warn({ err: error }, 'A part of the directory failed and tries again');
  await keys.ensureTenant(ROOT_TENANT);
  await migrate(database, { schema: SIGN_IN, migrations: signInMigrations });

  const view = await startView({
    view: fullDirectoryView(),
    database,
    schema: SCHEMA,
    store,
    sealer,
    leases,
    onFailure,
    onParked: (stream, error) =>
      log.error({ stream, err: error }, 'A stream could not be applied to the view and waits; all others go on'),
  });
  await grantToServices(database);
  const source = { store, sealer, snapshots, warm: warmStates() };
  const directory = openDirectory({ source, view, clock, database, keys, secrets, onFailure });
  const departed = startDepartedMembers({
    source,
    view,
    clock,
    database,
    schema: SCHEMA,
    leases,
    viewSchema: DIRECTORY_VIEW,
    onFailure,
  });
  const commands = directoryClient(transport.client({ commandTopic: DIRECTORY_COMMANDS }));
  const auth = await composeAuth(runtime, { queries: directory.queries, commands, provider });
  const unused = unusedKeys(database);
  const reap = async () => {
    await reapSecrets({ database, schema: DIRECTORY_VIEW, view, secrets });
    await auth.reap();
    await reapKeys({ database, schema: DIRECTORY_VIEW, view, store, unused });
  };
  const reaper = setInterval(() => void reap().catch(onFailure), REAP_EVERY_MS).unref();

  await runtime.forward(DIRECTORY_FACTS, SCHEMA);
  runtime.followers.push(view.follower, departed);
  runtime.readiness.push({
    name: DIRECTORY_VIEW,
    check: async () => ((await view.state()) === 'serving' ? undefined : 'building'),
  });
  parkedView(runtime, 'directory', view);
  runtime.closing.push(
    () => view.stop(),
    () => departed.stop(),
    () => directory.stop(),
    async () => clearInterval(reaper),
  );

  const api: DirectoryApi = {
    queries: directory.queries,
    commands,
    signIn: directory.signIn,
    userHistory: userHistory(source),
    groupHistory: groupHistory(source),
    resourceHistory: resourceHistory(source),
    scimUrl: (origin, tenantId, connectionId) => `${publicUrl ?? origin}/scim/${tenantId}/${connectionId}/v2`,
  };
  const clockApi: ClockApi = {
    database,
    ...(runtime.clockSetting.kind === 'manual' && { manual: manualClock(database) }),
  };
  return {
    http: {
      module: DirectoryHttp,
      controllers: directoryControllers,
      providers: [
        { provide: DIRECTORY, useValue: api },
        ...auth.providers,
        { provide: CLOCK, useValue: clockApi },
        { provide: PARKED, useValue: runtime.parked },
      ],
    },
    onRefused: commands.refused,
    messages: {
      consumer: 'directory-service',
      commandTopic: DIRECTORY_COMMANDS,
      module: { module: DirectoryMessages, controllers: [commandsController(directory.commands)] },
    },
  };
};

/** Drops the directory's view, which the next start builds again from the streams. */
export const rebuildDirectory = async ({ database }: Runtime) => {
  await dropView(database, SCHEMA, fullDirectoryView());
  return { dropped: [DIRECTORY_VIEW] };
};
