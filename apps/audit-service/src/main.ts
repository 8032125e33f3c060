import 'reflect-metadata';
import { runService } from '@tenure/platform';
import { auditControllers, auditEntities, auditService } from './app.module.ts';
import { readConfig } from './config.ts';

await runService({
  service: 'audit-service',
  readConfig,
  compose: (runtime, config) =>
    auditService(runtime, {
      allowPrivateTargets: config.TENURE_ALLOW_PRIVATE_TARGETS,
      logKeys: config.TENURE_LOG_KEY,
      ...(config.TENURE_PUBLIC_URL !== undefined && { publicUrl: config.TENURE_PUBLIC_URL }),
      ...(config.TENURE_WITNESS_POLICY !== undefined && { witnessPolicy: config.TENURE_WITNESS_POLICY }),
    }),
  entities: auditEntities,
  segments: ['audit'],
  title: 'Tenure audit',
  controllers: auditControllers,
});
