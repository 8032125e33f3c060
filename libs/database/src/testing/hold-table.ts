import type { Database } from '../database.ts';

/**
 * Lets nobody write to a table until it is released; it may be read. No longer than `idle_in_transaction_session_timeout` (10 s).
 * The mode takes no transaction number, so it hides no events.
 */
export const holdTable = async (database: Database, table: string): Promise<{ release: () => Promise<void> }> => {
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  let ended: Promise<void> | undefined;
  await new Promise<void>((held, failed) => {
    ended = database.transaction(async (sql) => {
      await sql.query(`lock table ${table} in share row exclusive mode`);
      held();
      await released;
    });
    ended.catch(failed);
  });
  return {
    release: async () => {
      release();
      await ended;
    },
  };
};
