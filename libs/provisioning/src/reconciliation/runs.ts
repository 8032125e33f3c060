import { randomUUID } from 'node:crypto';
import type { Database, Sql } from '@tenure/database';
import type { Instant } from '@tenure/eventing';
import type { Cancelling } from '../app/jobs.ts';
import type { AccountRecord } from '../account/account.record.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import { noCounts, type Counts } from './policy.ts';
import { ReconciliationRun, type Phase } from './reconciliation.entities.ts';

export const RECONCILE = 'reconcile';

export type Run = {
  id: string;
  tenantId: string;
  appId: string;
  dryRun: boolean;
  phase: Phase;
  cursor: string | null;
  counts: Counts;
  complete: boolean;
  suspicious: boolean;
  failures: number;
  restarts: number;
};
export type Lease = { run: Run; token: string };
export type LinkedAccount = { id: string; userId: string; remoteId: string | null; record: AccountRecord };
export type Reread = { accountId: string; revision: number; goneAt: Instant | null; tries: number };

/** Somebody else works on the run, or its app's configuration was deleted. */
export class LeaseLost extends Error {}

const LEASE_S = 90;
const hashed = (column: string) => `substring(sha256(convert_to(${column}, 'UTF8')) from 1 for 16)`;
const runColumns = `id, tenant_id as "tenantId", app_id as "appId", dry_run as "dryRun", phase, cursor, counts, complete, suspicious, failures, restarts`;
/** Accounts that are in the app as far as Tenure knows. */
const linkedTo = (app: number) =>
  `tenant_id = $1 and app_id = $${app} and remote_id is not null and record->'state'->>'remote' in ('active', 'suspended')`;
const linked = linkedTo(2);

/** The run that is under way, or a new one. */
export const startRun = async (
  database: Database,
  { tenantId, appId, dryRun, now }: { tenantId: string; appId: string; dryRun: boolean; now: Instant },
): Promise<{ id: string; isNew: boolean; dryRun: boolean }> =>
  database.transaction(async (sql) => {
    const id = randomUUID();
    const made = await sql.query({
      text: `insert into ${PROVISIONING}.reconciliations (id, tenant_id, app_id, dry_run, counts, started_at) values ($1, $2, $3, $4, $5, $6)
             on conflict (tenant_id, app_id) where phase <> 'done' do nothing returning 1`,
      values: [id, tenantId, appId, dryRun, JSON.stringify(noCounts), now],
    });
    if (made.length === 0) {
      const [known] = await sql.query<{ id: string; dryRun: boolean }>({
        text: `select id, dry_run as "dryRun" from ${PROVISIONING}.reconciliations where tenant_id = $1 and app_id = $2 and phase <> 'done'`,
        values: [tenantId, appId],
      });
      return { ...known!, isNew: false };
    }
    await sql.query({
      text: `insert into ${PROVISIONING}.jobs (tenant_id, id, app_id, kind, total, done)
             select $1, $2, $3, '${RECONCILE}', count(*), 0 from ${PROVISIONING_VIEW}.accounts where tenant_id = $1 and app_id = $3 and remote_id is not null`,
      values: [tenantId, id, appId],
    });
    return { id, isNew: true, dryRun };
  });

/** When the app was last begun to be looked at, for the schedule; dry runs don't count. */
export const lastRunOf = async (database: Database, tenantId: string, appId: string): Promise<Instant | null> => {
  const last = await database
    .repository(ReconciliationRun)
    .findOne({ where: { tenantId, appId, dryRun: false }, order: { startedAt: 'desc' } });
  return last?.startedAt ?? null;
};

/** What runs keep, and the statements of the path that every account takes. Each change proves that the lease is still held. */
export const runRows = (database: Database) => {
  const claim = async (): Promise<Lease | undefined> => {
    const token = randomUUID();
    const [claimed] = await database.query<{ id: string }>({
      name: 'provisioning.claim_reconciliation',
      text: `update ${PROVISIONING}.jobs set lease_until = now() + make_interval(secs => $1)
             where (tenant_id, id) = (select tenant_id, id from ${PROVISIONING}.jobs
               where kind = '${RECONCILE}' and ended_at is null and (lease_until is null or lease_until <= now())
               order by coalesce(lease_until, started_at) limit 1 for update skip locked)
             returning id`,
      values: [LEASE_S],
    });
    if (!claimed) return undefined;
    const [run] = await database.query<Run>({
      text: `update ${PROVISIONING}.reconciliations set lease_token = $2 where id = $1 returning ${runColumns}`,
      values: [claimed.id, token],
    });
    return run && { run, token };
  };

  /** Changes the run and what `work` changes, or nothing at all where the lease was lost. */
  const advance = (
    { run, token }: Lease,
    change: Partial<Omit<Run, 'id' | 'tenantId' | 'appId' | 'dryRun'>>,
    work: (sql: Sql) => Promise<void> = async () => undefined,
  ): Promise<Lease> =>
    database.transaction(async (sql) => {
      const { phase, cursor, counts, complete, suspicious, failures, restarts } = { ...run, ...change };
      const [next] = await sql.query<Run>({
        name: 'provisioning.advance_reconciliation',
        text: `update ${PROVISIONING}.reconciliations
               set phase = $3, cursor = $4, counts = $5, complete = $6, suspicious = $7, failures = $8, restarts = $9
               where id = $1 and lease_token = $2 and phase <> 'done' returning ${runColumns}`,
        values: [run.id, token, phase, cursor, JSON.stringify(counts), complete, suspicious, failures, restarts],
      });
      if (!next) throw new LeaseLost();
      await sql.query({
        name: 'provisioning.extend_reconciliation',
        text: `update ${PROVISIONING}.jobs set lease_until = now() + make_interval(secs => $3) where tenant_id = $1 and id = $2`,
        values: [run.tenantId, run.id, LEASE_S],
      });
      await work(sql);
      return { run: next, token };
    });

  /** Others may go on with it from then on. */
  const release = (run: Run, afterMs: number): Promise<unknown> =>
    database.query({
      text: `update ${PROVISIONING}.jobs set lease_until = now() + make_interval(secs => $3) where tenant_id = $1 and id = $2 and ended_at is null`,
      values: [run.tenantId, run.id, afterMs / 1000],
    });

  return {
    claim,
    advance,
    release,

    /** Accounts that are linked to these of the app, and those that their marks name. */
    accountsOf: (run: Run, remoteIds: readonly string[], marks: readonly string[]): Promise<LinkedAccount[]> =>
      database.query<LinkedAccount>({
        name: 'provisioning.reconciled_accounts',
        text: `select id, user_id as "userId", remote_id as "remoteId", record from ${PROVISIONING_VIEW}.accounts
               where tenant_id = $1 and app_id = $2 and (remote_id = any($3) or id = any($4))`,
        values: [run.tenantId, run.appId, remoteIds, marks],
      }),

    account: async (run: Run, id: string): Promise<LinkedAccount | undefined> => {
      const [row] = await database.query<LinkedAccount>({
        name: 'provisioning.reconciled_account',
        text: `select id, user_id as "userId", remote_id as "remoteId", record from ${PROVISIONING_VIEW}.accounts where tenant_id = $1 and id = $2`,
        values: [run.tenantId, id],
      });
      return row;
    },

    noteSeen: async (sql: Sql, run: Run, remoteIds: readonly string[]): Promise<void> => {
      const added = await sql.query({
        name: 'provisioning.note_seen',
        text: `insert into ${PROVISIONING}.reconciliation_seen (run_id, hash)
               select $1, ${hashed('id')} from (select distinct unnest($2::text[]) as id) ids on conflict do nothing returning 1`,
        values: [run.id, remoteIds],
      });
      await sql.query({
        text: `update ${PROVISIONING}.jobs set done = done + $3, total = greatest(total, done + $3) where tenant_id = $1 and id = $2`,
        values: [run.tenantId, run.id, added.length],
      });
    },

    noteRereads: (
      sql: Sql,
      run: Run,
      accounts: readonly { id: string; revision: number; differs: boolean }[],
      settleMs: number,
    ) =>
      sql.query({
        name: 'provisioning.note_rereads',
        text: `insert into ${PROVISIONING}.reconciliation_rereads (run_id, account_id, revision, differs, not_before)
               select $1, id, revision, differs, now() + make_interval(secs => $5)
               from unnest($2::text[], $3::int[], $4::boolean[]) as a (id, revision, differs)
               on conflict (run_id, account_id) do update set differs = excluded.differs`,
        values: [
          run.id,
          accounts.map(({ id }) => id),
          accounts.map(({ revision }) => revision),
          accounts.map(({ differs }) => differs),
          settleMs / 1000,
        ],
      }),

    /** What a complete list leaves open: accounts that it didn't show. */
    tally: async (run: Run): Promise<{ linked: number; missing: number; changed: number }> => {
      const [row] = await database.query<{ linked: number; missing: number; changed: number }>({
        text: `select count(*) as linked,
                 count(*) filter (where work is null and not exists (
                   select from ${PROVISIONING}.reconciliation_seen s where s.run_id = $3 and s.hash = ${hashed('a.remote_id')})) as missing,
                 (select count(*) from ${PROVISIONING}.reconciliation_rereads where run_id = $3 and differs) as changed
               from ${PROVISIONING_VIEW}.accounts a where ${linked}`,
        values: [run.tenantId, run.appId, run.id],
      });
      return row!;
    },

    rereadUnseen: (sql: Sql, run: Run): Promise<unknown> =>
      sql.query({
        text: `insert into ${PROVISIONING}.reconciliation_rereads (run_id, account_id, revision, differs, not_before)
               select $3, id, revision, false, now() from ${PROVISIONING_VIEW}.accounts a
               where ${linked} and not exists (
                 select from ${PROVISIONING}.reconciliation_seen s where s.run_id = $3 and s.hash = ${hashed('a.remote_id')})
               on conflict do nothing`,
        values: [run.tenantId, run.appId, run.id],
      }),

    /** What may be read now; else how long until the next may be. */
    rereads: async (run: Run, limit: number): Promise<{ due: Reread[]; waitMs: number | undefined }> => {
      const due = await database.query<Reread>({
        name: 'provisioning.due_rereads',
        text: `select account_id as "accountId", revision, gone_at as "goneAt", tries from ${PROVISIONING}.reconciliation_rereads
               where run_id = $1 and not_before <= now() order by account_id limit $2`,
        values: [run.id, limit],
      });
      if (due.length > 0) return { due, waitMs: undefined };
      const [next] = await database.query<{ ms: number | null }>({
        text: `select (extract(epoch from min(not_before) - now()) * 1000)::float8 as ms from ${PROVISIONING}.reconciliation_rereads where run_id = $1`,
        values: [run.id],
      });
      return { due, waitMs: next?.ms ?? undefined };
    },

    again: (
      run: Run,
      { accountId, revision, goneAt, tries }: Omit<Reread, 'goneAt'> & { goneAt?: 'now' | null },
      afterMs: number,
    ): Promise<unknown> =>
      database.query({
        name: 'provisioning.reread_again',
        text: `update ${PROVISIONING}.reconciliation_rereads
               set revision = $3, tries = $4, gone_at = case when $5 then now() end, not_before = now() + make_interval(secs => $6)
               where run_id = $1 and account_id = $2`,
        values: [run.id, accountId, revision, tries, goneAt === 'now', afterMs / 1000],
      }),

    isOver: (sql: Sql, run: Run, accountId: string): Promise<unknown> =>
      sql.query({
        name: 'provisioning.reread_over',
        text: `delete from ${PROVISIONING}.reconciliation_rereads where run_id = $1 and account_id = $2`,
        values: [run.id, accountId],
      }),

    /** The job ends, and what only the run needed goes. */
    end: async (
      sql: Sql,
      { id, tenantId, appId, counts, complete, suspicious }: Run,
      { problem, reason }: { problem: string | null; reason: string | null },
    ): Promise<void> => {
      await sql.query({
        text: `with a as (select count(*)::int as matched from ${PROVISIONING_VIEW}.accounts a where ${linkedTo(6)} and exists (
                 select from ${PROVISIONING}.reconciliation_seen s where s.run_id = $2 and s.hash = ${hashed('a.remote_id')}))
               update ${PROVISIONING}.jobs set ended_at = now(), total = done, problem = $3, reason = $4,
                 result = $5::jsonb || jsonb_build_object('listed', done, 'matched', (select matched from a))
               where tenant_id = $1 and id = $2 and ended_at is null`,
        values: [tenantId, id, problem, reason, JSON.stringify({ counts, complete, suspicious }), appId],
      });
      await sql.query({ text: `delete from ${PROVISIONING}.reconciliation_seen where run_id = $1`, values: [id] });
      await sql.query({ text: `delete from ${PROVISIONING}.reconciliation_rereads where run_id = $1`, values: [id] });
    },
  };
};

export type RunRows = ReturnType<typeof runRows>;

/** The worker loses its lease at the next step; what only the run needed goes, and what it noted of accounts stays. */
export const cancelRun: Cancelling = async (sql, { id }) => {
  await sql.query({ text: `update ${PROVISIONING}.reconciliations set phase = 'done' where id = $1`, values: [id] });
  for (const table of ['reconciliation_seen', 'reconciliation_rereads', 'foreign_accounts'])
    await sql.query({ text: `delete from ${PROVISIONING}.${table} where run_id = $1`, values: [id] });
};

/** With the app's configuration, what was found in it goes too (R51). */
export const forgetReconciliations = async (sql: Sql, { tenantId, appId }: { tenantId: string; appId: string }) => {
  const ids = `(select id from ${PROVISIONING}.reconciliations where tenant_id = $1 and app_id = $2)`;
  const values = [tenantId, appId];
  for (const table of ['reconciliation_seen', 'reconciliation_rereads'])
    await sql.query({ text: `delete from ${PROVISIONING}.${table} where run_id in ${ids}`, values });
  for (const table of ['foreign_accounts', 'reconciliations'])
    await sql.query({ text: `delete from ${PROVISIONING}.${table} where tenant_id = $1 and app_id = $2`, values });
  await sql.query({
    text: `delete from ${PROVISIONING}.jobs where tenant_id = $1 and app_id = $2 and kind = '${RECONCILE}'`,
    values,
  });
};
