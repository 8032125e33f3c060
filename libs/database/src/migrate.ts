import { DataSource, MigrationExecutor, type MigrationInterface, type QueryRunner } from 'typeorm';
import type { Database } from './database.ts';

/** A TypeORM migration, or one that is SQL only. The name ends in its time in ms, which orders it: `CreateUsers1767225600000`. */
export type Migration = (new () => MigrationInterface) | { name: string; up: string };

export type MigrateOptions = {
  /** Each service has its own; made where it is missing. Names without a schema mean this one while a migration runs. */
  schema: string;
  migrations: readonly Migration[];
  /** Where it is written down what ran. */
  table?: string;
};

const asClass = (migration: Migration): new () => MigrationInterface => {
  if (typeof migration === 'function') return migration;
  const { name, up } = migration;
  return class implements MigrationInterface {
    readonly name = name;
    up = async (runner: QueryRunner) => void (await runner.query(up));
    down = () => Promise.reject(new Error(`${name} cannot be undone: go forward with another migration.`));
  };
};

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** Runs what has not run yet, each in its own transaction. Replicas that start together wait for each other. Returns the names of those that ran. */
export const migrate = async (
  database: Database,
  { schema, migrations, table = 'migrations' }: MigrateOptions,
): Promise<string[]> => {
  const options = database.dataSource.options as Extract<DataSource['options'], { type: 'postgres' }>;
  const dataSource = new DataSource({
    ...options,
    entities: [],
    poolSize: 1,
    // A migration of a large table, or the wait for another replica's, may take its time.
    extra: { ...options.extra, statement_timeout: 0, query_timeout: 0 },
    schema,
    migrations: migrations.map(asClass),
    migrationsTableName: table,
  });
  await dataSource.initialize();
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query(`select pg_advisory_lock(hashtextextended($1, 0))`, [`tenure.migrate.${schema}`]);
    await runner.query(`create schema if not exists ${quoted(schema)}`);
    await runner.query(`set search_path to ${quoted(schema)}`);
    const executor = new MigrationExecutor(dataSource, runner);
    executor.transaction = 'each';
    return (await executor.executePendingMigrations()).map(({ name }) => name);
  } finally {
    await runner.release();
    await dataSource.destroy();
  }
};
