import pg from 'pg';
import { DataSource, type EntityTarget, type MixedList, type ObjectLiteral } from 'typeorm';
import type { Database, Sql, Statement, TransactionOptions } from './database.ts';
import { DatabaseUnreachable } from './unreachable.ts';
import { valueTypes } from './value-types.ts';

export type DatabaseOptions = {
  url: string;
  /** Shown in `pg_stat_activity`: the name of the service. */
  applicationName: string;
  poolSize?: number;
  /** Read-side entities. */
  entities?: MixedList<EntityTarget<ObjectLiteral>>;
  /** 0 = no limit. */
  statementTimeoutMs?: number;
  /** An idle write transaction hides all new events from the feed (design, decision 2), so it is ended soon. */
  idleInTransactionTimeoutMs?: number;
  connectTimeoutMs?: number;
};

type Connection = pg.Client | pg.PoolClient;

const sqlOf = (connection: pg.Pool | Connection): Sql => ({
  query: async <Row>(statement: string | Statement) =>
    (
      await connection.query(
        typeof statement === 'string' ? statement : { ...statement, values: statement.values as unknown[] },
      )
    ).rows as Row[],
});

/** Without a listener a connection that breaks while in use ends the process; the query that runs on it rejects anyway. */
const surviveBreaking = (connection: Connection) => connection.on('error', ignore);
const ignore = () => {};

const begin = ({ synchronousCommit, snapshot = false }: TransactionOptions) => {
  if (snapshot) return 'begin isolation level repeatable read read only';
  return synchronousCommit ? `begin; set local synchronous_commit to ${synchronousCommit}` : 'begin';
};

const inTransaction = async <T>(
  pool: pg.Pool,
  work: (sql: Sql) => Promise<T>,
  options: TransactionOptions,
): Promise<T> => {
  const connection = await pool.connect();
  surviveBreaking(connection);
  let broken: Error | undefined;
  try {
    await connection.query(begin(options));
    const result = await work(sqlOf(connection));
    await connection.query('commit');
    return result;
  } catch (error) {
    await connection.query('rollback').catch((failure: Error) => (broken = failure));
    throw error;
  } finally {
    connection.off('error', ignore);
    connection.release(broken);
  }
};

const inSession = async <T>(pool: pg.Pool, work: (sql: Sql) => Promise<T>, { unhurried = false } = {}): Promise<T> => {
  const connection = new pg.Client({
    ...(pool.options as pg.ClientConfig),
    ...(unhurried && { statement_timeout: 0, query_timeout: 0 }),
  });
  surviveBreaking(connection);
  await connection.connect();
  try {
    return await work(sqlOf(connection));
  } finally {
    await connection.end().catch(ignore);
  }
};

/** Opens one pool, TypeORM's, for entities and for SQL alike. Throws `DatabaseUnreachable`. */
export const openDatabase = async ({
  url,
  applicationName,
  poolSize = 10,
  entities = [],
  statementTimeoutMs = 30_000,
  idleInTransactionTimeoutMs = 10_000,
  connectTimeoutMs = 10_000,
}: DatabaseOptions): Promise<Database> => {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    applicationName,
    poolSize,
    entities: entities as MixedList<never>,
    connectTimeoutMS: connectTimeoutMs,
    installExtensions: false,
    // Errors are thrown; who catches them logs them, once.
    logger: 'debug',
    // A broken idle connection leaves the pool by itself; the next query opens another.
    poolErrorHandler: ignore,
    extra: {
      types: valueTypes,
      statement_timeout: statementTimeoutMs,
      // A server that went mute says nothing at all: then we give up by ourselves, a moment after it would have.
      query_timeout: statementTimeoutMs && statementTimeoutMs + 5_000,
      idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
      keepAlive: true,
    },
  });
  try {
    await dataSource.initialize();
  } catch (error) {
    throw new DatabaseUnreachable(url, error);
  }
  const pool = (dataSource.driver as unknown as { master: pg.Pool }).master;
  return {
    ...sqlOf(pool),
    transaction: (work, options = {}) => inTransaction(pool, work, options),
    session: (work, options) => inSession(pool, work, options),
    repository: (entity) => dataSource.getRepository(entity),
    dataSource,
    close: async () => {
      if (dataSource.isInitialized) await dataSource.destroy();
    },
  };
};
