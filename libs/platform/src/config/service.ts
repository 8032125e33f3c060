import { z } from 'zod';
import { variables } from './environment.ts';

/** What every service of a distributed system reads. Nothing is generated here: a service that made up its own key could read nobody's data. */
export const serviceVariables = z
  .object({
    TENURE_PORT: variables.TENURE_PORT,
    TENURE_PUBLIC_URL: variables.TENURE_PUBLIC_URL,
    TENURE_TRUSTED_PROXIES: variables.TENURE_TRUSTED_PROXIES,
    /** Only directory-service is given it: it owns what the root key is for. */
    TENURE_ROOT_KEY: variables.TENURE_ROOT_KEY,
    TENURE_SECRETS_KEY: variables.TENURE_SECRETS_KEY.unwrap(),
    /** Only audit-service signs with it. */
    TENURE_LOG_KEY: variables.TENURE_LOG_KEY,
    TENURE_WITNESS_POLICY: variables.TENURE_WITNESS_POLICY,
    TENURE_CLOCK: variables.TENURE_CLOCK,
    TENURE_ALLOW_PRIVATE_TARGETS: variables.TENURE_ALLOW_PRIVATE_TARGETS,
    DATABASE_URL: variables.DATABASE_URL.unwrap(),
    EVENT_STORE: variables.EVENT_STORE,
    EVENTSTOREDB_URL: variables.EVENTSTOREDB_URL,
    EVENTSTOREDB_PREFIX: variables.EVENTSTOREDB_PREFIX,
    KAFKA_BROKERS: variables.KAFKA_BROKERS,
    LOG_LEVEL: variables.LOG_LEVEL,
    OTEL_EXPORTER_OTLP_ENDPOINT: variables.OTEL_EXPORTER_OTLP_ENDPOINT,
  })
  .refine(({ EVENT_STORE, EVENTSTOREDB_URL }) => EVENT_STORE === 'postgres' || EVENTSTOREDB_URL !== undefined, {
    path: ['EVENTSTOREDB_URL'],
    message: 'is required where EVENT_STORE=eventstoredb',
  })
  .refine(({ KAFKA_BROKERS }) => KAFKA_BROKERS.length > 0, {
    path: ['KAFKA_BROKERS'],
    message: 'is required: services that run apart talk over Kafka',
  });

export type ServiceConfig = z.output<typeof serviceVariables>;
