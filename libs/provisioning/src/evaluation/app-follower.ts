import { appEvents, type AppEvent } from '@tenure/contracts';
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
import { causeOf, mark, PROVISIONING, startMarking, type Whom } from '../people/to-evaluate.ts';
import { findApp } from '../app/find-apps.ts';

export type AppFollowerNeeds = {
  database: Database;
  store: EventStore;
  leases: Leases;
  view: Pick<ViewRuntime, 'catchUp'>;
  onMarked: () => void;
  onFailure?: (error: unknown) => void;
};

/** A changed app is evaluated for the people it can concern, and for no other app (R27, R49). Runs again where it was cut off. */
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
      for (const stream of new Set(events.map((event) => event.stream)))
        await markFor(
          sql,
          events.filter((event) => event.stream === stream),
        );
      onMarked();
    },
    ...(onFailure && { onFailure }),
  });

/** Events of one app. Where several concern the same people, they are marked once, for the last of them. */
const markFor = async (sql: Sql, events: readonly StoredEvent[]): Promise<void> => {
  const { tenantId, id: appId } = streamParts(events[0]!.stream);
  const app = await findApp(sql, tenantId, appId);
  const concerned = new Map<string, { whom: Concerned; event: StoredEvent }>();
  for (const event of events) {
    const whom = concernedBy(event, app?.state === 'draft');
    if (whom) concerned.set(JSON.stringify(whom), { whom, event });
  }
  const everyone = concerned.get(JSON.stringify({ kind: 'everyone' }));
  for (const { whom, event } of everyone ? [everyone] : concerned.values()) {
    const cause = causeOf(event);
    if (whom.kind === 'user') await mark(sql, [{ tenantId, appId, userIds: [whom.id], cause }]);
    else await startMarking(sql, { tenantId, appId, whom, cause });
  }
};

type Concerned = Whom | { kind: 'user'; id: string };

const concernedBy = (stored: StoredEvent, isDraft: boolean): Concerned | undefined => {
  const definition = appEvents.find(({ type }) => type === stored.type);
  if (!definition) return { kind: 'everyone' };
  // A draft has no accounts; the event that makes an app one again lets go of those that it had.
  if (isDraft && stored.type !== 'AppConfigurationDeleted') return undefined;
  const event: AppEvent = definition.fromStored(stored.schemaVersion, stored.data);
  switch (event.type) {
    case 'AppAssigned':
    case 'AppUnassigned': {
      const { kind, id } = event.data;
      return { kind: ({ users: 'user', groups: 'group', roles: 'role' } as const)[kind], id };
    }
    case 'AppAttributesSet':
    case 'AppReferencesFound':
    case 'AppScopeSet':
    case 'AppRulesSet':
    case 'AppRulesReapplied':
    case 'AppTurnedOn':
    case 'AppEntitlementsSet':
      return { kind: 'everyone' };
    case 'AppDeprovisioningSet':
      // Otherwise the new time frames are for triggers that are yet to occur.
      return event.data.applyToRunning ? { kind: 'accounts' } : undefined;
    case 'AppConfigurationDeleted':
    // Some of them may wait for whose account they get (R92).
    case 'AppOwnershipSet':
      return { kind: 'accounts' };
    // Its job marks everybody once the app was read.
    case 'AppCycleStarted':
    case 'AppCreated':
    case 'AppRenamed':
    // Its accounts were let go of by whoever deletes it.
    case 'AppDeleted':
    case 'AppSsoSet':
    case 'AppCredentialsSet':
    case 'AppTested':
    case 'AppEndpointSet':
    case 'AppApprovalsSet':
    case 'AppThresholdSet':
    case 'AppThresholdReleased':
    case 'AppConnectionSet':
    case 'AppReconciliationSet':
    case 'AppPushesSet':
    case 'AppReconciled':
    case 'AppQuarantined':
    case 'AppResumed':
    // While an app isn't on, people are evaluated all the same; only nothing is delivered (decision 16).
    case 'AppTurnedOff':
    case 'AppReauthorizationNeeded':
    case 'AppReauthorized':
      return undefined;
  }
};
