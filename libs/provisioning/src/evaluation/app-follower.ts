import type { Database, Sql } from '@tenure/database';
import {
  startFollower,
  streamParts,
  type EventStore,
  type Follower,
  type Leases,
  type StoredEvent,
  type ViewRuntime,
} from '@tenure/eventing';
import { causeOf, markTenant, PROVISIONING } from '../people/to-evaluate.ts';
import { findApp } from '../view/find-apps.ts';

/** Since when an app's scope is as it is, a new set of rules counting once it is reapplied: the instant of the trigger *turned off* where it was an admin who moved the edge. */
export const appScopesTable = `
  create table app_scopes (
    tenant_id text not null,
    app_id text not null,
    scope jsonb not null,
    since timestamptz not null,
    primary key (tenant_id, app_id)
  )`;

const noteScope = async (sql: Sql, tenantId: string, appId: string, occurredAt: string) => {
  const app = await findApp(sql, tenantId, appId);
  if (!app) return;
  const { scope, assignments, ruleSets } = app;
  await sql.query({
    text: `insert into ${PROVISIONING}.app_scopes as s (tenant_id, app_id, scope, since) values ($1, $2, $3, $4)
           on conflict (tenant_id, app_id) do update set scope = excluded.scope, since = excluded.since where s.scope <> excluded.scope`,
    values: [tenantId, appId, JSON.stringify({ scope, assignments, rulesVersion: ruleSets[0]!.version }), occurredAt],
  });
};

export type AppFollowerNeeds = {
  database: Database;
  store: EventStore;
  leases: Leases;
  view: Pick<ViewRuntime, 'catchUp'>;
  onMarked: () => void;
  onFailure?: (error: unknown) => void;
};

/** Whatever changes an app may change what follows for everyone of its tenant (R27, R49). Runs again where it was cut off. */
export const followApps = ({ database, store, leases, view, onMarked, onFailure }: AppFollowerNeeds): Follower =>
  startFollower({
    name: 'evaluation.apps',
    database,
    schema: PROVISIONING,
    store,
    leases,
    categories: ['app'],
    // Whoever is marked is evaluated by the view, which must show the change by then.
    before: async (events) => {
      for (const stream of new Set(events.map((event) => event.stream))) await view.catchUp(stream);
    },
    handle: async (sql, events) => {
      for (const event of lastOfEach(events)) {
        const { tenantId, id: appId } = streamParts(event.stream);
        await noteScope(sql, tenantId, appId, event.metadata.occurredAt);
        await markTenant(sql, tenantId, causeOf(event));
      }
      onMarked();
    },
    ...(onFailure && { onFailure }),
  });

/** That an app was looked at, or is to be, changes nobody's account. */
const changesNobody = ({ type }: StoredEvent) => type === 'AppReconciled' || type === 'AppReconciliationSet';

const lastOfEach = (events: readonly StoredEvent[]): StoredEvent[] => [
  ...new Map(events.filter((event) => !changesNobody(event)).map((event) => [event.stream, event])).values(),
];
