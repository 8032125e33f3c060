import { testDatabase } from '@tenure/database/testing';
import { ownBroker } from '@tenure/messaging-kafka/testing';
import { client } from './client.ts';
import { freePort, startService, type ServiceProcess } from './process.ts';
import { LOG_KEY, MONDAY, ROOT_KEY, SECRETS_KEY, untilSettled } from './system.ts';

/**
 * The four services as processes of their own, directory-service in so many replicas, on one database and over a Kafka that nobody else uses.
 * What each may do with the database is the demo's to prove: here one user has all rights.
 */
export const distributedSystem = async ({ directories: replicas }: { directories: number }) => {
  const broker = await ownBroker();
  const { url: databaseUrl, database, drop } = await testDatabase();
  const gatewayPort = await freePort();
  const shared = {
    TENURE_CLOCK: `manual:${MONDAY}`,
    TENURE_SECRETS_KEY: SECRETS_KEY.toString('base64'),
    TENURE_ALLOW_PRIVATE_TARGETS: '127.0.0.1',
    TENURE_PUBLIC_URL: `http://127.0.0.1:${gatewayPort}`,
    DATABASE_URL: databaseUrl,
    KAFKA_BROKERS: broker.brokers,
    LOG_LEVEL: 'debug',
  };
  const running = new Set<ServiceProcess>();
  const start = async (name: string, { port, ...more }: Record<string, string> & { port?: string } = {}) => {
    const service = await startService(
      name,
      { ...shared, ...more },
      port === undefined ? await freePort() : Number(port),
    );
    running.add(service);
    return service;
  };
  const startDirectory = () => start('directory-service', { TENURE_ROOT_KEY: ROOT_KEY });
  const close = async () => {
    await Promise.all([...running].map(({ stop }) => stop()));
    await drop();
    await broker.close();
  };

  const starting = [
    start('scim-gateway', { port: String(gatewayPort) }),
    start('mapping-service'),
    start('audit-service', { TENURE_LOG_KEY: LOG_KEY.toString('base64') }),
    ...Array.from({ length: replicas }, startDirectory),
  ];
  const settledStarts = await Promise.allSettled(starting);
  const failed = settledStarts.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
  if (failed) {
    await close();
    throw failed.reason;
  }

  const named = (name: string) => [...running].filter((service) => service.name === name);
  const owners: Record<string, string> = { scim: 'scim-gateway', mapping: 'mapping-service', audit: 'audit-service' };
  const url = (segment: string) => named(owners[segment] ?? 'directory-service')[0]!.url;
  const root = () => client(url('directory'), ROOT_KEY);
  return {
    database,
    brokers: broker.brokers,
    publicUrl: shared.TENURE_PUBLIC_URL,
    url,
    root,
    services: () => [...running],
    directories: () => named('directory-service'),
    settled: () => untilSettled(root()),
    kill: async (service: ServiceProcess) => {
      running.delete(service);
      await service.kill();
    },
    startDirectory,
    close,
  };
};

export type DistributedSystem = Awaited<ReturnType<typeof distributedSystem>>;
