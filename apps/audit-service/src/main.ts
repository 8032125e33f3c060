import 'reflect-metadata';
import { runService } from '@tenure/platform';
import { auditControllers, auditService } from './app.module.ts';
import { readConfig } from './config.ts';

await runService({
  service: 'audit-service',
  readConfig,
  compose: auditService,
  segments: ['audit'],
  title: 'Tenure audit',
  controllers: auditControllers,
});
