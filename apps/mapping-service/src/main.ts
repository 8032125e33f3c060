import 'reflect-metadata';
import { runService } from '@tenure/platform';
import { mappingControllers, mappingEntities, mappingService } from './app.module.ts';
import { readConfig } from './config.ts';

await runService({
  service: 'mapping-service',
  readConfig,
  compose: (runtime, { TENURE_ALLOW_PRIVATE_TARGETS, TENURE_PUBLIC_URL }) =>
    mappingService(runtime, {
      allowPrivateTargets: TENURE_ALLOW_PRIVATE_TARGETS,
      ...(TENURE_PUBLIC_URL !== undefined && { publicUrl: TENURE_PUBLIC_URL }),
    }),
  entities: mappingEntities,
  segments: ['mapping'],
  title: 'Tenure mapping',
  controllers: mappingControllers,
});
