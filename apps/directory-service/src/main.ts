import 'reflect-metadata';
import { runService } from '@tenure/platform';
import { directoryControllers, directoryEntities, directoryService } from './app.module.ts';
import { readConfig } from './config.ts';

await runService({
  service: 'directory-service',
  readConfig,
  compose: (runtime, { TENURE_PUBLIC_URL }) =>
    directoryService(runtime, TENURE_PUBLIC_URL === undefined ? {} : { publicUrl: TENURE_PUBLIC_URL }),
  segments: ['directory', 'clock', 'auth'],
  title: 'Tenure directory',
  controllers: directoryControllers,
  entities: directoryEntities,
  owner: true,
});
