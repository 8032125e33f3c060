import { migrate, openDatabase, type Database, type Sql } from '@tenure/database';
import { ForeignPosition, type Position } from '@tenure/eventing';
import { migrations, quoted } from './schema.ts';

/** Where an event stands: its transaction, and its number among all events. Only comparable within one generation of a store. */
export type TransactionPosition = { xid: string; position: string | number };

/** Before the first event: no transaction has the xid 0. */
export const START: TransactionPosition = { xid: '0', position: 0 };

export const positionOf = (generation: string, { xid, position }: TransactionPosition): Position =>
  `${generation}:${xid}:${position}` as Position;

/** Throws `ForeignPosition`. */
export const transactionPositionOf = (generation: string, position: Position): TransactionPosition => {
  const [, written, xid, number] = /^([0-9a-f]{8}):(\d+):(\d+)$/.exec(position) ?? [];
  if (written !== generation || xid === undefined || number === undefined) throw new ForeignPosition(position);
  return { xid, position: number };
};

/** The events were written in another cluster or database than the one they are in. */
export class RestoredStore extends Error {
  override readonly name = 'RestoredStore';
  constructor(schema: string) {
    super(
      `The events in the schema ${schema} were written in another database than this one: they are a restored copy. Their order depends on ` +
        'transaction numbers of the database they come from, so nothing was read or written. Stop all services, call ' +
        'adoptRestoredStore(database) of @tenure/event-store-postgres once, and rebuild the views; or connect the database that the events were written in.',
    );
  }
}

type Generation = { generation: string; stored: string; actual: string };

/** Transaction numbers count per cluster; a dump restored into the same cluster is in another database. */
const IDENTITY = `(select system_identifier from pg_control_system()) || '/' || (select oid from pg_database where datname = current_database())`;

/** Not derived from the identity alone: one database may adopt one restored copy after the other. */
const NEW_GENERATION = `left(md5(${IDENTITY} || gen_random_uuid()), 8)`;

const readGeneration = async (sql: Sql, schema: string): Promise<Generation | undefined> =>
  (
    await sql.query<Generation>(
      `select generation, identity as stored, ${IDENTITY} as actual from ${quoted(schema)}.generation`,
    )
  )[0];

const nameGeneration = (database: Database, schema: string) =>
  database.query(
    `insert into ${quoted(schema)}.generation (generation, identity) select ${NEW_GENERATION}, ${IDENTITY}
     where not exists (select from ${quoted(schema)}.generation) on conflict do nothing`,
  );

/**
 * The generation of the store in this schema, whose tables are made where they are missing. Nothing is written where it has one:
 * a role that may only read opens it too. Throws `RestoredStore`.
 */
export const openGeneration = async (database: Database, schema: string): Promise<string> => {
  await migrate(database, { schema, migrations: migrations(schema) });
  if (!(await readGeneration(database, schema))) await nameGeneration(database, schema);
  const found = await readGeneration(database, schema);
  if (!found || found.stored !== found.actual) throw new RestoredStore(schema);
  return found.generation;
};

const rewriteOrder = async (sql: Sql, schema: string): Promise<boolean> => {
  const s = quoted(schema);
  await sql.query(`lock table ${s}.events, ${s}.generation in access exclusive mode`);
  const found = await readGeneration(sql, schema);
  if (!found || found.stored === found.actual) return false;
  await sql.query(
    `update ${s}.events e set xid = '1', position = ordered.place
     from (select stream, revision, row_number() over (order by xid, position) as place from ${s}.events) ordered
     where ordered.stream = e.stream and ordered.revision = e.revision`,
  );
  await sql.query({
    text: `select setval(pg_get_serial_sequence($1, 'position'), (select coalesce(max(position), 0) + 1 from ${s}.events), false)`,
    values: [`${s}.events`],
  });
  await sql.query(`update ${s}.generation set generation = ${NEW_GENERATION}, identity = ${IDENTITY}`);
  return true;
};

/**
 * Makes a restored copy a store of its own: the events keep their order, but not the numbers of transactions that this cluster does not know,
 * and come before all that will be written here. Every checkpoint written before is foreign from now on. Returns whether there was something to do.
 */
export const adoptRestoredStore = async (database: Database, schema = 'event_store'): Promise<boolean> => {
  const { url } = database.dataSource.options as { url: string };
  // Every event is written again: that takes longer than a statement may take otherwise.
  const patient = await openDatabase({
    url,
    applicationName: 'adopt restored store',
    poolSize: 1,
    statementTimeoutMs: 0,
  });
  try {
    return await patient.transaction((sql) => rewriteOrder(sql, schema));
  } finally {
    await patient.close();
  }
};
