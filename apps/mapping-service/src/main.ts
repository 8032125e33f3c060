import 'reflect-metadata';
import { runService } from '@tenure/platform';
import { mappingControllers, mappingService } from './app.module.ts';
import { readConfig } from './config.ts';

await runService({
  service: 'mapping-service',
  readConfig,
  compose: (runtime, config) => mappingService(runtime, { allowPrivateTargets: config.TENURE_ALLOW_PRIVATE_TARGETS }),
  segments: ['mapping'],
  title: 'Tenure mapping',
  controllers: mappingControllers,
});
