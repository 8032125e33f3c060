import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { auditControllers, auditEntities, auditService } from '@tenure/audit-service';
import { directoryControllers, directoryEntities, directoryService } from '@tenure/directory-service';
import { mappingControllers, mappingEntities, mappingService } from '@tenure/mapping-service';
import {
  createServices,
  eventStoreFrom,
  listenToMessages,
  openRuntime,
  providerOf,
  type FrontDoor,
  type LogOutput,
  type Runtime,
} from '@tenure/platform';
import { scimControllers, scimDialect, scimGateway } from '@tenure/scim-gateway';
import type { Config } from './config.ts';
import type { Keys } from './keys.ts';

export type System = { runtime: Runtime; app: NestFastifyApplication; url: string };

export type StartOptions = {
  logTo?: LogOutput;
  /** Answers until the system listens. */
  door?: FrontDoor;
};

/** The runtime of the whole system in one process. */
export const openSystemRuntime = (
  config: Config,
  { rootKey, secretsKey }: Pick<Keys, 'rootKey' | 'secretsKey'>,
  databaseUrl: string,
  { logTo, door }: StartOptions = {},
): Promise<Runtime> =>
  openRuntime({
    service: 'standalone',
    databaseUrl,
    entities: [...directoryEntities, ...mappingEntities, ...auditEntities],
    secretsKey,
    rootKey,
    publicUrl: config.TENURE_PUBLIC_URL,
    trustedProxies: config.TENURE_TRUSTED_PROXIES,
    eventStore: eventStoreFrom(config),
    transport: config.TRANSPORT === 'kafka' ? { kind: 'kafka', brokers: config.KAFKA_BROKERS } : { kind: 'in-process' },
    clock: config.TENURE_CLOCK,
    owner: true,
    logLevel: config.LOG_LEVEL,
    ...(logTo && { logTo }),
    ...(door && { onWaiting: door.waitFor }),
    ...(config.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined && { otlpEndpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT }),
  });

/** Every service in one process, on one database: what `npm start` runs. */
export const startSystem = async (
  config: Config,
  keys: Keys,
  databaseUrl: string,
  options: StartOptions = {},
): Promise<System> => {
  const runtime = await openSystemRuntime(config, keys, databaseUrl, options);
  const { secretsKey, logKeys } = keys;
  const urls = config.TENURE_PUBLIC_URL === undefined ? {} : { publicUrl: config.TENURE_PUBLIC_URL };
  const services = [
    await directoryService(runtime, { ...urls, provider: providerOf(config) }),
    await scimGateway(runtime, { secretsKey, ...urls }),
    await mappingService(runtime, { allowPrivateTargets: config.TENURE_ALLOW_PRIVATE_TARGETS, ...urls }),
    await auditService(runtime, {
      allowPrivateTargets: config.TENURE_ALLOW_PRIVATE_TARGETS,
      logKeys,
      ...urls,
      ...(config.TENURE_WITNESS_POLICY !== undefined && { witnessPolicy: config.TENURE_WITNESS_POLICY }),
    }),
  ];
  const controllers = [...directoryControllers, ...scimControllers, ...mappingControllers, ...auditControllers];
  const app = await createServices(runtime, services, {
    segments: ['scim', 'directory', 'auth', 'mapping', 'audit'],
    title: 'Tenure',
    controllers,
    dialects: [scimDialect],
  });
  for (const service of services) await listenToMessages(runtime, service);
  await runtime.transport.ready();
  await options.door?.close();
  await app.listen(options.door?.port ?? config.TENURE_PORT, '0.0.0.0');
  runtime.started();
  return {
    runtime,
    app,
    url: config.TENURE_PUBLIC_URL ?? (await app.getUrl()).replace('0.0.0.0', '127.0.0.1').replace('[::1]', 'localhost'),
  };
};
