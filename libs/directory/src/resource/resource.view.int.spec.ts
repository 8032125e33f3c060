import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ResourceChanged,
  ResourceCreated,
  ResourceDeleted,
  ResourceTypeDefined,
  SchemaDefined,
  UserCreated,
  type OwnResourceType,
  type ResourceEvent,
  type SchemaEvent,
  type UserEvent,
  type UserStanding,
} from '@tenure/contracts';
import { prepareView, streamName, type Decoded, type View } from '@tenure/eventing';
import {
  compareBy,
  matches,
  parseFilter,
  parseSort,
  profiles,
  sameValue,
  userType,
  type Filter,
  type JsonObject,
  type ResourceType,
} from '@tenure/scim';
import { ownSchema } from '@tenure/scim/testing';
import fc from 'fast-check';
import { fullDirectoryView } from '../directory.ts';
import { keptTypes } from '../schema/kept-types.ts';
import { compileTypes, type Shape } from '../schema/tenant-types.ts';
import { testTenancy, type TestTenancy } from '../testing/test-tenancy.ts';
import { presentedResource, resourceQueries, type ResourceQueries, type ResourceRecord } from './resource.queries.ts';

const T = 'acme';
const saw = ownSchema(
  'urn:example:tools:2.0:Saw',
  { name: 'serial', caseExact: true },
  { name: 'label' },
  { name: 'size', type: 'integer' },
  { name: 'weight', type: 'decimal' },
  { name: 'sharp', type: 'boolean' },
  { name: 'made', type: 'dateTime' },
  { name: 'tags', multiValued: true },
  { name: 'checked', type: 'dateTime', multiValued: true },
  { name: 'sizes', type: 'integer', multiValued: true },
  { name: 'maker', type: 'complex', subAttributes: [{ name: 'value', caseExact: true }, { name: 'country' }] },
  {
    name: 'teeth',
    type: 'complex',
    multiValued: true,
    subAttributes: [
      { name: 'value' },
      { name: 'code', caseExact: true },
      { name: 'length', type: 'decimal' },
      { name: 'ground', type: 'dateTime' },
      { name: 'primary', type: 'boolean' },
    ],
  },
  { name: 'manual', type: 'reference', referenceTypes: ['external'], caseExact: true },
  { name: 'photo', type: 'binary' },
);
const lease = ownSchema(
  'urn:example:tools:2.0:Lease',
  { name: 'label' },
  { name: 'until', type: 'dateTime' },
  { name: 'holder', type: 'complex', subAttributes: [{ name: 'value', caseExact: true }] },
);
const sawType: OwnResourceType = {
  id: 'saws',
  name: 'Saw',
  description: '',
  endpoint: '/Saws',
  schema: saw.id,
  schemaExtensions: [{ schema: lease.id, required: false }],
};
const userLease: OwnResourceType = {
  id: 'User',
  name: 'User',
  description: '',
  endpoint: '/Users',
  schema: userType.schema.id,
  schemaExtensions: [{ schema: lease.id, required: false }],
};
const VERSION = 4;
const types = compileTypes(VERSION, { schemas: [saw, lease], resourceTypes: [sawType, userLease] });
const shape: Shape = types.own[0]!;
const type: ResourceType = shape.type;

const word = fc.constantFrom('ada', 'Ada', 'ÅDA', 'a%', '', 'o"k', 'ﬁne');
const instant = fc.constantFrom(
  '2026-01-05T09:00:00Z',
  '2026-01-05T10:00:00+01:00',
  '2026-01-05T09:00:00.0000001Z',
  '2025-12-31T23:59:59Z',
  '2026-03-01T00:00:00',
);
const number = fc.constantFrom(0, 1, 2, 10, -3);
const decimal = fc.constantFrom(0, 1.5, 10, 2);
const resource = fc.record(
  {
    serial: word,
    label: word,
    size: number,
    weight: decimal,
    sharp: fc.boolean(),
    made: instant,
    tags: fc.array(word, { minLength: 1, maxLength: 3 }),
    checked: fc.array(instant, { minLength: 1, maxLength: 2 }),
    sizes: fc.array(number, { minLength: 1, maxLength: 2 }),
    maker: fc.record({ value: word, country: word }, { requiredKeys: ['value'] }),
    teeth: fc.array(
      fc.record(
        { value: word, code: word, length: decimal, ground: instant, primary: fc.boolean() },
        { requiredKeys: ['value'] },
      ),
      { minLength: 1, maxLength: 3 },
    ),
    manual: word,
    photo: word,
    [lease.id]: fc.record(
      { label: word, until: instant, holder: fc.record({ value: word }) },
      { requiredKeys: ['label'] },
    ),
  },
  { requiredKeys: [] },
);

const texts = [
  'serial',
  'label',
  'tags',
  'maker.value',
  'maker.country',
  'teeth',
  'teeth.code',
  'manual',
  'photo',
  `${lease.id}:label`,
  `${lease.id}:holder.value`,
  'id',
  'meta.resourceType',
];
const numbers = ['size', 'weight', 'sizes', 'teeth.length'];
const instants = ['made', 'checked', 'teeth.ground', `${lease.id}:until`, 'meta.created'];
const compared = (paths: string[], ops: string[], value: fc.Arbitrary<unknown>) =>
  fc
    .tuple(fc.constantFrom(...paths), fc.constantFrom(...ops), value)
    .map(([path, op, literal]) => `${path} ${op} ${JSON.stringify(literal)}`);
const ordered = ['eq', 'ne', 'gt', 'ge', 'lt', 'le'];
const leaf = fc.oneof(
  compared(texts, [...ordered, 'co', 'sw', 'ew'], word),
  compared(numbers, ordered, decimal),
  compared(instants, ordered, instant),
  fc.constantFrom(
    'sharp eq true',
    'sharp ne true',
    'teeth.primary eq true',
    'tags[value eq "ada"]',
    'checked[value gt "2026-01-01T00:00:00Z"]',
  ),
  fc.constantFrom(...texts, ...numbers, ...instants, 'sharp', 'maker', 'teeth').map((path) => `${path} pr`),
  fc
    .tuple(word, decimal, fc.constantFrom('and', 'or'), fc.constantFrom('eq', 'gt'))
    .map(([value, length, glue, op]) => `teeth[code eq ${JSON.stringify(value)} ${glue} length ${op} ${length}]`),
);
const filter = fc.letrec<{ filter: string; leaf: string }>((tie) => ({
  leaf,
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc.tuple(tie('filter'), fc.constantFrom('and', 'or'), tie('filter')).map(([a, glue, b]) => `(${a}) ${glue} (${b})`),
    tie('filter').map((inner) => `not (${inner})`),
  ),
})).filter;

const metadataAt = (second: number) => ({
  tenantId: T,
  actor: { kind: 'system' as const, id: 'test' },
  commandId: 'c',
  correlationId: 'c',
  causationId: 'c',
  occurredAt: new Date(Date.UTC(2026, 0, 5, 9, 0, second)).toISOString(),
});
const decoded = (
  category: string,
  id: string,
  revision: number,
  event: SchemaEvent | ResourceEvent | UserEvent,
): Decoded => ({
  id: `${id}-${revision}`,
  type: event.type,
  schemaVersion: 1,
  stream: streamName(category, T, id),
  revision,
  metadata: metadataAt(revision % 7),
  event,
});
const standing = { typeId: 'saws', connectionId: 'entra', changed: [], schemasVersion: VERSION, unique: [] };
const definitions = [
  SchemaDefined({ schema: saw }),
  SchemaDefined({ schema: lease }),
  ResourceTypeDefined({ resourceType: sawType }),
  ResourceTypeDefined({ resourceType: userLease }),
].map((event, index) => decoded('schemas', T, index + 1, event));
const whole = (sample: object): JsonObject => ({
  schemas: [saw.id, ...(lease.id in sample ? [lease.id] : [])],
  ...(sample as JsonObject),
});
const SAWS = 60;

let tenancy: TestTenancy;
beforeAll(async () => {
  tenancy = await testTenancy();
});
afterAll(() => tenancy.close());

describe('filters of a tenant’s own attributes in SQL (R71)', () => {
  let queries: ResourceQueries;
  let saws: ResourceRecord[];
  beforeAll(async () => {
    const view = fullDirectoryView();
    const created = fc
      .sample(resource, { numRuns: SAWS, seed: 11 })
      .map((sample, index) =>
        decoded('resource', `s-${index}`, 1, ResourceCreated(standing, { resource: whole(sample) })),
      );
    await view.apply(tenancy.database, [...definitions, ...created]);
    queries = resourceQueries(tenancy.database, tenancy.schema);
    saws = (await queries.list(T, {}, shape, { page: { count: SAWS, withTotal: true } })).items;
  });

  const parsed = (text: string): Filter | undefined => {
    try {
      return parseFilter(text, type, profiles.generic);
    } catch {
      return undefined;
    }
  };

  it('find what an evaluation of each resource finds, page by page', async () => {
    expect(saws).toHaveLength(SAWS);
    await fc.assert(
      fc.asyncProperty(filter, fc.integer({ min: 1, max: 20 }), async (text, count) => {
        const wanted = parsed(text);
        fc.pre(wanted !== undefined);
        const expected = saws.filter((one) => matches(wanted!, presentedResource(one, shape))).map(({ id }) => id);
        const first = await queries.list(T, { connectionId: 'entra' }, shape, {
          filter: wanted,
          page: { count, withTotal: true },
        });
        const found = first.items.map(({ id }) => id);
        expect(first.total).toBe(expected.length);
        for (let next = first.next; next;) {
          const page = await queries.list(T, { connectionId: 'entra' }, shape, {
            filter: wanted,
            page: { count, after: next, withTotal: false },
          });
          found.push(...page.items.map(({ id }) => id));
          next = page.next;
        }
        expect(found).toEqual(expected);
      }),
      { numRuns: 400, interruptAfterTimeLimit: 40_000 },
    );
  });

  it.each([
    'serial',
    'label',
    'size',
    'weight',
    'made',
    'tags',
    'teeth.length',
    'maker.value',
    `${lease.id}:until`,
    'meta.created',
  ])('sort by %s both ways', async (sortBy) => {
    for (const sortOrder of ['ascending', 'descending'] as const) {
      const sort = parseSort(type, { sortBy, sortOrder })!;
      const expected = [...saws]
        .sort((a, b) => compareBy(sort)(presentedResource(a, shape), presentedResource(b, shape)))
        .map(({ id }) => id);
      const found: string[] = [];
      for (let page = await queries.list(T, {}, shape, { sort, page: { count: 9, withTotal: false } }); ;) {
        found.push(...page.items.map(({ id }) => id));
        if (!page.next) break;
        page = await queries.list(T, {}, shape, { sort, page: { count: 9, after: page.next, withTotal: false } });
      }
      expect(found).toEqual(expected);
    }
  });

  it('show a connection its own and what admins made', async () => {
    const view = fullDirectoryView();
    await view.apply(tenancy.database, [
      decoded(
        'resource',
        'admin-made',
        1,
        ResourceCreated({ ...standing, connectionId: null }, { resource: whole({ label: 'x' }) }),
      ),
    ]);
    const total = async (sight: object) =>
      (await queries.list(T, sight, shape, { page: { count: 0, withTotal: true } })).total;
    expect([await total({}), await total({ connectionId: 'entra' }), await total({ connectionId: 'okta' })]).toEqual([
      SAWS + 1,
      SAWS + 1,
      1,
    ]);
    expect(await queries.get(T, { connectionId: 'okta' }, shape, 'admin-made')).toMatchObject({ connectionId: null });
    expect(await queries.get(T, { connectionId: 'okta' }, shape, 's-1')).toBeUndefined();
    expect(await queries.get(T, {}, { ...shape, id: 'others' }, 's-1')).toBeUndefined();
    expect(await queries.get('other', {}, shape, 's-1')).toBeUndefined();
  });
});

describe('views of what a tenant’s own schemas shape (R71)', () => {
  const tables = ['schemas', 'resources', 'users'];
  const contents = async ({ name }: View) =>
    Object.fromEntries(
      await Promise.all(
        tables.map(
          async (table) =>
            [table, await tenancy.database.query(`select * from ${name}.${table} order by tenant_id, id`)] as const,
        ),
      ),
    );
  let made = 0;
  const fresh = async (): Promise<View> => {
    const view = fullDirectoryView(`test_view_${++made}`);
    await prepareView(tenancy.database, 'directory', view);
    return view;
  };

  const user: UserStanding = {
    changed: [],
    writer: 'connection',
    accountType: 'managed',
    connectionId: null,
    unassignedFrom: null,
    passwordId: null,
  };
  const history: Decoded[] = [
    ...definitions,
    decoded(
      'resource',
      'r-1',
      1,
      ResourceCreated(standing, { resource: whole({ serial: 'A', made: '2026-01-05T10:00:00+01:00' }) }),
    ),
    decoded(
      'user',
      'u-1',
      1,
      UserCreated(
        { ...user, schemasVersion: VERSION, unique: [] },
        {
          resource: {
            schemas: [userType.schema.id, lease.id],
            userName: 'Ada',
            [lease.id]: { label: 'Long', until: '2026-01-05T10:00:00+01:00' },
          },
        },
      ),
    ),
    decoded('user', 'u-2', 1, UserCreated(user, { resource: { schemas: [userType.schema.id], userName: 'Bob' } })),
    decoded('resource', 'r-2', 1, ResourceCreated(standing, { resource: whole({ serial: 'B' }) })),
    decoded('resource', 'r-1', 2, ResourceChanged(standing, { resource: whole({ serial: 'A', label: 'Big' }) })),
    decoded('resource', 'r-2', 2, ResourceDeleted({ typeId: 'saws', connectionId: 'entra' })),
  ];

  it('are the same one event at a time, twice, and all at once', async () => {
    const [slow, fast] = [await fresh(), await fresh()];
    for (const event of history) await slow.apply(tenancy.database, [event]);
    for (const event of history) await slow.apply(tenancy.database, [event]);
    await fast.apply(tenancy.database, history);
    const rows = await contents(slow);
    expect(await contents(fast)).toEqual(rows);
    expect(rows.resources).toMatchObject([{ id: 'r-1', revision: 2, search: { serial: 'A', label: 'big' } }]);
    expect(rows.users).toMatchObject([
      { id: 'u-1', search: { [lease.id]: { label: 'long', until: '2026-01-05T09:00:00.000000000Z' } } },
      { id: 'u-2' },
    ]);
  });

  it('wait for the definitions that an event was written by', async () => {
    const view = await fresh();
    await view.apply(tenancy.database, definitions.slice(0, 2));
    const event = history.find(({ stream }) => stream.startsWith('resource-'))!;
    await expect(view.apply(tenancy.database, [event])).rejects.toThrow(
      `is to apply what was written by version ${VERSION}`,
    );
    await view.apply(tenancy.database, definitions.slice(2));
    await view.apply(tenancy.database, [event]);
    expect((await contents(view)).resources).toHaveLength(1);
  });

  it('ask for a tenant’s types once for a version, and for nothing where it has none of its own', async () => {
    const view = await fresh();
    await view.apply(tenancy.database, definitions);
    let asked = 0;
    const counting = {
      query: ((...given: Parameters<typeof tenancy.database.query>) => (
        (asked += 1),
        tenancy.database.query(...given)
      )) as typeof tenancy.database.query,
    };
    const kept = keptTypes(view.name);
    expect((await kept.at(counting, 'another', 0)).version).toBe(0);
    expect(asked).toBe(0);
    const first = await kept.at(counting, T, VERSION);
    expect(await kept.at(counting, T, VERSION)).toBe(first);
    expect(await kept.at(counting, T, 1)).toBe(first);
    expect(asked).toBe(1);
    expect(await kept.now(counting, T)).toBe(first);
    await view.apply(tenancy.database, [
      decoded('schemas', T, VERSION + 1, SchemaDefined({ schema: { ...lease, name: 'Rent' } })),
    ]);
    const next = await kept.at(counting, T, VERSION + 1);
    expect(next.version).toBe(VERSION + 1);
    expect(sameValue(next.own[0]!.type.schema as never, first.own[0]!.type.schema as never)).toBe(true);
  });
});
