import { pagesByInstant, type ListPage } from '@tenure/contracts';
import type { Database } from '@tenure/database';
import { Rejected, type Caller, type Clock } from '@tenure/eventing';
import type { AccountActions } from '../account/account.commands.ts';
import { accountIdOf } from '../account/account.aggregate.ts';
import { presentOf } from '../account/account.state.ts';
import type { WriteAccount } from '../account/write-account.ts';
import { stepsOf } from '../app/app.steps.ts';
import type { JobReply } from '../app/app.bodies.ts';
import type { AppQueries } from '../app/app.queries.ts';
import { findJob } from '../app/jobs.ts';
import { appNames, peopleFound, searchedFor, userNames, withNames } from '../people/find-names.ts';
import type { BulkReply } from '../account/account.bodies.ts';
import type { AccountRecord } from '../account/account.record.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import { openForeign, type ForeignBox } from './foreign.rows.ts';
import { ForeignAccount, ReconciliationRun } from './reconciliation.entities.ts';
import type {
  AdoptedReply,
  AdoptForeignBody,
  DriftListQuery,
  DriftReply,
  ForeignListQuery,
  ForeignReply,
} from './reconciliation.bodies.ts';
import { startRun } from './runs.ts';

export type ReconciliationsNeeds = {
  database: Database;
  clock: Clock;
  queries: AppQueries;
  write: WriteAccount;
  actions: Pick<AccountActions, 'adopt'>;
  box: Pick<ForeignBox, 'open'>;
  /** There is a run to work on. */
  wake: () => void;
  /** There is something to deliver. */
  onRepaired: () => void;
};

export type Reconciliations = ReturnType<typeof reconciliations>;

const ADOPTED_AT_ONCE = 1000;

/** What admins do about an app as it really is (R69, R88). */
export const reconciliations = (needs: ReconciliationsNeeds) => {
  const { database, clock, queries, write, actions, box, wake, onRepaired } = needs;

  const start = async ({ tenantId }: Caller, appId: string, dryRun: boolean): Promise<JobReply> => {
    const { config } = await queries.find(tenantId, appId);
    const { credentials, endpoint } = stepsOf(config);
    const errors = [...credentials.problems, ...endpoint.problems];
    if (errors.length > 0) throw new Rejected('conflict', 'app/incomplete', "The app can't be reached yet.", errors);
    const run = await startRun(database, { tenantId, appId, dryRun, now: await clock.now() });
    if (run.dryRun !== dryRun)
      throw new Rejected(
        'conflict',
        'reconciliation/running',
        `${run.dryRun ? 'A dry run' : 'A reconciliation'} of this app is under way. Try again when job ${run.id} has ended.`,
      );
    wake();
    return findJob(database, tenantId, run.id);
  };

  const drifts = async (
    tenantId: string,
    appId: string,
    { kind, user, search, include, ...page }: DriftListQuery,
  ): Promise<ListPage<DriftReply>> => {
    await queries.find(tenantId, appId);
    const { limit, after } = pagesByInstant.behind(page);
    const rows = await database.query<{ id: string; created_at: string; record: AccountRecord }>({
      name: `provisioning.list_drifts${search === undefined ? '' : '_found'}`,
      text: `select id, created_at, record from ${PROVISIONING_VIEW}.accounts
             where tenant_id = $1 and app_id = $2 and drift is not null and ($3::text is null or $3 = any(drift)) and ($4::text is null or user_id = $4)${search === undefined ? '' : ` and user_id in ${peopleFound('$1', '$8')}`}
               and ($5::timestamptz is null or (created_at, id) > ($5, $6))
             order by created_at, id limit $7`,
      values: [
        tenantId,
        appId,
        kind ?? null,
        user ?? null,
        after?.[0] ?? null,
        after?.[1] ?? null,
        limit + 1,
        ...(search === undefined ? [] : [searchedFor(tenantId, search)]),
      ],
    });
    const { items, ...rest } = pagesByInstant.of(rows, limit, driftOf, ({ created_at, id }) => [created_at, id]);
    const named = await withNames(
      database,
      tenantId,
      items.map((drift) => ({ ...drift, appId })),
      include,
    );
    return { ...rest, items: named.map(({ appId: _, ...drift }) => drift) };
  };

  const settle = async (
    { tenantId, actor, correlationId }: Caller,
    appId: string,
    id: string,
    how: 'ignored' | 'repaired',
    ifMatch?: readonly number[],
  ): Promise<void> => {
    const { config } = await queries.find(tenantId, appId);
    const because = { actor, correlationId, causationId: correlationId };
    await refuseOther(tenantId, appId, id);
    await write({ tenantId, id }, { type: 'SettleDrift', how, approvals: config.approvals }, because, ifMatch);
    onRepaired();
  };

  /** One account after the other: what is refused says why, and holds up nothing. */
  const settleAll =
    (how: 'ignored' | 'repaired') =>
    async (caller: Caller, appId: string, ids: readonly string[]): Promise<BulkReply> => {
      await queries.find(caller.tenantId, appId);
      const items: BulkReply['items'] = [];
      for (const id of ids) {
        const code = await refusalOf(() => settle(caller, appId, id, how));
        items.push({ id, ok: code === undefined, ...(code !== undefined && { code }) });
      }
      return { items };
    };

  const refuseOther = async (tenantId: string, appId: string, id: string) => {
    const [known] = await database.query({
      text: `select 1 from ${PROVISIONING_VIEW}.accounts where tenant_id = $1 and app_id = $2 and id = $3`,
      values: [tenantId, appId, id],
    });
    if (!known) throw new Rejected('not-found', 'account/unknown', 'There is no such account.');
  };

  /** What the last run found that came to its end. */
  const foreignOf = (tenantId: string, appId: string) =>
    database
      .repository(ForeignAccount)
      .createQueryBuilder('f')
      .innerJoin(ReconciliationRun, 'r', "r.id = f.runId and r.phase = 'done'")
      .where('f.tenantId = :tenantId and f.appId = :appId', { tenantId, appId });

  const foreign = async (
    tenantId: string,
    appId: string,
    { limit, cursor, minConfidence = 0, search, include = [] }: ForeignListQuery,
  ): Promise<ListPage<ForeignReply>> => {
    await queries.find(tenantId, appId);
    const found = foreignOf(tenantId, appId).andWhere(
      'f.confidence >= cast(:minConfidence as real) and f.remoteId > :after',
      {
        minConfidence,
        after: cursor ?? '',
      },
    );
    if (search !== undefined)
      found.andWhere(
        `exists (select 1 from jsonb_array_elements(f.proposals) p where p->>'userId' in ${peopleFound('f.tenant_id', ':search')})`,
        { search: searchedFor(tenantId, search) },
      );
    const rows = await found
      .orderBy('f.remoteId')
      .take(limit + 1)
      .getMany();
    const shown = rows.slice(0, limit).map((row) => foreignReplyOf(row, box));
    const proposed = include.includes('user')
      ? shown.flatMap(({ proposals }) => proposals.map(({ userId }) => userId))
      : [];
    const [users, apps] = await Promise.all([
      userNames(database, tenantId, proposed),
      appNames(database, tenantId, include.includes('app') ? [appId] : []),
    ]);
    const app = apps.get(appId);
    const items = shown.map((one) => ({
      ...one,
      proposals: one.proposals.map((proposal) => {
        const user = users.get(proposal.userId);
        return { ...proposal, ...(user && { user }) };
      }),
      ...(app && { app }),
    }));
    return { items, ...(rows.length > limit && { nextCursor: items.at(-1)!.remoteId }) };
  };

  const adoptOne = async (
    caller: Caller,
    appId: string,
    { remoteId, userId }: { remoteId: string; userId: string },
  ) => {
    const code = await refusalOf(async () => {
      await actions.adopt(caller, appId, accountIdOf(appId, userId), { remoteId });
      await database.repository(ForeignAccount).delete({ tenantId: caller.tenantId, appId, remoteId });
    });
    return { remoteId, userId, ok: code === undefined, ...(code !== undefined && { code }) };
  };

  /** The only way in which an account of the app becomes ours (R61, R69). Where two people are about as likely, each must be named. */
  const adopt = async (caller: Caller, appId: string, body: AdoptForeignBody): Promise<AdoptedReply> => {
    const { tenantId } = caller;
    await queries.find(tenantId, appId);
    const items: AdoptedReply['items'] = [];
    if ('items' in body) {
      for (const item of body.items) items.push(await adoptOne(caller, appId, item));
      return { items };
    }
    if (body.confirm !== true)
      throw new Rejected('invalid', 'confirm/required', 'This must be confirmed.', [
        { field: 'confirm', message: 'must be true' },
      ]);
    const rows = await foreignOf(tenantId, appId)
      .andWhere('f.confidence >= cast(:least as real) and not f.ambiguous', { least: body.minConfidence })
      .orderBy('f.remoteId')
      .take(ADOPTED_AT_ONCE + 1)
      .getMany();
    for (const { remoteId, proposals } of rows.slice(0, ADOPTED_AT_ONCE))
      items.push(await adoptOne(caller, appId, { remoteId, userId: proposals![0]!.userId }));
    return { items, ...(rows.length > ADOPTED_AT_ONCE && { more: true }) };
  };

  return { start, drifts, settle, repair: settleAll('repaired'), ignore: settleAll('ignored'), foreign, adopt };
};

const refusalOf = async (work: () => Promise<void>): Promise<string | undefined> =>
  work().then(
    () => undefined,
    (error: unknown) => (error instanceof Rejected ? error.code : Promise.reject(error as Error)),
  );

const driftOf = ({ id, record }: { id: string; record: AccountRecord }): DriftReply => {
  const { userId, remoteId, drift } = presentOf(record.state)!;
  const { runId, kinds, changes, taken, added } = drift!;
  return {
    id,
    userId,
    ...(remoteId !== null && { remoteId }),
    jobId: runId,
    kinds: [...kinds],
    targets: [...changes],
    taken: [...taken],
    added: [...added],
  };
};

const foreignReplyOf = (row: ForeignAccount, box: Pick<ForeignBox, 'open'>): ForeignReply => {
  const { label, active, values } = openForeign(box as ForeignBox, row);
  return {
    remoteId: row.remoteId,
    label,
    active,
    attributes: values as ForeignReply['attributes'],
    confidence: Math.round(row.confidence * 1000) / 1000,
    ambiguous: row.ambiguous,
    proposals: (row.proposals ?? []).map(({ userId, confidence, by }) => ({ userId, confidence, by: [...by] })),
  };
};
