import 'reflect-metadata';
import { runService } from '@tenure/platform';
import { scimControllers, scimDialect, scimGateway } from './app.module.ts';
import { readConfig } from './config.ts';

await runService({
  service: 'scim-gateway',
  readConfig,
  compose: (runtime, { TENURE_SECRETS_KEY, TENURE_PUBLIC_URL }) =>
    scimGateway(runtime, {
      secretsKey: TENURE_SECRETS_KEY,
      ...(TENURE_PUBLIC_URL !== undefined && { publicUrl: TENURE_PUBLIC_URL }),
    }),
  segments: ['scim'],
  title: 'Tenure SCIM gateway',
  controllers: scimControllers,
  dialects: [scimDialect],
});
