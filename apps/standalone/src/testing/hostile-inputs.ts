import { randomUUID } from 'node:crypto';
import { ENTERPRISE, PATCH_OP, SCIM_USER } from './world.ts';

type Schema = {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  format?: string;
  minimum?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
};

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** JSON has no such number; `bodyText` writes it. */
const BEYOND_DOUBLE = '«1e400»';
export const bodyText = (body: unknown): string => JSON.stringify(body).replaceAll(`"${BEYOND_DOUBLE}"`, '1e400');

export const hostileInPaths = [
  '%00',
  '%ED%A0%80',
  '%zz',
  'a_b-c_d',
  '..%2F..',
  '9'.repeat(30),
  'x'.repeat(490),
  randomUUID(),
];

const forgedCursors = [
  '',
  'x',
  '-1',
  '9'.repeat(18),
  encoded([1, 2]),
  encoded(['today', 'id']),
  encoded(['\0', '\0']),
  encoded(['\ud800', '\udc00']),
  encoded(['0000-01-01T00:00:00.000Z', 'id']),
  encoded(['2026-01-05T09:00:00.000Z', '\0']),
  encoded({ createdAt: '0000-01-01T00:00:00.000Z', id: 'id' }),
  encoded({ createdAt: '2026-01-05T09:00:00.000Z', id: '\0', sortedBy: '\0' }),
];

export const hostileInQueries = [
  ...forgedCursors,
  '\0',
  '1e400',
  '99999999999999999999',
  '2147483648',
  '9007199254740993',
  'NaN',
  '0.5',
  'P1M',
  '+275760-09-13T00:00:00.000Z',
  '275760-09-13T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59-14:00',
  'x'.repeat(2000),
  'userName eq "\0"',
  `${'('.repeat(500)}userName pr`,
].map(encodeURIComponent);

const hostileInBodies: readonly unknown[] = [
  '\0',
  ['\ud800'],
  BEYOND_DOUBLE,
  'x'.repeat(60_000),
  '',
  -1,
  2_147_483_648,
  1e300,
  null,
  {},
  Array(1001).fill('x'),
  'P1M',
  'P99999999D',
  '+275760-09-13T00:00:00.000Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59-14:00',
];
/** One in so many of them: properties next to each other share the rest. */
const someHostile = (index: number, oneIn: number) => hostileInBodies.filter((_, at) => (at + index) % oneIn === 0);
/** Durations and counts are computed with, so each gets every value. */
const COMPUTED = /^(window|suspend|hardDelete|advance|count|percent|burst|perSecond)$/;
const MANY = 12;

/** Those that no JSON body may hold, whatever the field. */
export const isNeverAllowed = (body: unknown): boolean => /\\u0000|\\ud800|«1e400»/.test(JSON.stringify(body));

/** What a string that must look like something may be, by the name of its property. */
const examples: Record<string, unknown> = {
  email: 'eve@plum.example',
  primaryDomain: 'plum.example',
  domain: 'plum.example',
  domains: ['plum.example'],
  preferredLanguage: 'en-US',
  language: 'en-US',
  timezone: 'Europe/Rome',
  // Refused at once: port 9 is for discarding.
  url: 'http://127.0.0.1:9/scim/v2',
  tokenUrl: 'http://127.0.0.1:9/token',
  window: 'PT1H',
  suspend: 'P1D',
  hardDelete: 'P7D',
  resource: { schemas: [SCIM_USER, ENTERPRISE], userName: 'eve@plum.example', displayName: 'Eve' },
  attributes: { userName: 'eve@plum.example' },
  endpoint: '/Things',
  schema: 'urn:example:wall:2.0:Brick',
  orgUnits: ['/Sales'],
  identityProviderId: 'idp',
};

/** A body that a schema takes, as far as schemas tell. */
const sample = (schema: Schema, name = ''): unknown => {
  if (Object.hasOwn(examples, name) && !(name === 'attributes' && schema.type === 'array')) return examples[name];
  if ('const' in schema) return schema.const;
  if (schema.enum) return schema.enum[0];
  const [first] = schema.anyOf ?? schema.oneOf ?? [];
  if (first) return sample(first, name);
  switch (schema.type ?? 'string') {
    case 'object':
      return Object.fromEntries(
        (schema.required ?? []).map((each) => [each, sample(schema.properties?.[each] ?? {}, each)]),
      );
    case 'array':
      return schema.items ? [sample(schema.items)] : [];
    case 'boolean':
      return true;
    case 'integer':
    case 'number':
      return Math.max(1, schema.minimum ?? 1);
    default:
      return 'x';
  }
};

/** The body of a schema with each of its properties, at any depth, replaced by each hostile value. */
export function* hostileBodies(schema: Schema, whole: unknown = sample(schema)): Generator<unknown> {
  yield* hostileBelow(schema, whole);
  yield* hostileInBodies;
}

function* hostileBelow(schema: Schema, whole: unknown, depth = 0): Generator<unknown> {
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches) for (const branch of branches) yield* hostileBelow(branch, sample(branch), depth);
  if (schema.items) {
    for (const inner of hostileBelow(schema.items, sample(schema.items), depth + 1)) yield [inner];
    for (const value of someHostile(depth, 4)) yield [value];
  }
  const properties = Object.entries(schema.properties ?? {});
  for (const [index, [name, property]] of properties.entries()) {
    const base = typeof whole === 'object' && whole !== null ? whole : {};
    for (const inner of hostileBelow(property, sample(property, name), depth + 1)) yield { ...base, [name]: inner };
    const some = depth > 0 || properties.length > MANY ? 4 : 2;
    const values = COMPUTED.test(name) ? hostileInBodies : someHostile(index, some);
    for (const value of values) yield { ...base, [name]: value };
    // Of objects that the schema leaves open: resources, and whatever an attribute may hold.
    if (name === 'resource' || (name === 'attributes' && !property.items))
      for (const [at, inner] of ['userName', 'displayName', 'emails', 'x'].entries())
        for (const value of someHostile(at, 4))
          yield { ...base, [name]: { ...(examples[name] as object), [inner]: value } };
  }
}

const text: Schema = { type: 'string' };
/** What SCIM's bodies look like, which /openapi.json doesn't say. */
export const scimSchema: Schema = {
  type: 'object',
  required: ['schemas', 'userName', 'displayName'],
  properties: {
    schemas: { type: 'array', items: { const: SCIM_USER } },
    userName: text,
    displayName: text,
    active: { type: 'boolean' },
    emails: { type: 'array', items: { type: 'object', required: ['value'], properties: { value: text, type: text } } },
    members: { type: 'array', items: { type: 'object', required: ['value'], properties: { value: text } } },
    filter: text,
    count: { type: 'integer' },
    cursor: text,
    [ENTERPRISE]: { type: 'object', properties: { manager: text, department: text } },
  },
};
export const scimPatchSchema: Schema = {
  type: 'object',
  required: ['schemas', 'Operations'],
  properties: {
    schemas: { type: 'array', items: { const: PATCH_OP } },
    Operations: {
      type: 'array',
      items: {
        type: 'object',
        required: ['op', 'path', 'value'],
        properties: { op: { const: 'replace' }, path: { const: 'displayName' }, value: text },
      },
    },
  },
};
