import { DEFAULT_PREFIX, isPrefix } from '@tenure/event-store-db';
import { z } from 'zod';

/** The variables of Tenure (api.md, README). Each app's `config.ts` picks what it reads; nothing else looks at the environment. */
const hostList = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ''),
  );

const port = z.coerce.number({ error: 'expected a port number' }).int().min(0).max(65_535);

const clock = z
  .string()
  .default('system')
  .transform((text, context): { kind: 'system' } | { kind: 'manual'; startsAt?: string } => {
    if (text === 'system') return { kind: 'system' };
    if (text === 'manual') return { kind: 'manual' };
    const at = /^manual:(.+)$/.exec(text)?.[1];
    if (at !== undefined && !Number.isNaN(Date.parse(at)))
      return { kind: 'manual', startsAt: new Date(at).toISOString() };
    context.addIssue({
      code: 'custom',
      message: 'expected system, manual or manual:INSTANT, such as manual:2026-01-05T09:00:00Z',
    });
    return z.NEVER;
  });

const secretsKey = z
  .string()
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((key) => key.length === 32, 'expected base64 of 32 bytes; make one with: openssl rand -base64 32');

export const variables = {
  TENURE_PORT: port.default(8080),
  TENURE_PUBLIC_URL: z
    .url({ error: 'expected a URL such as https://tenure.example' })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  TENURE_DATA_DIR: z.string().min(1).default('.data'),
  TENURE_ROOT_KEY: z.string().min(16, 'expected at least 16 characters').optional(),
  TENURE_SECRETS_KEY: secretsKey.optional(),
  TENURE_CLOCK: clock,
  TENURE_ALLOW_PRIVATE_TARGETS: hostList,
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'expected postgres://USER:PASSWORD@HOST:PORT/DATABASE')
    .optional(),
  EVENT_STORE: z.enum(['postgres', 'eventstoredb'], { error: 'expected postgres or eventstoredb' }).default('postgres'),
  EVENTSTOREDB_URL: z
    .string()
    .regex(/^(esdb|kurrentdb)(\+discover)?:\/\//, 'expected esdb://HOST:PORT?tls=false')
    .optional(),
  /** What the names of our streams begin with; none where it is empty, for a server that nobody else uses. */
  EVENTSTOREDB_PREFIX: z
    .string()
    .transform((text) => (text === 'none' ? '' : text))
    .refine(isPrefix, 'expected letters, digits and _ with a dot at the end, such as tenure. (or none)')
    .default(DEFAULT_PREFIX),
  TRANSPORT: z.enum(['in-process', 'kafka'], { error: 'expected in-process or kafka' }).default('in-process'),
  KAFKA_BROKERS: hostList,
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ error: 'expected a URL such as http://collector:4318' }).optional(),
} satisfies Record<string, z.ZodType>;

export type Environment = Readonly<Record<string, string | undefined>>;

/** Thrown when the process cannot start as it was configured; the message is for the person who started it. */
export class Misconfigured extends Error {
  override readonly name = 'Misconfigured';
}

/** Parses the environment once, at the door. Throws `Misconfigured`, which names each variable at fault and what was expected. */
export const parseEnvironment = <S extends z.ZodType>(schema: S, environment: Environment): Readonly<z.output<S>> => {
  const set = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = schema.safeParse(set);
  if (result.success) return Object.freeze(result.data as object) as Readonly<z.output<S>>;
  const problems = result.error.issues.map(({ path, message, code }) => {
    const name = path.join('.');
    return `  ${name}: ${set[name] === undefined && code === 'invalid_type' ? 'is required and not set' : message}`;
  });
  throw new Misconfigured(
    `The environment is not right:\n${problems.join('\n')}\nREADME.md, section Configuration, lists every variable.`,
  );
};
