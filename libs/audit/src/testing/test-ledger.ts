import { createHash } from 'node:crypto';
import { migrate } from '@tenure/database';
import { testDatabase } from '@tenure/database/testing';
import { factTables, type Fact } from '@tenure/messaging';
import { auditMigrations } from '../ledger/ledger.migrations.ts';
import { ledgerConsumer, type LedgerConflict } from '../ledger/ledger.consumer.ts';
import { openInstallation } from '../log/installation.ts';
import { keepLogs, type KeeperOptions } from '../log/keeper.ts';
import { logMigrations } from '../log/log.migrations.ts';
import { seedSigner } from '../log/signing-keys.ts';

export const AUDIT = 'audit';
export const seedOf = (name: string): Buffer => createHash('sha256').update(name).digest();
export const testSigner = seedSigner(seedOf('the first key'));

/** A ledger with its log in a database of its own. Logs are signed and anchored whenever they are kept. */
export const testLedger = async ({ logged = true }: { logged?: boolean } = {}) => {
  const test = await testDatabase();
  const { database } = test;
  await migrate(database, { schema: AUDIT, migrations: auditMigrations });
  await database.query(factTables(AUDIT));
  const startLog = () => migrate(database, { schema: AUDIT, migrations: [...auditMigrations, ...logMigrations] });
  if (logged) await startLog();
  const conflicts: LedgerConflict[] = [];
  const damage: string[] = [];
  const consumers = [1, 2].map(() =>
    ledgerConsumer({ database, schema: AUDIT, onConflict: (conflict) => conflicts.push(conflict) }),
  );
  const [consumer, another] = consumers as [(typeof consumers)[0], (typeof consumers)[0]];
  const install = (signers: Parameters<typeof openInstallation>[2]['signers'] = [testSigner]) =>
    openInstallation(database, AUDIT, { publicUrl: 'https://tenure.example', signers });

  /** As the keeper does, until there is nothing more to do. */
  const keep = async (options: Partial<KeeperOptions> = {}) => {
    const installation = options.installation ?? (await install());
    const all: KeeperOptions = {
      database,
      installation,
      onDamage: ({ message }) => damage.push(message),
      signEveryMs: 0,
      anchorEveryMs: 0,
      ...options,
    };
    // The second pass signs what the first one wrote into the anchor log.
    for (let pass = 0; (await keepLogs(all)) || pass < 1; pass++);
  };

  /** As the owner of the database, who can switch triggers off. */
  const tamper = async (statement: string) => {
    await database.transaction(async (sql) => {
      await sql.query(`set local session_replication_role = replica`);
      await sql.query(statement);
    });
  };

  return {
    database,
    url: test.url,
    startLog,
    consumer,
    another,
    conflicts,
    damage,
    install,
    keep,
    tamper,
    consume: (...facts: readonly Fact[]) => consumer.consume(facts),
    leaves: async (log = 'acme'): Promise<({ index: number } & Record<string, unknown>)[]> =>
      (
        await database.query<{ index: number; leaf: Buffer }>({
          text: `select index, leaf from ${AUDIT}.log_leaves where log = $1 order by index`,
          values: [log],
        })
      ).map(({ index, leaf }) => ({ ...(JSON.parse(leaf.toString()) as Record<string, unknown>), index })),
    drop: async () => {
      for (const each of consumers) await each.stop();
      await test.drop();
    },
  };
};
export type TestLedger = Awaited<ReturnType<typeof testLedger>>;
