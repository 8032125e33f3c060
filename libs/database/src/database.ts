import type { DataSource, EntityTarget, ObjectLiteral, Repository } from 'typeorm';

/** A statement; with a name it is prepared once per connection. */
export type Statement = { text: string; values?: readonly unknown[]; name?: string };

export type Sql = {
  query: <Row = Record<string, unknown>>(statement: string | Statement) => Promise<Row[]>;
};

export type TransactionOptions = {
  /** `off` only where a crash may lose the last writes because a checkpoint in the same database rewinds with them (design, decision 7). */
  synchronousCommit?: 'on' | 'off';
  /** Only reads, all of them as of one moment: that of the first. */
  snapshot?: boolean;
};

/** One PostgreSQL database behind one pool. */
export type Database = Sql & {
  /** Commits what `work` did, or rolls it all back and throws. */
  transaction: <T>(work: (sql: Sql) => Promise<T>, options?: TransactionOptions) => Promise<T>;
  /** A connection of its own, outside the pool, for session state such as advisory locks; closed afterwards. `unhurried`: no time-out of statements. */
  session: <T>(work: (sql: Sql) => Promise<T>, options?: { unhurried?: boolean }) => Promise<T>;
  /** TypeORM's repository of a read-side entity that was named in `openDatabase`. */
  repository: <Entity extends ObjectLiteral>(entity: EntityTarget<Entity>) => Repository<Entity>;
  /** TypeORM's side of the same pool. */
  readonly dataSource: DataSource;
  close: () => Promise<void>;
};
