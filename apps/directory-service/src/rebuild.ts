import 'reflect-metadata';
import { openServiceRuntime, runTask } from '@tenure/platform';
import { rebuildDirectory } from './app.module.ts';
import { readConfig } from './config.ts';

/** `node dist/rebuild.js`, while the service is stopped: its next start builds the views again from the streams. */
await runTask(
  async () => ({ runtime: await openServiceRuntime('directory-service', readConfig(), { owner: true }) }),
  rebuildDirectory,
);
