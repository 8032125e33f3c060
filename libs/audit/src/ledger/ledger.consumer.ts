import type { Database, Sql } from '@tenure/database';
import { factConsumer, type Fact, type FactConsumer, type FactConsumerOptions } from '@tenure/messaging';
import { leafOf } from '../log/leaf.ts';
import { entryOf } from './entry.ts';

/** A fact that contradicts the ledger: its id has other content there (`content`), or its place in the stream has another id (`place`). */
export type LedgerConflict = { stream: string; revision: number; conflict: 'content' | 'place' };

export type LedgerOptions = {
  database: Database;
  schema: string;
  /** An entry was kept beside the one that it contradicts: a store that was restored behind its ledger, or a changed event. */
  onConflict?: (conflict: LedgerConflict) => void;
} & Pick<FactConsumerOptions, 'onParked'>;

/** Writes every fact of both domains once, in order of arrival. */
export const ledgerConsumer = ({ database, schema, onConflict, onParked }: LedgerOptions): FactConsumer => {
  const append = async (sql: Sql, facts: readonly Fact[]) => {
    for (const conflict of await write(sql, schema, facts)) onConflict?.(conflict);
  };
  return factConsumer({
    name: 'ledger',
    database,
    schema,
    handle: (sql, fact) => append(sql, [fact]),
    handleAll: append,
    // What the ledger has already it knows by id and content. A revision alone doesn't say: a restored store gives it to another event.
    seesKnown: true,
    prepare: (sql, facts) => lockHeads(sql, schema, facts),
    ...(onParked && { onParked }),
  });
};

/** Locks the heads of all tenants of a batch in one order, before its facts are written one by one. */
const lockHeads = async (sql: Sql, schema: string, facts: readonly Fact[]) => {
  await sql.query({
    text: `with t as (select distinct unnest($1::text[]) as log)
           insert into ${schema}.log_heads as h (log, size) select log, 0 from t order by log
           on conflict (log) do update set size = h.size`,
    values: [facts.map(({ metadata }) => metadata.tenantId)],
  });
};

/** A fact that comes again under the same id changes nothing: the ledger outlives the marks of its consumer. */
const write = (sql: Sql, schema: string, facts: readonly Fact[]): Promise<LedgerConflict[]> =>
  sql.query<LedgerConflict>({
    name: `${schema}.append_to_log`,
    text: `select at_stream as stream, at_revision as revision, conflicting as conflict from ${schema}.append_to_log($1, $2)`,
    values: [JSON.stringify(facts.map(rowOf)), JSON.stringify(facts.map((fact) => leafOf(fact)))],
  });

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
