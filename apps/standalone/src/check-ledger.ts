import 'reflect-metadata';
import { checkAudit } from '@tenure/audit-service';
import { runStandaloneTask } from './task.ts';

/** `node dist/check-ledger.js`, while the system is stopped: holds the audit ledger against the streams. */
await runStandaloneTask(checkAudit);
