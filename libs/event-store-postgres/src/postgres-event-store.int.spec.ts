import { testDatabase } from '@tenure/database/testing';
import { eventStoreContract } from '@tenure/eventing/testing';
import { postgresEventStore } from './postgres-event-store.ts';

eventStoreContract('PostgreSQL', async () => {
  const { database, drop } = await testDatabase({ poolSize: 16 });
  return {
    store: await postgresEventStore({ database }),
    reopen: () => postgresEventStore({ database }),
    interrupt: () =>
      database.session(async (sql) => {
        await sql.query(
          'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
        );
      }),
    close: drop,
  };
});
