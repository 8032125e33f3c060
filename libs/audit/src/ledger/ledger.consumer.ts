import type { Database, Sql } from '@tenure/database';
import { factConsumer, type Fact, type FactConsumer, type FactConsumerOptions } from '@tenure/messaging';
import { entryOf } from './entry.ts';

export type LedgerOptions = { database: Database; schema: string } & Pick<FactConsumerOptions, 'onParked'>;

/** Writes every fact of both domains once, in order of arrival. */
export const ledgerConsumer = ({ database, schema, onParked }: LedgerOptions): FactConsumer =>
  factConsumer({
    name: 'ledger',
    database,
    schema,
    handle: (sql, fact) => write(sql, schema, [fact]),
    handleAll: (sql, facts) => write(sql, schema, facts),
    ...(onParked && { onParked }),
  });

/** A fact that comes again under the same id changes nothing: the ledger outlives the marks of its consumer. */
const write = async (sql: Sql, schema: string, facts: readonly Fact[]) => {
  await sql.query({
    name: `${schema}.append_entries`,
    text: `select ${schema}.append_entries($1)`,
    values: [JSON.stringify(facts.map(rowOf))],
  });
};

const rowOf = (fact: Fact) => {
  const { subject, actor, event, tenantId, recordedAt, userId, appId, ...entry } = entryOf(fact);
  return {
    ...entry,
    ...event,
    tenant_id: tenantId,
    recorded_at: recordedAt,
    actor_kind: actor.kind,
    actor_id: actor.id,
    subject_kind: subject.kind,
    subject_id: subject.id,
    user_id: userId,
    app_id: appId,
    fact,
  };
};
