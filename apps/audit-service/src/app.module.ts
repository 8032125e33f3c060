import {
  auditMigrations,
  checkLedger,
  ledgerConsumer,
  ledgerNames,
  ledgerPeople,
  ledgerQueries,
  peopleMigrations,
  usageQueries,
  webhookEntities,
  webhookMigrations,
} from '@tenure/audit';
import { factTopics } from '@tenure/contracts';
import { migrate } from '@tenure/database';
import { factTables } from '@tenure/messaging';
import { PARKED, parkedController, parkedFacts, type Runtime, type Service } from '@tenure/platform';
import { AUDIT, AuditController, type Audit } from './audit.controller.ts';
import { FactsController, FACT_CONSUMERS } from './facts.controller.ts';
import { openWebhooks } from './open-webhooks.ts';
import { WEBHOOKS, WebhooksController } from './webhooks.controller.ts';

class AuditHttp {}
class AuditMessages {}

const SCHEMA = 'audit';
const CONSUMER = 'audit-service';
export const auditControllers = [AuditController, WebhooksController, parkedController('audit')];
/** TypeORM entities of the tables of `audit`. */
export const auditEntities: (new () => object)[] = webhookEntities;

export type AuditOptions = { allowPrivateTargets: readonly string[] };

/** Composes the audit service on a runtime. */
export const auditService = async (runtime: Runtime, { allowPrivateTargets }: AuditOptions): Promise<Service> => {
  const { database, clock, metrics, log } = runtime;
  await migrate(database, {
    schema: SCHEMA,
    migrations: [
      ...auditMigrations,
      { name: 'CreateConsumer1767225600001', up: factTables(SCHEMA) },
      ...webhookMigrations,
      ...peopleMigrations,
    ],
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
  runtime.parked.push(parkedFacts('audit', 'ledger', consumer));
  const parked = async () => (await consumer.parkedCount()).facts;
  runtime.onScrape.push(async () => metrics.deadLetters.set({ consumer: CONSUMER }, await parked()));
  const people = ledgerPeople(database, SCHEMA, runtime.sealer);
  void people
    .fill()
    .catch((error: unknown) =>
      log.warn({ err: error }, 'People of the ledger could not be filled in; the next start tries again'),
    );
  const hooks = openWebhooks(runtime, SCHEMA, allowPrivateTargets);
  const audit: Audit = {
    ledger: ledgerQueries(database, SCHEMA, ledgerNames(database, SCHEMA, runtime.sealer)),
    usage: usageQueries(database, SCHEMA),
    clock,
  };
  return {
    http: {
      module: AuditHttp,
      controllers: auditControllers,
      providers: [
        { provide: AUDIT, useValue: audit },
        { provide: PARKED, useValue: runtime.parked },
        { provide: WEBHOOKS, useValue: hooks.webhooks },
      ],
    },
    messages: {
      consumer: CONSUMER,
      // Nobody waits for an entry as for an account, and each batch is a transaction.
      gatherMs: 100,
      module: {
        module: AuditMessages,
        controllers: [FactsController],
        providers: [{ provide: FACT_CONSUMERS, useValue: [consumer, people, hooks.consumer] }],
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
