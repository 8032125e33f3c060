import { isIP } from 'node:net';
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

const isProxy = (entry: string): boolean => {
  const [address = '', bits] = entry.split('/');
  return (
    /^(loopback|linklocal|uniquelocal)$/.test(entry) ||
    (isIP(address) > 0 && (bits === undefined || /^\d{1,3}$/.test(bits)))
  );
};

const port = z.coerce.number({ error: 'expected a port number' }).int().min(0).max(65_535);

const isHere = ({ hostname }: URL) => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);

const roles = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'expected JSON' });
      return z.NEVER;
    }
  })
  .pipe(
    z.record(
      z.string(),
      z.strictObject({ tenant: z.string().min(1), role: z.enum(['super_admin', 'admin', 'auditor']) }),
      { error: 'expected JSON such as {"tenure-admins": {"tenant": "TENANT-ID", "role": "super_admin"}}' },
    ),
  );

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

/** Today's key, then former ones that still sign. */
const logKeys = hostList
  .refine(
    (keys) => keys.every((key) => Buffer.from(key, 'base64').length === 32),
    'expected base64 of 32 bytes; make one with: openssl rand -base64 32. Former keys follow, by comma',
  )
  .transform((keys) => keys.map((key) => Buffer.from(key, 'base64')));

export const variables = {
  TENURE_PORT: port.default(8080),
  TENURE_PUBLIC_URL: z
    .url({ error: 'expected a URL such as https://tenure.example' })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  TENURE_TRUSTED_PROXIES: hostList.refine(
    (entries) => entries.every(isProxy),
    'expected addresses or CIDRs, by comma, such as 10.0.0.0/8; or loopback, linklocal, uniquelocal',
  ),
  TENURE_DATA_DIR: z.string().min(1).default('.data'),
  TENURE_ROOT_KEY: z.string().min(16, 'expected at least 16 characters').optional(),
  TENURE_SECRETS_KEY: secretsKey.optional(),
  TENURE_LOG_KEY: logKeys,
  TENURE_WITNESS_POLICY: z.string().min(1).optional(),
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
  TENURE_OIDC_ISSUER: z
    .url({ error: 'expected a URL such as https://login.example' })
    .refine((url) => url.startsWith('https:') || isHere(new URL(url)), 'expected https')
    .optional(),
  TENURE_OIDC_CLIENT_ID: z.string().min(1).optional(),
  TENURE_OIDC_CLIENT_SECRET: z.string().min(1).optional(),
  TENURE_OIDC_SCOPES: z.string().default('openid profile email'),
  TENURE_OIDC_ROLES_CLAIM: z.string().min(1).default('groups'),
  TENURE_OIDC_ROLES: roles.optional(),
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
