import 'reflect-metadata';
import { openServiceRuntime, runTask } from '@tenure/platform';
import { rebuildProvisioning } from './app.module.ts';
import { readConfig } from './config.ts';

/** `node dist/rebuild.js`, while the service is stopped: its next start builds views, people and groups again. */
await runTask(
  async () => ({ runtime: await openServiceRuntime('mapping-service', readConfig()) }),
  rebuildProvisioning,
);
