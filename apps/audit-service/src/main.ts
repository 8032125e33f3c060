import 'reflect-metadata';
import { runService } from '@tenure/platform';
import { auditControllers, auditEntities, auditService } from './app.module.ts';
import { readConfig } from './config.ts';

await runService({
  service: 'audit-service',
  readConfig,
  compose: (runtime, config) => auditService(runtime, { allowPrivateTargets: config.TENURE_ALLOW_PRIVATE_TARGETS }),
  entities: auditEntities,
  segments: ['audit'],
  title: 'Tenure audit',
  controllers: auditControllers,
});
