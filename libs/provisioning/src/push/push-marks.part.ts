import type { AccountEvent, AppEvent } from '@tenure/contracts';
import type { Sql } from '@tenure/database';
import type { DomainEvent } from '@tenure/eventing';
import { viewPart, type StreamEvents, type ViewPart } from '../view/view-part.ts';
import { markApps, markUsers } from './push.marks.ts';
import { pushesPart } from './pushes.part.ts';

/** What an account's event may mean for memberships: nothing; a link or a plan that changed; or that the account is gone from the app. */
const meaning: Record<AccountEvent['type'], 'nothing' | 'changed' | 'left'> = {
  AccountPlanned: 'changed',
  AccountCreated: 'changed',
  AccountAdopted: 'changed',
  DriftSettled: 'changed',
  RematchRequested: 'changed',
  AccountWithdrawn: 'changed',
  AccountTakenOver: 'changed',
  AccountHandedOver: 'changed',
  PredecessorFound: 'nothing',
  PredecessorAccepted: 'nothing',
  PredecessorLost: 'nothing',
  AccountDeleted: 'left',
  AccountGone: 'left',
  AccountDisassociated: 'left',
  RecreationRequested: 'left',
  AccountPlanFailed: 'nothing',
  AccessRestored: 'nothing',
  ApprovalRequested: 'nothing',
  ApprovalGranted: 'nothing',
  ApprovalRejected: 'nothing',
  ApprovalWithdrawn: 'nothing',
  DeprovisioningTriggersChanged: 'nothing',
  DeprovisioningScheduled: 'nothing',
  DeprovisioningRescheduled: 'nothing',
  DeprovisioningCancelled: 'nothing',
  TimerParked: 'nothing',
  TimerFired: 'nothing',
  DeliveryStarted: 'nothing',
  DeliveryFailed: 'nothing',
  DeliveryAbandoned: 'nothing',
  RetryRequested: 'nothing',
  AccountUpdated: 'nothing',
  AccountSuspended: 'nothing',
  AccountUnsuspended: 'nothing',
  ForeignAccountFound: 'nothing',
  AmbiguousAccountsFound: 'nothing',
  AccountDrifted: 'nothing',
};

/** An account that was missing and is made again is another one. */
const meaningOf = (event: AccountEvent) =>
  event.type === 'DriftSettled' && event.data.how === 'repaired' && event.data.kinds.includes('missing')
    ? 'left'
    : meaning[event.type];

const applyAccounts = async (sql: Sql, schema: string, streams: readonly StreamEvents<AccountEvent>[]) => {
  const of = ({ events }: StreamEvents<AccountEvent>) =>
    events.flatMap(({ event }) => (event ? [{ event, means: meaningOf(event) }] : []));
  const changed = streams.flatMap((one) => {
    const [last] = of(one)
      .filter(({ means }) => means !== 'nothing')
      .slice(-1);
    return last ? [{ tenantId: one.tenantId, userId: last.event.data.userId }] : [];
  });
  if (changed.length === 0) return;
  for (const one of streams)
    if (of(one).some(({ means }) => means === 'left'))
      await sql.query({
        name: `${schema}.lose_pushed_members`,
        text: `update ${schema}.push_members set lost = true where tenant_id = $1 and account_id = $2 and held <> 'no'`,
        values: [one.tenantId, one.id],
      });
  for (const { tenantId, id, events } of streams)
    for (const { event } of events)
      if (event?.type === 'AccountHandedOver') await handOver(sql, schema, tenantId, id, event.data.toAccountId);
  await markUsers(sql, schema, changed);
};

/** With the account in the app its memberships go to the successor, to be kept or taken away as that person's (R92). */
const handOver = async (sql: Sql, schema: string, tenantId: string, from: string, to: string) => {
  await sql.query({
    text: `insert into ${schema}.push_members as m (tenant_id, push_id, account_id, held)
           select tenant_id, push_id, $3, held from ${schema}.push_members where tenant_id = $1 and account_id = $2 and held <> 'no' order by push_id
           on conflict (tenant_id, push_id, account_id) do update set held = excluded.held, lost = false`,
    values: [tenantId, from, to],
  });
  await sql.query({
    text: `update ${schema}.push_members set held = 'no', lost = false where tenant_id = $1 and account_id = $2`,
    values: [tenantId, from],
  });
};

/** Every event of an app may change what is pushed to it; they are few. */
const applyApps = (sql: Sql, schema: string, streams: readonly StreamEvents<DomainEvent>[]) =>
  markApps(
    sql,
    schema,
    streams.map(({ tenantId, id, events }) => {
      const { id: causationId, metadata } = events.at(-1)!;
      return { tenantId, id, causationId, correlationId: metadata.correlationId };
    }),
  );

const nothing = () => 'select';

/** The tables of pushes, and what other slices' events mean for them: after those slices' own parts. */
export const pushParts: readonly ViewPart[] = [
  pushesPart,
  viewPart<AccountEvent>({ category: 'account', events: [], create: nothing, apply: applyAccounts }),
  viewPart<AppEvent>({ category: 'app', events: [], create: nothing, apply: applyApps }),
];
