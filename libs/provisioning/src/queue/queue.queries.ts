import { pagesByInstant, type NamedUser } from '@tenure/contracts';
import { unnested, type Database, type Sql } from '@tenure/database';
import { repairable } from '../account/drift.ts';
import type { PresentAccount } from '../account/account.state.ts';
import { appNames, peopleFound, searchedFor, userNames } from '../people/find-names.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { pushWords } from '../push/push.state.ts';
import type { Proposal } from '../reconciliation/confidence.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import type { QueueItem, QueueQuery, QueueReply } from './queue.bodies.ts';
import { offered, subjectOf, type QueueNeed } from './queue.kinds.ts';
import { itemsOf, queueKinds, type QueueKind, type QueueRow } from './queue.sources.ts';

export type QueueFilter = { kind?: readonly QueueKind[]; app?: string; search?: string };
export type May = (needs: QueueNeed) => boolean;

/** A statement over all items that match. Its parameters: tenant, kinds, app, and the search where there is one. */
const matching = (tenantId: string, { kind = queueKinds, app, search }: QueueFilter) => ({
  from: `from (${itemsOf(kind)}) items where kind = any($2) and ($3::text is null or app_id = $3)${search === undefined ? '' : ` and user_id in ${peopleFound('$1', '$4')}`}`,
  values: [tenantId, kind, app ?? null, ...(search === undefined ? [] : [searchedFor(tenantId, search)])],
});

const countsOf = async (sql: Sql, tenantId: string, filter: QueueFilter): Promise<Record<string, number>> => {
  const { from, values } = matching(tenantId, filter);
  const rows = await sql.query<{ kind: QueueKind; n: number }>({
    text: `select kind, count(*)::int as n ${from} group by kind`,
    values,
  });
  const none = Object.fromEntries((filter.kind ?? queueKinds).map((kind) => [kind, 0]));
  return { ...none, ...Object.fromEntries(rows.map(({ kind, n }) => [kind, n])) };
};

/** Ids and versions of all that match, oldest first: what an act on a filter is about. */
export const matchingItems = async (
  sql: Sql,
  tenantId: string,
  filter: QueueFilter,
): Promise<{ id: string; version: number }[]> => {
  const { from, values } = matching(tenantId, filter);
  return sql.query({
    text: `select q.id, coalesce(q.version, c.revision, 0) as version from (select * ${from}) q
           left join ${PROVISIONING_VIEW}.accounts c on c.tenant_id = $1 and c.id = q.account_id order by q.since, q.id`,
    values,
  });
};

type AccountPart = {
  id: string;
  revision: number;
  state: Pick<PresentAccount, 'failure' | 'planFailure' | 'match' | 'candidates' | 'drift'>;
};

/** What is said of the accounts of a page. */
const accountsOf = async (sql: Sql, tenantId: string, ids: readonly string[]): Promise<Map<string, AccountPart>> => {
  if (ids.length === 0) return new Map();
  const rows = await sql.query<AccountPart>({
    name: 'provisioning.queued_accounts',
    text: `select id, revision, jsonb_build_object('failure', s->'failure', 'planFailure', s->'planFailure', 'match', s->'match', 'candidates', s->'candidates',
                  'drift', s->'drift') as state
           from ${PROVISIONING_VIEW}.accounts cross join lateral (select record->'state' as s) state where tenant_id = $1 and id = any($2)`,
    values: [tenantId, ids],
  });
  return new Map(rows.map((row) => [row.id, row]));
};

/** Whose the accounts may be that a reconciliation found. */
const proposalsOf = async (
  sql: Sql,
  tenantId: string,
  found: readonly { appId: string; remoteKey: string }[],
): Promise<Map<string, Proposal[]>> => {
  if (found.length === 0) return new Map();
  const rows = await sql.query<{ id: string; proposals: Proposal[] }>({
    text: `select 'found:' || f.app_id || ':' || md5(f.remote_id) as id, f.proposals
           from ${unnested('text', 'text')} as asked (app_id, remote_key)
           join ${PROVISIONING}.foreign_accounts f on f.tenant_id = $3 and f.app_id = asked.app_id and md5(f.remote_id) = asked.remote_key
           join ${PROVISIONING}.reconciliations r on r.id = f.run_id and r.phase = 'done'`,
    values: [found.map(({ appId }) => appId), found.map(({ remoteKey }) => remoteKey), tenantId],
  });
  return new Map(rows.map(({ id, proposals }) => [id, proposals]));
};

const reasonOf = (
  { kind, action, code, message }: QueueRow,
  state: AccountPart['state'] | undefined,
): Pick<QueueItem, 'reason'> => {
  if (code !== null && action === 'push')
    return { reason: { code, message: `${message}: ${pushWords[code] ?? code}` } };
  if (code !== null) return { reason: { code, message: message ?? '' } };
  if (kind === 'drift')
    return state?.drift
      ? { reason: { code: 'account/drift', message: `Differs in the app: ${state.drift.kinds.join(', ')}.` } }
      : {};
  if (kind === 'parked')
    return {
      reason: {
        code: 'threshold/reached',
        message: 'Held, because more would be taken away than the threshold allows.',
      },
    };
  const known = kind === 'approval' ? undefined : (state?.failure ?? state?.planFailure);
  return known ? { reason: { code: known.code, message: known.message } } : {};
};

const choicesOf = (
  { kind, id }: QueueRow,
  state: AccountPart['state'] | undefined,
  proposals: ReadonlyMap<string, Proposal[]>,
  users: ReadonlyMap<string, NamedUser>,
): Pick<QueueItem, 'choices'> => {
  const proposed = proposals.get(id);
  if (proposed) return { choices: proposed.map(({ userId }) => ({ user: users.get(userId) ?? { id: userId } })) };
  if (kind !== 'ambiguous' || !state?.candidates?.length) return {};
  return { choices: state.candidates.map(({ remoteId, label }) => ({ remoteId, label })) };
};

/** Rows as they are shown, with names; a few statements, however many they are. */
const shown = async (sql: Sql, tenantId: string, rows: readonly QueueRow[], may: May): Promise<QueueItem[]> => {
  const found = rows.flatMap(({ id }) => {
    const subject = subjectOf(id);
    return subject?.of === 'found' ? [subject] : [];
  });
  const [accounts, proposals] = await Promise.all([
    accountsOf(
      sql,
      tenantId,
      rows.flatMap(({ account_id }) => account_id ?? []),
    ),
    proposalsOf(sql, tenantId, found),
  ]);
  const [users, apps] = await Promise.all([
    userNames(sql, tenantId, [
      ...rows.flatMap(({ user_id }) => user_id ?? []),
      ...[...proposals.values()].flat().map(({ userId }) => userId),
    ]),
    appNames(
      sql,
      tenantId,
      rows.flatMap(({ app_id }) => app_id ?? []),
    ),
  ]);
  return rows.map((row) => {
    const { id, kind, since, app_id, user_id, account_id, action, version } = row;
    const account = accounts.get(account_id ?? '');
    const { state } = account ?? {};
    const subject = subjectOf(id)!;
    const facts = {
      code: state?.failure?.code ?? null,
      repairable: state?.drift ? repairable(state.drift).kinds.length > 0 : false,
    };
    return {
      id,
      kind,
      since,
      ...(app_id !== null && { app: apps.get(app_id) ?? { id: app_id, name: '' } }),
      ...(user_id !== null && { user: users.get(user_id) ?? { id: user_id } }),
      ...(account_id !== null && { accountId: account_id }),
      ...(action !== null && { action }),
      ...reasonOf(row, state),
      ...choicesOf(row, state, proposals, users),
      version: version ?? account?.revision ?? 0,
      actions: offered(subject, facts, may),
    };
  });
};

export type QueueQueries = ReturnType<typeof queueQueries>;

/** What waits for a human in a tenant, oldest first (R95). */
export const queueQueries = (database: Database) => ({
  list: async (
    tenantId: string,
    { kind, app, search, include: _, ...page }: QueueQuery,
    may: May,
  ): Promise<QueueReply> => {
    const { limit, after } = pagesByInstant.behind(page);
    const filter = {
      ...(kind && { kind }),
      ...(app !== undefined && { app }),
      ...(search !== undefined && { search }),
    };
    const { from, values } = matching(tenantId, filter);
    const next = values.length;
    const [counts, rows] = await Promise.all([
      countsOf(database, tenantId, filter),
      database.query<QueueRow>({
        text: `select * ${from} ${after ? `and (since, id) > ($${next + 2}, $${next + 3})` : ''} order by since, id limit $${next + 1}`,
        values: [...values, limit + 1, ...(after ?? [])],
      }),
    ]);
    const { nextCursor } = pagesByInstant.of(
      rows,
      limit,
      ({ id }) => id,
      ({ since, id }) => [since, id],
    );
    return {
      items: await shown(database, tenantId, rows.slice(0, limit), may),
      counts,
      ...(nextCursor !== undefined && { nextCursor }),
    };
  },

  /** What waits of some accounts and apps: told to whoever was refused. */
  waitingOf: async (
    tenantId: string,
    { accountIds, appIds }: { accountIds: readonly string[]; appIds: readonly string[] },
    may: May,
  ): Promise<QueueItem[]> => {
    if (accountIds.length + appIds.length === 0) return [];
    const rows = await database.query<QueueRow>({
      text: `select * from (${itemsOf(queueKinds)}) items where account_id = any($2) or (account_id is null and app_id = any($3)) order by since, id`,
      values: [tenantId, accountIds, appIds],
    });
    return shown(database, tenantId, rows, may);
  },

  matchingItems: (tenantId: string, filter: QueueFilter, sql: Sql = database) => matchingItems(sql, tenantId, filter),
});
