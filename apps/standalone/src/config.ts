import { parseEnvironment, requireWithProvider, variables, type Environment } from '@tenure/platform';
import { z } from 'zod';

const schema = z
  .object({
    ...variables,
    /** A person reads this terminal: only what needs attention. */
    LOG_LEVEL: variables.LOG_LEVEL.unwrap().default('warn'),
  })
  .refine(({ EVENT_STORE, EVENTSTOREDB_URL }) => EVENT_STORE === 'postgres' || EVENTSTOREDB_URL !== undefined, {
    path: ['EVENTSTOREDB_URL'],
    message: 'is required where EVENT_STORE=eventstoredb',
  })
  .refine(({ TRANSPORT, KAFKA_BROKERS }) => TRANSPORT === 'in-process' || KAFKA_BROKERS.length > 0, {
    path: ['KAFKA_BROKERS'],
    message: 'is required where TRANSPORT=kafka',
  })
  .superRefine(requireWithProvider);

export type Config = Readonly<z.output<typeof schema>>;

export const readConfig = (environment: Environment = process.env): Config => parseEnvironment(schema, environment);
