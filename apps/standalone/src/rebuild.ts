import 'reflect-metadata';
import { rebuildDirectory } from '@tenure/directory-service';
import { rebuildProvisioning } from '@tenure/mapping-service';
import { runStandaloneTask } from './task.ts';

/** `node dist/rebuild.js`, while the system is stopped: its next start builds every view again from the streams. */
await runStandaloneTask(async (runtime) => [await rebuildDirectory(runtime), await rebuildProvisioning(runtime)]);
