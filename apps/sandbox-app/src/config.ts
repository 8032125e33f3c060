import { parseEnvironment, variables, type Environment } from '@tenure/platform';
import { z } from 'zod';

const schema = z.object({
  SANDBOX_PORT: z.coerce.number().int().min(0).max(65_535).default(8090),
  /** What `Authorization: Bearer` must say. */
  SANDBOX_TOKEN: z.string().min(1).default('sandbox-token'),
  LOG_LEVEL: variables.LOG_LEVEL,
});

export type Config = z.output<typeof schema>;

export const readConfig = (environment: Environment = process.env): Readonly<Config> =>
  parseEnvironment(schema, environment);
