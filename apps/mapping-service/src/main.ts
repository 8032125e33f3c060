import 'reflect-metadata';
import { runService } from '@tenure/platform';
import { mappingControllers, mappingEntities, mappingService } from './app.module.ts';
import { readConfig } from './config.ts';

await runService({
  service: 'mapping-service',
  readConfig,
  compose: (runtime, config) => mappingService(runtime, { allowPrivateTargets: config.TENURE_ALLOW_PRIVATE_TARGETS }),
  entities: mappingEntities,
  segments: ['mapping'],
  title: 'Tenure mapping',
  controllers: mappingControllers,
});
