import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  GroupChanged,
  GroupCreated,
  GroupDeleted,
  GroupMembersAdded,
  GroupMembersRemoved,
  groupEvents,
  PersonErased,
  TenantCreated,
  tenantEvents,
  TenantReplaced,
  UserCreated,
  UserChanged,
  UserDeactivated,
  UserDeleted,
  UserReactivated,
  userEvents,
  type GroupEvent,
  type TenantEvent,
  type UserEvent,
} from '@tenure/contracts';
import type { Database } from '@tenure/database';
import { testDatabase, type TestDatabase } from '@tenure/database/testing';
import {
  defineEvent,
  dropView,
  encode,
  eventId,
  memoryEventStore,
  openLeases,
  streamName,
  type AnyDefinition,
  type DomainEvent,
  type EventStore,
  type Leases,
  type Position,
} from '@tenure/eventing';
import type { Fact } from '@tenure/messaging';
import { testSealing, type TestSealing } from '@tenure/sealing/testing';
import type { JsonObject } from '@tenure/scim';
import { z } from 'zod';
import type { AppConfig } from '../app/app-config.ts';
import { PROVISIONING_VIEW, provisioningView } from '../view/provisioning.view.ts';
import { accountsPart } from '../account/account.view.ts';
import { pushParts } from '../push/push-marks.part.ts';
import { viewPart } from '../view/view-part.ts';
import { startProvisioning, type Provisioning, type ProvisioningNeeds } from '../runtime/start-provisioning.ts';
import { reconciliationEntities } from '../reconciliation/reconciliation.entities.ts';
import { T } from './app-config.ts';
import { fakeKinds } from './fake-kind.ts';
import { fakeApp, type FakeApp } from './fake-app.ts';

export { appConfig, T } from './app-config.ts';

const AppConfigured = defineEvent('AppConfigured', { data: z.object({ config: z.custom<AppConfig>() }) });

const dated = (config: AppConfig, before: AppConfig | undefined, at: string): AppConfig => {
  const scopeOf = ({ scope, assignments, ruleSets }: AppConfig) => [scope, assignments, ruleSets[0]!.version];
  const isSame = before && JSON.stringify(scopeOf(before)) === JSON.stringify(scopeOf(config));
  return { ...config, scopeSince: isSame ? before.scopeSince : at };
};

/** The apps of these tests are configured by one event that holds the whole configuration. */
const appsPart = viewPart<ReturnType<typeof AppConfigured>>({
  category: 'app',
  events: [AppConfigured],
  create: (schema) =>
    `create table ${schema}.apps (tenant_id text, id text, config jsonb not null, revision int not null, primary key (tenant_id, id))`,
  apply: async (sql, schema, streams) => {
    for (const { tenantId, id, events } of streams) {
      const [known] = await sql.query<{ config: AppConfig }>({
        text: `select config from ${schema}.apps where tenant_id = $1 and id = $2`,
        values: [tenantId, id],
      });
      const config = events.reduce<AppConfig | undefined>(
        (before, { event, metadata }) => dated(event!.data.config, before, metadata.occurredAt),
        known?.config,
      );
      await sql.query({
        text: `insert into ${schema}.apps values ($1, $2, $3, $4) on conflict (tenant_id, id) do update set config = $3, revision = $4`,
        values: [tenantId, id, JSON.stringify(config), events.at(-1)!.revision],
      });
    }
  },
});

export type World = Awaited<ReturnType<typeof openWorld>>;

/** Mapping-service's working parts on a real database, a directory that is only its facts, an app, and a clock that stands still. */
export const openWorld = async (timings: Partial<ProvisioningNeeds> = {}) => {
  const test: TestDatabase = await testDatabase({ entities: reconciliationEntities });
  const database: Database = test.database;
  const sealing: TestSealing = await testSealing(database);
  await sealing.keys.ensureTenant(T);
  const leases: Leases = openLeases(database);
  const store: EventStore = memoryEventStore();
  const app: FakeApp = fakeApp();
  const facts: Fact[] = [];
  const revisions = new Map<string, number>();
  const failures: { what: string; error: unknown }[] = [];
  const unauthorized: string[] = [];
  const quarantined: string[] = [];
  const delivered: string[] = [];
  const clock = { at: '2026-01-05T09:00:00.000Z' };
  let provisioning: Provisioning;

  const start = async (factsCaughtUp?: () => Promise<boolean>) => {
    provisioning = await startProvisioning({
      database,
      store,
      sealer: sealing.sealer,
      leases,
      clock: { now: async () => clock.at },
      appsPart,
      connectorFor: async () => app.connector,
      kinds: fakeKinds,
      onUnauthorized: async ({ id }) => void unauthorized.push(id),
      onQuarantined: async ({ appId }, code) => void quarantined.push(`${appId} ${code}`),
      onResumed: async ({ appId }) => void quarantined.push(`${appId} resumed`),
      onFailure: (what, error) => failures.push({ what, error }),
      onDelivered: (action, outcome) => delivered.push(`${action} ${outcome}`),
      timerEveryMs: 50,
      deliveryTimings: {
        callTimeoutMs: 300,
        leaseMs: 1000,
        retry: { baseMs: 20, capMs: 100 },
        goneConfirmMs: 50,
        probe: { baseMs: 20, capMs: 100 },
      },
      ...timings,
    });
    const started = provisioning.startWork(factsCaughtUp);
    if (!factsCaughtUp) await started;
  };

  const factOf = async (
    category: string,
    id: string,
    definitions: readonly AnyDefinition[],
    event: DomainEvent,
  ): Promise<Fact> => {
    const stream = streamName(category, T, id);
    const revision = (revisions.get(stream) ?? 0) + 1;
    revisions.set(stream, revision);
    const commandId = randomUUID();
    const metadata = {
      tenantId: T,
      actor: { kind: 'system' as const, id: 'test' },
      commandId,
      correlationId: commandId,
      causationId: commandId,
      occurredAt: clock.at,
    };
    const definition = definitions.find(({ type }) => type === event.type)!;
    const envelope = { id: eventId(commandId, stream, 0), metadata, ...(category === 'user' && { personId: id }) };
    const fact: Fact = {
      ...(await encode(sealing.sealer, definition, event, envelope)),
      stream,
      revision,
      position: '' as Position,
      recordedAt: new Date().toISOString(),
    };
    facts.push(fact);
    return fact;
  };
  const userFact = (id: string, event: UserEvent) => factOf('user', id, userEvents, event);
  const groupFact = (id: string, event: GroupEvent) => factOf('group', id, groupEvents, event);
  const consume = (...some: Fact[]) => provisioning.consumeDirectoryFacts(some);

  const standing = {
    changed: [],
    writer: 'connection' as const,
    accountType: 'provisionedManaged' as const,
    connectionId: 'c',
    unassignedFrom: null,
    passwordId: null,
  };
  const resourceOf = (id: string, more: JsonObject = {}): JsonObject => ({
    userName: `${id}@plum.example`,
    displayName: id,
    active: true,
    ...more,
  });

  const profileOf = (features: { provisioning: boolean; entitlements: boolean }) => ({
    name: 'Acme',
    primaryDomain: 'plum.example',
    domains: [],
    sso: { configured: true, providers: [] },
    products: [],
    features,
  });

  const settle = async () => {
    for (let quiet = 0, tries = 0; quiet < 2; tries++) {
      const waiting = await provisioning.unsettled();
      quiet = waiting === undefined ? quiet + 1 : 0;
      if (tries > 800)
        throw new Error(
          `It does not settle: ${waiting}; ${JSON.stringify(failures.map(({ what, error }) => [what, error instanceof Error ? error.stack : String(error)]).slice(0, 3))}`,
        );
      await sleep(10);
    }
  };

  return {
    database,
    store,
    app,
    clock,
    failures,
    unauthorized,
    quarantined,
    delivered,
    sealing,
    facts,
    start,
    settle,
    consume,
    userFact,
    groupFact,
    resourceOf,
    standing,
    provisioning: () => provisioning,
    tenant: async () =>
      consume(
        await factOf(
          'tenant',
          T,
          tenantEvents,
          TenantCreated(profileOf({ provisioning: true, entitlements: true })) as TenantEvent,
        ),
      ),
    /** Opens and closes gates (R64). */
    gate: async (features: { provisioning: boolean; entitlements: boolean }) =>
      consume(await factOf('tenant', T, tenantEvents, TenantReplaced(profileOf(features)) as TenantEvent)),
    configure: async (config: AppConfig) => {
      const stream = streamName('app', T, config.id);
      const revision = (revisions.get(stream) ?? 0) + 1;
      revisions.set(stream, revision);
      const commandId = randomUUID();
      const metadata = {
        tenantId: T,
        actor: { kind: 'admin' as const, id: 'root' },
        commandId,
        correlationId: commandId,
        causationId: commandId,
        occurredAt: clock.at,
      };
      const event = await encode(sealing.sealer, AppConfigured, AppConfigured({ config }), {
        id: eventId(commandId, stream, 0),
        metadata,
      });
      await store.append({ stream, expected: revision - 1, events: [event] });
      await provisioning.view.applyInline([{ ...event, stream, revision }], [AppConfigured({ config })]);
    },
    join: async (id: string, more: JsonObject = {}) => {
      await sealing.keys.createPerson({ tenantId: T, personId: id });
      await consume(await userFact(id, UserCreated(standing, { resource: resourceOf(id, more) })));
    },
    change: async (id: string, more: JsonObject) =>
      consume(await userFact(id, UserChanged(standing, { resource: resourceOf(id, more) }))),
    deactivate: async (id: string, more: JsonObject = {}) =>
      consume(await userFact(id, UserDeactivated(standing, { resource: resourceOf(id, { ...more, active: false }) }))),
    reactivate: async (id: string) =>
      consume(await userFact(id, UserReactivated(standing, { resource: resourceOf(id) }))),
    leave: async (id: string) => consume(await userFact(id, UserDeleted({ writer: 'connection', connectionId: 'c' }))),
    erase: async (id: string) => {
      await sealing.keys.destroyPerson({ tenantId: T, personId: id });
      await consume(await userFact(id, PersonErased({ unfinishedAccountIds: [] })));
    },
    group: async (id: string, members: { id: string; kind: 'User' | 'Group' }[] = []) => {
      await consume(
        await groupFact(
          id,
          GroupCreated({ connectionId: 'c', changed: ['displayName'], resource: { displayName: id } }),
        ),
      );
      if (members.length > 0) await consume(await groupFact(id, GroupMembersAdded({ members })));
    },
    renameGroup: async (id: string, displayName: string) =>
      consume(
        await groupFact(id, GroupChanged({ connectionId: 'c', changed: ['displayName'], resource: { displayName } })),
      ),
    deleteGroup: async (id: string) => consume(await groupFact(id, GroupDeleted({ connectionId: 'c' }))),
    addTo: async (id: string, ...members: string[]) =>
      consume(
        await groupFact(
          id,
          GroupMembersAdded({ members: members.map((member) => ({ id: member, kind: 'User' as const })) }),
        ),
      ),
    removeFrom: async (id: string, ...memberIds: string[]) =>
      consume(await groupFact(id, GroupMembersRemoved({ memberIds, because: 'request' }))),
    advance: async (to: string) => {
      clock.at = to;
      await settle();
    },
    accounts: () => database.query<any>(`select * from ${PROVISIONING_VIEW}.accounts order by user_id`),
    timers: () => database.query<any>(`select * from ${PROVISIONING_VIEW}.timers order by due_at, id`),
    eventTypes: async () =>
      (await store.readAll(undefined, { categories: ['account'], limit: 10_000 })).map(({ type }) => type),
    /** As the views are dropped and built again from the streams and the facts. */
    rebuild: async () => {
      await provisioning.stop();
      await dropView(database, 'provisioning', provisioningView([appsPart, accountsPart, ...pushParts]));
      await start();
      await provisioning.forgetPeople();
      await consume(...facts);
      await settle();
    },
    close: async () => {
      await provisioning.stop();
      await leases.close();
      await test.drop();
    },
  };
};
