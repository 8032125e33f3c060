import 'reflect-metadata';
import { openServiceRuntime, runTask } from '@tenure/platform';
import { checkAudit } from './app.module.ts';
import { readConfig } from './config.ts';

/** `node dist/check-ledger.js`: holds the ledger against the streams. The role of DATABASE_URL must be allowed to read the event store. */
await runTask(async () => ({ runtime: await openServiceRuntime('audit-service', readConfig()) }), checkAudit);
