import { PROVISIONING } from '../people/to-evaluate.ts';
import { FOREIGN_GROUP } from '../push/push.state.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';

/** All that can wait for a human. A new kind is a word here, its rows in `sources` (or `waiting.ts`), and its actions in `queue.kinds.ts`. */
export const queueKinds = [
  'approval',
  'foreign',
  'ambiguous',
  'failed',
  'parked',
  'drift',
  'reauthorization',
  'quarantine',
  'threshold',
] as const;
export type QueueKind = (typeof queueKinds)[number];

/** A row of the queue before it is shown; what is said of an account is read once the page is known. */
export type QueueRow = {
  id: string;
  kind: QueueKind;
  since: string;
  app_id: string | null;
  user_id: string | null;
  account_id: string | null;
  action: string | null;
  code: string | null;
  message: string | null;
  /** Of the app or the push, where the item isn't an account's. */
  version: number | null;
};

/** A timer that was released isn't held any more, although it may wait for its app to be on (R87). */
const HELD = `not coalesce((a.config->>'thresholdReleasedAt')::timestamptz >= w.since, false)`;
const view = PROVISIONING_VIEW;

const ofApps = (
  kind: QueueKind,
  columns: { since: string; code: string; message: string; where: string; join?: string },
) =>
  `select '${kind}:' || a.id as id, '${kind}' as kind, ${columns.since} as since, a.id as app_id, null::text as user_id, null::text as account_id,
          null::text as action, ${columns.code} as code, ${columns.message} as message, a.revision as version
   from ${view}.apps a ${columns.join ?? ''} where a.tenant_id = $1 and ${columns.where}`;

/** Streams are named `{category}-{tenant}_{id}`. */
const streamOf = (stream: string) => ({
  category: `split_part(${stream}, '-', 1)`,
  tenant: `split_part(substr(${stream}, strpos(${stream}, '-') + 1), '_', 1)`,
  id: `substr(${stream}, strpos(${stream}, '_') + 1)`,
});

const ofStreams = (from: string) => {
  const { category, tenant, id } = streamOf('s.stream');
  return `select 'stream:' || s.stream as id, 'parked' as kind, s.since, case ${category} when 'app' then ${id} else c.app_id end as app_id,
                 case ${category} when 'user' then ${id} else c.user_id end as user_id, c.id as account_id,
                 null::text as action, s.code, 'A change could not be applied and waits, with all that came after it, for an operator.' as message, 0 as version
          from (${from}) s left join ${view}.accounts c on ${category} = 'account' and c.tenant_id = $1 and c.id = ${id}
          where ${tenant} = $1`;
};

/** Where each kind comes from. All of a tenant, which is `$1`. */
const sources: readonly { kinds: readonly QueueKind[]; sql: string }[] = [
  {
    kinds: ['approval', 'foreign', 'ambiguous', 'failed', 'parked', 'drift'],
    sql: `select w.kind || ':' || w.account_id || ':' || w.ref as id, w.kind, w.since, w.app_id, w.user_id, w.account_id,
                 w.action, null::text as code, null::text as message, null::int as version
          from ${view}.waiting w join ${view}.apps a on a.tenant_id = w.tenant_id and a.id = w.app_id
          where w.tenant_id = $1 and (w.kind <> 'parked' or ${HELD})`,
  },
  {
    // Found by a reconciliation, and likely that of somebody whose account isn't linked yet; not where that account says so itself.
    kinds: ['foreign'],
    sql: `select 'found:' || f.app_id || ':' || md5(f.remote_id) as id, 'foreign' as kind, r.started_at as since, f.app_id, c.user_id, c.id as account_id,
                 null::text as action, case when f.ambiguous then 'account/ambiguous-match' else 'account/foreign-match' end as code,
                 case when f.ambiguous then 'The app has an account that may be that of several people.' else 'The app has an account that Tenure did not create, and it may be this person''s.' end as message,
                 null::int as version
          from ${PROVISIONING}.foreign_accounts f
          join ${PROVISIONING}.reconciliations r on r.id = f.run_id and r.phase = 'done'
          join ${view}.apps a on a.tenant_id = f.tenant_id and a.id = f.app_id
          join ${view}.accounts c on c.tenant_id = f.tenant_id and c.app_id = f.app_id and c.user_id = f.proposals->0->>'userId' and c.remote_id is null
          where f.tenant_id = $1 and f.confidence > 0
            and not exists (select from ${view}.accounts l where l.tenant_id = $1 and l.app_id = f.app_id and l.remote_id = f.remote_id)
            and not exists (select from ${view}.waiting w where w.tenant_id = $1 and w.account_id = c.id and w.kind in ('foreign', 'ambiguous'))`,
  },
  {
    // Groups that can't be pushed (R89); the message is the group's name.
    kinds: ['foreign', 'failed'],
    sql: `select 'push:' || f.kind || ':' || p.id as id, f.kind, p.since, p.app_id, null::text as user_id, null::text as account_id, 'push' as action,
                 p.record->'state'->'failure'->>'code' as code, coalesce(g.display_name, p.display_name, p.group_id) as message, p.revision as version
          from ${view}.pushes p
          cross join lateral (select case p.record->'state'->'failure'->>'code' when '${FOREIGN_GROUP}' then 'foreign' else 'failed' end as kind) f
          left join ${PROVISIONING}.groups g on g.tenant_id = p.tenant_id and g.id = p.group_id
          where p.tenant_id = $1 and p.failed and (p.aim = 'pushed' or (p.aim = 'deleting' and p.remote_id is not null))`,
  },
  {
    kinds: ['parked'],
    sql: ofStreams(`select stream, since, code from ${PROVISIONING}.parked_streams where view = '${view}'`),
  },
  {
    kinds: ['parked'],
    sql: ofStreams(
      `select stream, min(parked_at) as since, 'fact/not-applied' as code from ${PROVISIONING}.parked_facts group by stream`,
    ),
  },
  {
    kinds: ['reauthorization'],
    sql: ofApps('reauthorization', {
      since: `coalesce((a.config->'test'->>'at')::timestamptz, a.updated_at)`,
      code: `'app/needs-reauthorization'`,
      message: `coalesce(a.config->'test'->>'reason', 'The app did not accept the credentials.')`,
      where: `a.state = 'needsReauthorization'`,
    }),
  },
  {
    kinds: ['quarantine'],
    sql: ofApps('quarantine', {
      since: 'coalesce(l.since, a.updated_at)',
      code: `'app/quarantined'`,
      message: `coalesce(l.reason, 'The app does not answer.')`,
      join: `left join ${PROVISIONING}.app_lanes l on l.tenant_id = a.tenant_id and l.app_id = a.id`,
      where: `a.record->'app'->>'quarantine' is not null`,
    }),
  },
  {
    kinds: ['threshold'],
    sql: ofApps('threshold', {
      since: 'h.since',
      code: `'threshold/reached'`,
      message: `'Actions above the threshold are held: ' || h.held || '.'`,
      join: `cross join lateral (select min(w.since) as since, count(*) as held from ${view}.waiting w
                                 where w.tenant_id = $1 and w.app_id = a.id and w.kind = 'parked' and ${HELD}) h`,
      where: 'h.held > 0',
    }),
  },
];

/** All items of some kinds, as a query without order; to the millisecond, as instants are shown and compared. */
export const itemsOf = (kinds: readonly QueueKind[]): string =>
  `select id, kind, date_trunc('milliseconds', since) as since, app_id, user_id, account_id, action, code, message, version from (${sources
    .filter((source) => source.kinds.some((kind) => kinds.includes(kind)))
    .map(({ sql }) => `(${sql})`)
    .join(' union all ')}) all_items`;
