import type { Database, Sql } from '@tenure/database';

export class Killed extends Error {
  override readonly name = 'Killed';
}

/** A database of a process that is killed at its n-th statement: before it runs, or after it ran and before anybody heard of it. */
export const killedAt = (
  database: Database,
  n: number,
  when: 'before' | 'after',
): Database & { reached: () => boolean } => {
  let statements = 0;
  const killing = ({ query }: Sql): Sql => ({
    query: async <Row>(statement: Parameters<Sql['query']>[0]) => {
      statements++;
      if (statements >= n && when === 'before') throw new Killed();
      const rows = await query<Row>(statement);
      if (statements >= n) throw new Killed();
      return rows;
    },
  });
  return {
    ...database,
    ...killing(database),
    transaction: (work, options) => database.transaction((sql) => work(killing(sql)), options),
    reached: () => statements >= n,
  };
};
