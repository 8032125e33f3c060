import { unnested, type Database, type Sql } from '@tenure/database';
import type { Instant } from '@tenure/eventing';
import { accountIdOf } from '../account/account.aggregate.ts';
import { readTargetOf, type ConnectorKinds } from '../connector/index.ts';
import type { WriteAccount } from '../account/write-account.ts';
import { findPerson, findTenant, groupsOf } from '../people/find-person.ts';
import { isRebuilding } from '../people/people.consumer.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { appsOf, tenantsWithApps, type DatedApp } from '../view/find-apps.ts';
import { evaluatePerson, type Views } from './evaluate-person.ts';

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
  mark: number;
  causation_id: string;
  correlation_id: string;
  traceparent: string | null;
  occurred_at: Instant;
};

const BATCH = 60;
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
             returning t.tenant_id, t.user_id, t.mark, t.causation_id, t.correlation_id, t.traceparent, t.occurred_at`,
      values: [BATCH, LEASE_S],
    });

  /** Whoever was marked again meanwhile stays. */
  const done = (users: readonly Claimed[]) =>
    database.query({
      name: 'provisioning.evaluated',
      // Each by its key: joined, the table is read from end to end when many wait.
      text: `delete from ${PROVISIONING}.to_evaluate where ctid = any (array(
               select t.ctid from ${unnested('text', 'text', 'bigint')} as done (tenant_id, user_id, mark)
               cross join lateral (
                 select t.ctid from ${PROVISIONING}.to_evaluate t where t.tenant_id = done.tenant_id and t.user_id = done.user_id and t.mark = done.mark limit 1
                 for update
               ) t))`,
      values: [
        users.map(({ tenant_id }) => tenant_id),
        users.map(({ user_id }) => user_id),
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
  const failed = ({ tenant_id, user_id, mark }: Claimed) =>
    database.query({
      text: `update ${PROVISIONING}.to_evaluate set due_at = now() + make_interval(secs => least(60, power(2, least(attempts, 6)) / 4))
             where tenant_id = $1 and user_id = $2 and mark = $3`,
      values: [tenant_id, user_id, mark],
    });

  const evaluateOne = async (user: Claimed): Promise<void> => {
    try {
      const written = await database.transaction((sql) => underLock(sql, user, write, kinds));
      await done([user]);
      if (written) onWritten();
    } catch (error) {
      onFailure(error);
      await failed(user).catch(() => undefined);
    }
  };

  return {
    /** Evaluates who is due; says whether there was anybody. */
    run: async (): Promise<boolean> => {
      if (await isRebuilding(database)) return false;
      const users = await claim();
      if (users.length === 0) return false;
      const waiting = await withApps(users);
      const work = async () => {
        for (let user = waiting.shift(); user; user = waiting.shift()) await evaluateOne(user);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      return true;
    },
    /** Whether everybody was looked at once; those whose evaluation fails hold up nobody else. */
    isThrough: async (): Promise<boolean> =>
      (await database.query({ text: `select 1 from ${PROVISIONING}.to_evaluate where attempts <= 1 limit 1` }))
        .length === 0,
    waiting: async (): Promise<number> => {
      const [row] = await database.query<{ count: number }>(
        `select count(*) as count from ${PROVISIONING}.to_evaluate`,
      );
      return row!.count;
    },
  };
};

/** Only reads and a lock in this transaction, so it hides no event while others append (design, decision 2). Says whether accounts may have been written. */
const underLock = async (sql: Sql, user: Claimed, write: WriteAccount, kinds: ConnectorKinds): Promise<boolean> => {
  const {
    tenant_id: tenantId,
    user_id: userId,
    causation_id: causationId,
    correlation_id: correlationId,
    traceparent,
  } = user;
  await sql.query({
    text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))',
    values: [`evaluate ${tenantId}/${userId}`],
  });
  const apps = await appsOf(sql, tenantId);
  const person = await findPerson(sql, tenantId, userId);
  // Erased, or not known yet: then their own facts will mark them.
  if (!person) return false;
  const shared = {
    person,
    groups: await groupsOf(sql, tenantId, userId),
    tenant: await findTenant(sql, tenantId),
    causedAt: user.occurred_at,
  };
  const because = { causationId, correlationId, ...(traceparent !== null && { traceparent }) };
  for (const { app, since } of apps) {
    await evaluateFor({ app, since }, { ...shared, readTarget: readTargetOf(kinds, app) }, (command) =>
      write({ tenantId, id: accountIdOf(app.id, userId) }, command, because),
    );
  }
  return true;
};

type Send = (command: Parameters<WriteAccount>[1]) => ReturnType<WriteAccount>;

/** While an app is not on this goes on: timers are armed and cancelled, only nothing is delivered (decision 16). */
const evaluateFor = async (
  { app, since }: DatedApp,
  shared: Omit<Views, 'app' | 'appSince'>,
  send: Send,
): Promise<void> => {
  const views = { app, appSince: since, ...shared };
  await send(async ({ state }) => {
    if (app.state === 'draft') return { type: 'LetGo' };
    const { scope: _scope, ...evaluation } = evaluatePerson(views, state);
    return { type: 'Evaluate', ...evaluation };
  });
};
