import { unnested, type Database, type Sql } from '@tenure/database';
import type { Instant } from '@tenure/eventing';
import { accountIdOf } from '../account/account.aggregate.ts';
import type { FoundPredecessor } from '../account/account-command.ts';
import { isUnmade, type AccountState } from '../account/account.state.ts';
import type { ConnectorKinds } from '../connector/index.ts';
import type { WriteAccount } from '../account/write-account.ts';
import { isRebuilding } from '../people/people.consumer.ts';
import { deletedNamesakes, type DeletedNamesake } from '../people/person-keys.ts';
import { markNext, PROVISIONING } from '../people/to-evaluate.ts';
import { idsReferredTo } from '../references/find-references.ts';
import { tenantsWithApps } from '../app/find-apps.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import { evaluatePerson, type Views } from './evaluate-person.ts';
import { inherit } from './inherit.ts';
import { findPredecessor } from './predecessor.ts';
import { readSeen, viewsOf } from './read-views.ts';

export type EvaluatorNeeds = {
  database: Database;
  write: WriteAccount;
  kinds: ConnectorKinds;
  /** Accounts were written: there may be something to deliver. */
  onWritten: () => void;
  onFailure: (error: unknown) => void;
};

type Claimed = {
  tenant_id: string;
  user_id: string;
  /** Empty: all apps. */
  app_id: string;
  mark: number;
  causation_id: string;
  correlation_id: string;
  traceparent: string | null;
  occurred_at: Instant;
};

const BATCH = 60;
const MOST_COUNTED = 10_000;
/** Each holds a connection while it appends on another, so well below the pool's size. */
const AT_ONCE = 3;
/** Real time: after it another worker may take the row over. Doubled work is harmless, for the lock is per user. */
const LEASE_S = 30;

/** Claims marked users after the commit that marked them, and evaluates each by the views as they are then (design, decision 9). */
export const evaluator = ({ database, write, kinds, onWritten, onFailure }: EvaluatorNeeds) => {
  const claim = () =>
    database.query<Claimed>({
      name: 'provisioning.claim_users',
      text: `update ${PROVISIONING}.to_evaluate t set due_at = now() + make_interval(secs => $2), attempts = t.attempts + 1
             where t.ctid = any (array(select ctid from ${PROVISIONING}.to_evaluate where due_at <= now() order by due_at limit $1 for update skip locked))
             returning t.tenant_id, t.user_id, t.app_id, t.mark, t.causation_id, t.correlation_id, t.traceparent, t.occurred_at`,
      values: [BATCH, LEASE_S],
    });

  /** Whoever was marked again meanwhile stays. */
  const done = (users: readonly Claimed[]) =>
    database.query({
      name: 'provisioning.evaluated',
      // Each by its key: joined, the table is read from end to end when many wait.
      text: `delete from ${PROVISIONING}.to_evaluate where ctid = any (array(
               select t.ctid from ${unnested('text', 'text', 'text', 'bigint')} as done (tenant_id, user_id, app_id, mark)
               cross join lateral (
                 select t.ctid from ${PROVISIONING}.to_evaluate t where t.tenant_id = done.tenant_id and t.user_id = done.user_id and t.app_id = done.app_id and t.mark = done.mark limit 1
                 for update
               ) t))`,
      values: [
        users.map(({ tenant_id }) => tenant_id),
        users.map(({ user_id }) => user_id),
        users.map(({ app_id }) => app_id),
        users.map(({ mark }) => mark),
      ],
    });

  /** Every change of a person comes here, also where there is no app: they are done with at once. An app that comes later marks everybody. */
  const withApps = async (users: readonly Claimed[]): Promise<Claimed[]> => {
    const tenants = await tenantsWithApps(database, [...new Set(users.map(({ tenant_id }) => tenant_id))]);
    const without = users.filter(({ tenant_id }) => !tenants.has(tenant_id));
    if (without.length > 0) await done(without);
    return users.filter(({ tenant_id }) => tenants.has(tenant_id));
  };

  /** Sooner than the lease would end, later each time. */
  const failed = ({ tenant_id, user_id, app_id, mark }: Claimed) =>
    database.query({
      text: `update ${PROVISIONING}.to_evaluate set due_at = now() + make_interval(secs => least(60, power(2, least(attempts, 6)) / 4))
             where tenant_id = $1 and user_id = $2 and app_id = $3 and mark = $4`,
      values: [tenant_id, user_id, app_id, mark],
    });

  const evaluateOne = async (user: Claimed): Promise<void> => {
    try {
      const { written, again } = await underLock(database, user, write, kinds);
      await (again ? failed(user) : done([user]));
      if (written) onWritten();
    } catch (error) {
      onFailure(error);
      await failed(user).catch(() => undefined);
    }
  };

  /** What can't be marked holds up nobody who is. */
  const markSome = () =>
    markNext(database, `${PROVISIONING_VIEW}.accounts`).catch((error: unknown) => {
      onFailure(error);
      return false;
    });

  return {
    /** Evaluates who is due; says whether there was anybody. */
    run: async (): Promise<boolean> => {
      if (await isRebuilding(database)) return false;
      const marked = await markSome();
      const users = await claim();
      if (users.length === 0) return marked;
      const waiting = await withApps(users);
      const work = async () => {
        for (let user = waiting.shift(); user; user = waiting.shift()) await evaluateOne(user);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      return true;
    },
    /** Whether everybody was looked at once; those whose evaluation fails hold up nobody else. */
    isThrough: async (): Promise<boolean> =>
      (
        await database.query({
          text: `select 1 from ${PROVISIONING}.to_evaluate where attempts <= 1 union all select 1 from ${PROVISIONING}.markings limit 1`,
        })
      ).length === 0,
    /** How many wait, counted up to a limit; who is yet to be marked counts as one. */
    waiting: async (): Promise<number> => {
      const [row] = await database.query<{ count: number }>(
        `select count(*) as count from (
           select 1 from ${PROVISIONING}.to_evaluate union all select 1 from ${PROVISIONING}.markings limit ${MOST_COUNTED}) waiting`,
      );
      return row!.count;
    },
  };
};

/**
 * The lock is taken before the snapshot, in a transaction of its own: a snapshot that was taken before the wait would be older than what the
 * holder of the lock saw. Neither transaction writes, so they hide no event while others append (design, decision 2). Says whether accounts may
 * have been written, and whether all is to be done once more, a little later.
 */
const underLock = async (database: Database, user: Claimed, write: WriteAccount, kinds: ConnectorKinds) => {
  const { tenant_id: tenantId, user_id: userId, app_id: appId } = user;
  return database.transaction(async (sql) => {
    await sql.query({
      text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))',
      values: [`evaluate ${tenantId}/${userId}`],
    });
    const seen = await database.transaction((at) => readSeen(at, tenantId, userId, appId === '' ? undefined : appId), {
      snapshot: true,
    });
    // Erased, or not known yet: then their own facts will mark them.
    if (!seen) return { written: false, again: false };
    const because = {
      causationId: user.causation_id,
      correlationId: user.correlation_id,
      ...(user.traceparent !== null && { traceparent: user.traceparent }),
    };
    let again = false;
    let namesakes: Promise<DeletedNamesake[]> | undefined;
    const look: Look = async ({ app }, state) => {
      if (state.kind === 'present' && (!isUnmade(state) || state.delivery)) return undefined;
      namesakes ??= deletedNamesakes(sql, tenantId, userId);
      return findPredecessor(sql, app, userId, state, await namesakes);
    };
    for (const each of seen.apps) {
      const views = viewsOf(seen, each, kinds, user.occurred_at);
      const evaluate = (lookFor: Look) =>
        write({ tenantId, id: accountIdOf(each.app.id, userId) }, commandFor(database, views, lookFor), because);
      const { state } = await evaluate(look);
      if (each.app.state === 'draft') continue;
      const inherited = await inherit(sql, write, { tenantId, appId: each.app.id, userId }, state, because);
      if (inherited === 'taken') await evaluate(look);
      if (inherited === 'lost') await evaluate(async () => null);
      again ||= inherited === 'later';
    }
    return { written: true, again };
  });
};

/** Looks for the predecessor of an account that is still to be made; undefined where none is needed. */
type Look = (views: Views, state: AccountState) => Promise<FoundPredecessor | null | undefined>;

/** While an app is not on this goes on: timers are armed and cancelled, only nothing is delivered (decision 16). */
const commandFor =
  (sql: Sql, views: Views, look: Look): Parameters<WriteAccount>[1] =>
  async ({ state }) => {
    const { app, person } = views;
    if (app.state === 'draft') return { type: 'LetGo' };
    const { scope: _scope, ...evaluation } = evaluatePerson(views, state);
    const predecessor = await look(views, state);
    const referredIds = await idsReferredTo(sql, person.tenantId, app.id, evaluation.plan);
    return { type: 'Evaluate', ...evaluation, referredIds, ...(predecessor !== undefined && { predecessor }) };
  };
