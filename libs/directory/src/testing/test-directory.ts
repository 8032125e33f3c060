import { randomUUID } from 'node:crypto';
import { testDatabase } from '@tenure/database/testing';
import {
  memoryEventStore,
  openLeases,
  Rejected,
  startView,
  type EventStore,
  type Instant,
  type Snapshot,
  type SnapshotStore,
} from '@tenure/eventing';
import { memorySealer } from '@tenure/eventing/testing';
import type { CommandMessage } from '@tenure/messaging';
import { profiles, type ConnectionSettings, type JsonObject } from '@tenure/scim';
import { groupCommands } from '../group/group.commands.ts';
import { groupQueries } from '../group/group.queries.ts';
import { groupsPart } from '../group/group.view.ts';
import type { ConnectionPolicy, IssuedToken } from '../user/connection-policy.ts';
import { userCommands } from '../user/user.commands.ts';
import { userQueries } from '../user/user.queries.ts';
import { usersPart } from '../user/user.view.ts';
import { builtInTypes } from '../schema/tenant-types.ts';
import { directoryView } from '../view/directory.view.ts';

export const TENANT = 'acme';

const memorySnapshots = (): SnapshotStore => {
  const kept = new Map<string, Snapshot>();
  return {
    load: async (stream) => kept.get(stream),
    save: async (snapshot) => void kept.set(snapshot.stream, snapshot),
    drop: async (stream) => void kept.delete(stream),
  };
};

/** The directory's users and groups on a real database, an event store in memory and a clock that tests move. */
export const testDirectory = async () => {
  const test = await testDatabase({ poolSize: 12 });
  const { database } = test;
  const store: EventStore = memoryEventStore();
  const sealer = memorySealer();
  const leases = openLeases(database);
  const definition = directoryView([usersPart, groupsPart]);
  const failures: unknown[] = [];
  const openView = () =>
    startView({
      view: definition,
      database,
      schema: 'directory',
      store,
      sealer,
      leases,
      onFailure: (error) => failures.push(error),
    });
  const view = await openView();
  await view.serving;

  const connections = new Map<string, ConnectionPolicy>();
  const connect = (
    connectionId: string,
    settings: Partial<ConnectionSettings> = {},
    more: Partial<ConnectionPolicy> = {},
  ): ConnectionPolicy => {
    const policy = {
      connectionId,
      enabled: true,
      settings: { ...profiles.generic, ...settings },
      defaults: {},
      schemasVersion: 0,
      ...more,
    };
    connections.set(connectionId, policy);
    return policy;
  };
  const tokens = new Map<string, IssuedToken>();
  const time = { now: '2026-01-05T09:00:00.000Z' as Instant };
  const passwords = new Map<string, string>();
  const queries = userQueries(database, definition.name);
  const deps = {
    source: { store, sealer, snapshots: memorySnapshots() },
    view,
    clock: { now: async () => time.now },
    queries,
    policies: {
      policyOf: async (_: string, connectionId: string) => {
        const policy = connections.get(connectionId);
        if (!policy) throw new Rejected('not-found', 'connection/unknown', 'There is no such connection.');
        return policy;
      },
      tokenIssuedBy: async (_: string, userId: string) => tokens.get(userId),
    },
    keys: { createPerson: async () => undefined },
    secrets: {
      putPassword: async (_: string, password: string, id: string = randomUUID()) => {
        passwords.set(id, password);
        return { id };
      },
      passwordMatches: async (id: string, password: string) => passwords.get(id) === password,
    },
    types: { now: async () => builtInTypes, at: async () => builtInTypes },
    sql: database,
    schema: definition.name,
  };

  let offset = 0;
  /** As from a transport, which runs the commands of one key in order; those that tests run at once have none. */
  const context = () => ({ place: { log: 'commands-0', offset: ++offset, at: offset } });
  const message = (
    payload: object,
    { key = randomUUID() as string, connectionId, ...more }: Partial<CommandMessage> = {},
  ): CommandMessage => ({
    tenantId: TENANT,
    key,
    commandId: randomUUID(),
    actor: connectionId ? { kind: 'connection', id: connectionId } : { kind: 'admin', id: 'admin-1' },
    ...(connectionId && { connectionId }),
    correlationId: randomUUID(),
    causationId: randomUUID(),
    deadline: Date.now() + 60_000,
    payload: { v: 1, ...payload },
    ...more,
  });

  const users = userCommands(deps);
  const groups = groupCommands(deps);
  const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];

  return {
    ...deps,
    database,
    store,
    sealer,
    leases,
    definition,
    openView,
    failures,
    connect,
    tokens,
    time,
    message,
    context,
    users,
    groups,
    groupQueries: groupQueries(database, definition.name),
    createUser: (userName: string, { connectionId, ...more }: JsonObject & { connectionId?: string } = {}) =>
      users.create(
        message({ resource: { schemas, userName, ...more } }, { ...(connectionId && { connectionId }) }),
        context(),
      ),
    createGroup: (displayName: string, memberIds: string[], connectionId: string) =>
      groups.create(
        message(
          { resource: { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName }, memberIds },
          { connectionId },
        ),
        context(),
      ),
    patchMembers: (key: string, connectionId: string, members: JsonObject[], profile: JsonObject[] = []) =>
      groups.patch(message({ profile, members }, { key, connectionId }), {}),
    close: async () => {
      await view.stop();
      await leases.close();
      await store.close();
      await test.drop();
    },
  };
};

export type TestDirectory = Awaited<ReturnType<typeof testDirectory>>;
