import { eventStoreFrom } from '../config/event-store.ts';
import type { ServiceConfig } from '../config/service.ts';
import { openFrontDoor } from '../http/front-door.ts';
import { stopOnSignals } from '../http/listen.ts';
import { forPeople } from './for-people.ts';
import { createServices, listenToMessages, type Operations, type Service } from './service.ts';
import { openRuntime, type Runtime, type RuntimeOptions } from './runtime.ts';

export type ServiceOptions<Config extends ServiceConfig = ServiceConfig> = Operations & {
  service: string;
  readConfig: () => Readonly<Config>;
  compose: (runtime: Runtime, config: Readonly<Config>) => Promise<Service>;
  /** Makes the shared schemas: directory-service. */
  owner?: boolean;
  /** TypeORM entities of the service's tables. */
  entities?: RuntimeOptions['entities'];
};

/** The runtime of a service that runs apart. `owner` makes the schemas that all share. */
export const openServiceRuntime = (
  service: string,
  config: Readonly<ServiceConfig>,
  {
    owner = false,
    entities,
    onWaiting,
  }: Pick<ServiceOptions, 'owner' | 'entities'> & Pick<RuntimeOptions, 'onWaiting'> = {},
): Promise<Runtime> =>
  openRuntime({
    service,
    databaseUrl: config.DATABASE_URL,
    secretsKey: config.TENURE_SECRETS_KEY,
    publicUrl: config.TENURE_PUBLIC_URL,
    trustedProxies: config.TENURE_TRUSTED_PROXIES,
    ...(config.TENURE_ROOT_KEY !== undefined && { rootKey: config.TENURE_ROOT_KEY }),
    eventStore: eventStoreFrom(config),
    transport: { kind: 'kafka', brokers: config.KAFKA_BROKERS },
    clock: config.TENURE_CLOCK,
    owner,
    ...(entities && { entities }),
    ...(onWaiting && { onWaiting }),
    logLevel: config.LOG_LEVEL,
    ...(config.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined && { otlpEndpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT }),
  });

/** Runs one service of a distributed system: configuration, runtime, HTTP and transport, until a signal. */
export const runService = async <Config extends ServiceConfig>(options: ServiceOptions<Config>): Promise<void> => {
  const { service } = options;
  try {
    const config = options.readConfig();
    const door = await openFrontDoor(config.TENURE_PORT);
    const runtime = await openServiceRuntime(service, config, { ...options, onWaiting: door.waitFor });
    const composed = await options.compose(runtime, config);
    const app = await createServices(runtime, [composed], options);
    stopOnSignals(app, runtime);
    await door.close();
    // Health first: an orchestrator sees "starting" while the transport joins.
    await app.listen(config.TENURE_PORT, '0.0.0.0');
    await listenToMessages(runtime, composed);
    runtime.started();
    runtime.log.info({ port: config.TENURE_PORT }, `${service} listens`);
  } catch (error) {
    process.stderr.write(`${forPeople(error)}\n`);
    process.exit(1);
  }
};
