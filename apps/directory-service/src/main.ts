import 'reflect-metadata';
import { providerOf, runService } from '@tenure/platform';
import { directoryControllers, directoryEntities, directoryService } from './app.module.ts';
import { readConfig } from './config.ts';

await runService({
  service: 'directory-service',
  readConfig,
  compose: (runtime, config) =>
    directoryService(runtime, {
      ...(config.TENURE_PUBLIC_URL !== undefined && { publicUrl: config.TENURE_PUBLIC_URL }),
      provider: providerOf(config),
    }),
  segments: ['directory', 'clock', 'auth'],
  title: 'Tenure directory',
  controllers: directoryControllers,
  entities: directoryEntities,
  owner: true,
});
