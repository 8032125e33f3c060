import { auditMigrations, checkLedger, ledgerConsumer, ledgerQueries, usageQueries } from '@tenure/audit';
import { factTopics } from '@tenure/contracts';
import { migrate } from '@tenure/database';
import { factTables } from '@tenure/messaging';
import type { Runtime, Service } from '@tenure/platform';
import { AUDIT, AuditController, type Audit } from './audit.controller.ts';
import { FactsController, LEDGER } from './facts.controller.ts';

class AuditHttp {}
class AuditMessages {}

const SCHEMA = 'audit';
const CONSUMER = 'audit-service';
export const auditControllers = [AuditController];

/** Composes the audit service on a runtime. */
export const auditService = async (runtime: Runtime): Promise<Service> => {
  const { database, clock, metrics, log } = runtime;
  await migrate(database, {
    schema: SCHEMA,
    migrations: [...auditMigrations, { name: 'CreateConsumer1767225600001', up: factTables(SCHEMA) }],
  });
  const consumer = ledgerConsumer({
    database,
    schema: SCHEMA,
    onParked: ({ stream, revision, reason }, error) =>
      log.error(
        { stream, revision, reason, err: error },
        'A fact could not be written to the ledger and waits with its stream',
      ),
  });
  runtime.closing.push(consumer.stop);
  const parked = async () => (await consumer.parkedCount()).facts;
  runtime.onScrape.push(async () => metrics.deadLetters.set({ consumer: CONSUMER }, await parked()));
  const audit: Audit = { ledger: ledgerQueries(database, SCHEMA), usage: usageQueries(database, SCHEMA), clock };
  return {
    http: { module: AuditHttp, controllers: auditControllers, providers: [{ provide: AUDIT, useValue: audit }] },
    messages: {
      consumer: CONSUMER,
      // Nobody waits for an entry as for an account, and each batch is a transaction.
      gatherMs: 100,
      module: {
        module: AuditMessages,
        controllers: [FactsController],
        providers: [{ provide: LEDGER, useValue: consumer }],
      },
    },
  };
};

/** Whether the ledger has an entry for every event, with the same hash. */
export const checkAudit = async (runtime: Runtime) =>
  checkLedger(
    runtime.database,
    SCHEMA,
    await runtime.openStore(),
    Object.values(factTopics).flatMap(({ categories }) => [...categories]),
  );
