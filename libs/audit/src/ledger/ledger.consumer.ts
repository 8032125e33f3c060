import type { Database, Sql } from '@tenure/database';
import { factConsumer, type Fact, type FactConsumer, type FactConsumerOptions } from '@tenure/messaging';
import { entryOf } from './entry.ts';
import { LEDGER_WRITER } from './ledger.migrations.ts';

export type LedgerOptions = { database: Database; schema: string } & Pick<FactConsumerOptions, 'onParked'>;

/** Writes every fact of both domains once, in order of arrival. */
export const ledgerConsumer = ({ database, schema, onParked }: LedgerOptions): FactConsumer =>
  factConsumer({ name: 'ledger', database, schema, handle: (sql, fact) => write(sql, schema, fact), ...(onParked && { onParked }) });

/** A fact that comes again under the same id changes nothing: the ledger outlives the marks of its consumer. */
const write = async (sql: Sql, schema: string, fact: Fact) => {
  const { subject, actor, event, changes, reason, because, ...entry } = entryOf(fact);
  await sql.query(`set local role ${LEDGER_WRITER}`);
  await sql.query({
    name: `${schema}.ledger`,
    text: `insert into ${schema}.ledger (id, tenant_id, type, at, recorded_at, outcome, actor_kind, actor_id, subject_kind, subject_id, user_id, app_id, summary,
             changes, reason, because, stream, revision, hash, fact)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) on conflict do nothing`,
    values: [
      entry.id,
      entry.tenantId,
      entry.type,
      entry.at,
      entry.recordedAt,
      entry.outcome,
      actor.kind,
      actor.id,
      subject.kind,
      subject.id,
      entry.userId ?? null,
      entry.appId ?? null,
      entry.summary,
      changes ? JSON.stringify(changes) : null,
      reason ? JSON.stringify(reason) : null,
      JSON.stringify(because),
      event.stream,
      event.revision,
      entry.hash,
      JSON.stringify(fact),
    ],
  });
  await sql.query('reset role');
};
