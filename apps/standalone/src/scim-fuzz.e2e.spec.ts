import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { printFilter } from '@tenure/scim';
import { filters } from '@tenure/scim/testing';
import fc from 'fast-check';
import type { Answer } from './testing/client.ts';
import { testSystem, type TestSystem } from './testing/system.ts';
import {
  ENTERPRISE,
  makeTenant,
  operations,
  person,
  SCIM_GROUP,
  SCIM_USER,
  type IdentityProvider,
  type Tenant,
} from './testing/world.ts';

let system: TestSystem;
/** An identity provider of each way to read, with a user and a group. */
type Fuzzed = IdentityProvider & { userId: string; groupId: string; thingId: string };
let idps: Fuzzed[];
let tenant: Tenant;

const THING = 'urn:example:fuzz:2.0:Thing';
/** Of every type, in every number. */
const attributes = ['string', 'boolean', 'decimal', 'integer', 'dateTime', 'binary'].flatMap((type) => [
  { name: `${type}One`, type },
  { name: `${type}Many`, type, multiValued: true },
]);

beforeAll(async () => {
  system = await testSystem();
  tenant = await makeTenant(system);
  const parts = [
    { name: 'value' },
    { name: 'type' },
    { name: 'primary', type: 'boolean' },
    { name: 'display', type: 'integer' },
  ];
  await tenant.directory.ok('PUT', `/schemas/${THING}`, {
    name: 'Thing',
    attributes: [
      ...attributes,
      { name: 'name', type: 'complex', subAttributes: parts },
      { name: 'emails', type: 'complex', multiValued: true, subAttributes: parts },
    ],
  });
  await tenant.directory.ok('PUT', '/resource-types/Thing', { endpoint: '/Things', schema: THING });
  await tenant.directory.ok('PUT', '/resource-types/User', { schemaExtensions: [{ schema: THING }] });
  const furnished = async (profile: string): Promise<Fuzzed> => {
    const provider = await tenant.connect(profile);
    const userId = await provider.hire(`ada-of-${profile}`, {
      phoneNumbers: [{ type: 'work', value: '1' }],
      roles: [{ value: 'x' }],
      [ENTERPRISE]: { department: 'Ovens' },
    });
    const { id: thingId } = await provider.scim.ok('POST', '/Things', {
      schemas: [THING],
      stringOne: 'x',
      stringMany: ['x', 'y'],
      emails: [{ value: 'x', type: 'work' }],
    });
    return { ...provider, userId, groupId: await provider.group('Readers', userId), thingId };
  };
  idps = [await furnished('generic'), await furnished('strict')];
});
afterAll(() => system?.close());

/** Bounded by time too: a slow machine tries fewer. For a long search set `TENURE_FUZZ_SECONDS`, for each kind of thing sent. */
const seconds = Number(process.env['TENURE_FUZZ_SECONDS'] ?? 0);
const triesOf = (numRuns: number) => ({
  numRuns: seconds === 0 ? numRuns : 1_000_000,
  interruptAfterTimeLimit: (seconds || 15) * 1000,
});
const tries = triesOf(150);
jest.setTimeout(tries.interruptAfterTimeLimit + 30_000);
const check = (answer: Answer) => {
  expect(answer.text).not.toContain('Something went wrong');
  expect([200, 201, 204, 304, 400, 401, 403, 404, 405, 409, 412, 413, 415, 501]).toContain(answer.status);
  if (answer.status >= 400)
    expect(answer.body).toMatchObject({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: String(answer.status),
    });
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  return answer;
};
const idp = fc.nat(1).map((at) => idps[at]!);

/** Half a character can't be in a URL. */
const wellFormed = (text: string) => text.replace(/\p{Surrogate}/gu, '');

const names = fc.constantFrom(
  'userName',
  'USERNAME',
  'id',
  'active',
  'name',
  'name.givenName',
  'emails',
  'emails.value',
  'members',
  'members.value',
  'groups',
  'meta',
  'meta.lastModified',
  'schemas',
  'password',
  'displayName',
  'roles',
  'x509Certificates',
  'externalId',
  'manager',
  ENTERPRISE,
  `${ENTERPRISE}:manager`,
  `${ENTERPRISE}:manager.value`,
  `${SCIM_USER}:userName`,
  '__proto__',
  'constructor',
  'constructor.prototype.polluted',
  'toString',
  'nothing',
  '',
  '$ref',
  'a b',
  'é',
  '🦊',
  ...attributes.map(({ name }) => name),
  THING,
  `${THING}:stringOne`,
  `${THING}:emails.value`,
);
const words = fc.oneof(
  names,
  fc.constantFrom(
    '[',
    ']',
    '(',
    ')',
    '"',
    '\\',
    ' ',
    '.',
    ':',
    ',',
    '%',
    '\u0000',
    '\ud800',
    'eq',
    'ne',
    'co',
    'gt',
    'pr',
    'and',
    'or',
    'not',
    'true',
    'null',
    '1e999',
    '-0',
    '"work"',
    '[type eq "work"]',
    '.value',
  ),
  fc.string({ maxLength: 5, unit: 'binary' }),
);
const phrases = fc.array(words, { maxLength: 12 }).chain((list) => fc.constantFrom(list.join(' '), list.join('')));

const values: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      -1,
      1e308,
      '',
      'True',
      'x',
      'ada@plum.example',
      '2026-01-05T09:00:00Z',
      '\u0000',
      '\udfff',
    ),
    phrases,
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc
    .array(
      fc.tuple(fc.oneof(names, fc.constantFrom('value', 'type', 'primary', 'display', 'givenName')), tie('value')),
      { maxLength: 5 },
    )
    .map((entries) => Object.fromEntries(entries)),
})).value!;

const operation = fc.record(
  {
    op: fc.constantFrom<unknown>('add', 'replace', 'remove', 'Add', 'move', 1, null),
    path: fc.oneof(names, phrases, fc.constantFrom<unknown>(undefined, 1)),
    value: values,
  },
  { requiredKeys: [] },
);
const patches = fc.array(operation, { maxLength: 4 }).map((list) => operations(...list));
const kinds = fc.constantFrom('user' as const, 'group' as const, 'thing' as const);
const targetOf = ({ userId, groupId, thingId }: Fuzzed, kind: 'user' | 'group' | 'thing') =>
  ({ user: `/Users/${userId}`, group: `/Groups/${groupId}`, thing: `/Things/${thingId}` })[kind];
/** Everything that a connection has, each with its version. */
const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';
const BULK = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';

const everything = async ({ scim }: Fuzzed) => {
  const { totalResults, Resources } = await scim.ok('GET', '/?count=1000');
  expect(Resources).toHaveLength(totalResults);
  return new Map<string, any>(Resources.map((resource: any) => [resource.id, resource]));
};

describe('whatever is sent, nothing breaks', () => {
  it('as a filter, as sorting, as attributes', async () => {
    await fc.assert(
      fc.asyncProperty(
        idp,
        fc.constantFrom('/Users', '/Groups', '/Things', ''),
        fc.constantFrom(
          'filter',
          'sortBy',
          'attributes',
          'excludedAttributes',
          'count',
          'startIndex',
          'cursor',
          'sortOrder',
        ),
        phrases,
        async ({ scim }, path, name, text) => {
          check(await scim.get(`${path}/?${name}=${encodeURIComponent(wellFormed(text))}`));
          check(await scim.post(`${path}/.search`, { schemas: [SEARCH], [name]: text }));
        },
      ),
      tries,
    );
  });

  it('and a filter that is well formed is answered', async () => {
    await fc.assert(
      fc.asyncProperty(filters, async (filter) => {
        const text = printFilter(filter);
        fc.pre(text.length < 4000);
        const { status, text: answered } = check(await idps[0]!.scim.get(`/Users?filter=${encodeURIComponent(text)}`));
        expect({ text, status, answered }).toMatchObject({ status: 200 });
      }),
      tries,
    );
  });

  it('as a path', async () => {
    await fc.assert(
      fc.asyncProperty(
        idp,
        fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
        fc.constantFrom(
          '/Users/',
          '/Groups/',
          '/Things/',
          '/Nothing/',
          '/Schemas/',
          '/ResourceTypes/',
          '/',
          '/Bulk/',
          '/.search/',
        ),
        phrases,
        fc.boolean(),
        async ({ scim }, method, path, text, encoded) => {
          const tail = encoded ? encodeURIComponent(wellFormed(text)) : text.replace(/[^\x21-\x7e]|[?#]/g, '%');
          check(
            await scim.call(
              method as 'GET',
              `${path}${tail}`,
              method === 'GET' || method === 'DELETE' ? undefined : {},
            ),
          );
        },
      ),
      tries,
    );
  });

  it('as a PATCH, and one that is refused has changed nothing', async () => {
    await fc.assert(
      fc.asyncProperty(idp, kinds, patches, async (provider, kind, body) => {
        const { scim } = provider;
        const target = targetOf(provider, kind);
        const before = await scim.ok('GET', target);
        const { status } = check(await scim.patch(target, body));
        if (status >= 400) expect(await scim.ok('GET', target)).toEqual(before);
      }),
      tries,
    );
  });

  it('as a body of POST and PUT', async () => {
    await fc.assert(
      fc.asyncProperty(
        idp,
        fc.constantFrom('/Users', '/Groups', '/Things'),
        values,
        fc.boolean(),
        async ({ scim }, path, body, plausible) => {
          const schema = path === '/Users' ? SCIM_USER : path === '/Groups' ? SCIM_GROUP : THING;
          const sent =
            plausible && typeof body === 'object' && body !== null
              ? { schemas: [schema], userName: 'some@plum.example', displayName: 'Some', ...body }
              : body;
          const created = check(await scim.post(path, sent));
          if (created.status === 201) check(await scim.put(`${path}/${created.body.id}`, sent));
          if (created.status === 201) expect(check(await scim.delete(`${path}/${created.body.id}`)).status).toBe(204);
        },
      ),
      tries,
    );
  });

  it('as a PUT, and one that is refused has changed nothing', async () => {
    await fc.assert(
      fc.asyncProperty(idp, kinds, values, async (provider, kind, given) => {
        const target = targetOf(provider, kind);
        const before = await provider.scim.ok('GET', target);
        const body =
          typeof given === 'object' && given !== null && !Array.isArray(given)
            ? { schemas: before.schemas, userName: before.userName, displayName: before.displayName, ...given }
            : given;
        const { status } = check(await provider.scim.put(target, body));
        if (status >= 400) expect(await provider.scim.ok('GET', target)).toEqual(before);
      }),
      tries,
    );
  });

  it('as a projection of any answer: id and schemas are always in it, a password never', async () => {
    const projection = fc
      .record({ attributes: phrases, excludedAttributes: phrases }, { requiredKeys: [] })
      .map((given) =>
        new URLSearchParams(
          Object.entries(given).map(([name, text]): [string, string] => [name, wellFormed(text)]),
        ).toString(),
      );
    await fc.assert(
      fc.asyncProperty(
        idp,
        kinds,
        fc.constantFrom('GET', 'PUT', 'PATCH', 'POST'),
        projection,
        async (provider, kind, method, query) => {
          const target = targetOf(provider, kind);
          const whole = await provider.scim.ok('GET', target);
          const body = {
            GET: undefined,
            PUT: whole,
            PATCH: operations({ op: 'replace', path: 'displayName', value: whole.displayName ?? 'x' }),
            POST: { schemas: [SEARCH], attributes: [query] },
          }[method];
          const { status, body: shown } = check(
            await provider.scim.call(method as 'GET', method === 'POST' ? '/.search' : `${target}?${query}`, body),
          );
          if (status !== 200) return;
          for (const resource of method === 'POST' ? shown.Resources : [shown])
            expect(resource).toMatchObject({
              id: expect.any(String),
              schemas: [expect.any(String), ...resource.schemas.slice(1)],
            });
          expect(JSON.stringify(shown)).not.toContain('password');
        },
      ),
      tries,
    );
  });

  it('as parameters of a page, one or many, once or twice: never more than was asked for', async () => {
    const number = fc
      .oneof(
        fc.integer({ min: -5, max: 2000 }),
        fc.constantFrom('', 'x', '1.5', '1e3', '99999999999999999999', '-0', ' 1', '0x10'),
      )
      .map(String);
    const parameter = fc.oneof(
      fc.tuple<[string, string]>(fc.constantFrom('count', 'startIndex', 'COUNT', 'startindex'), number),
      fc.tuple<[string, string]>(
        fc.constantFrom('cursor', 'sortBy', 'sortOrder', 'filter', 'attributes', 'unknown'),
        phrases.map(wellFormed),
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        idp,
        fc.constantFrom('/Users', '/Groups', '/', '/Schemas', '/ResourceTypes', '/ServiceProviderConfig'),
        fc.array(parameter, { maxLength: 5 }),
        async ({ scim }, path, given) => {
          const { status, body } = check(await scim.get(`${path}?${new URLSearchParams(given).toString()}`));
          const counts = given.flatMap(([name, value]) =>
            name.toLowerCase() === 'count' && /^\d+$/.test(value) ? [Number(value)] : [],
          );
          if (status === 200 && ['/Users', '/Groups', '/'].includes(path) && counts.length > 0)
            expect(body.Resources.length).toBeLessThanOrEqual(Math.max(...counts));
        },
      ),
      tries,
    );
  });

  it('as headers', async () => {
    const odd = fc.oneof(
      fc.constantFrom(
        '*',
        'W/"1"',
        '"1"',
        'W/"1-abc"',
        '1',
        'W/',
        '""',
        '"1", W/"2"',
        ',',
        'application/json',
        'application/scim+json; charset=latin1',
        'text/html',
        '*/*;q=0',
        'respond-async',
        'W/"99999999999999999999"',
        'W/"-1"',
        'W/"1e3"',
        'identity',
        'gzip',
      ),
      fc.string({ maxLength: 20 }),
    );
    const headers = fc.dictionary(
      fc.constantFrom(
        'if-match',
        'if-none-match',
        'content-type',
        'accept',
        'accept-charset',
        'accept-encoding',
        'prefer',
        'x-request-id',
        'traceparent',
        'if-modified-since',
        'range',
      ),
      odd.map((text) => text.trim()),
      { maxKeys: 4 },
    );
    await fc.assert(
      fc.asyncProperty(
        idp,
        fc.constantFrom('user' as const, 'group' as const),
        fc.constantFrom('GET', 'PUT', 'PATCH', 'DELETE', 'POST'),
        headers,
        async (provider, kind, method, given) => {
          const target =
            method === 'POST' || method === 'DELETE'
              ? kind === 'user'
                ? '/Users/nobody'
                : '/Groups/nobody'
              : targetOf(provider, kind);
          const before = await provider.scim.ok('GET', targetOf(provider, kind));
          const body = {
            GET: undefined,
            DELETE: undefined,
            PUT: before,
            PATCH: operations({ op: 'replace', path: 'displayName', value: `Name ${JSON.stringify(given).length}` }),
            POST: {},
          }[method];
          const { status } = check(await provider.scim.call(method as 'GET', target, body, given));
          if (status >= 300) expect(await provider.scim.ok('GET', targetOf(provider, kind))).toEqual(before);
        },
      ),
      tries,
    );
  });

  it('as text that is hardly JSON', async () => {
    const whole = JSON.stringify(person('text'));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length),
        fc.nat(10),
        fc.string({ maxLength: 8, unit: 'binary' }),
        async (from, length, instead) => {
          const body = Buffer.from(whole.slice(0, from) + instead + whole.slice(from + length));
          const { scimUrl, token } = idps[0]!;
          const response = await fetch(`${scimUrl}/Users`, {
            method: 'POST',
            body,
            headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
          });
          const text = await response.text();
          const { id } = check({
            status: response.status,
            headers: response.headers,
            text,
            body: JSON.parse(text),
          }).body;
          if (id !== undefined) await idps[0]!.scim.delete(`/Users/${id}`);
        },
      ),
      tries,
    );
  });

  it('as a bulk request', async () => {
    const paths = fc.oneof(
      fc.constantFrom<unknown>('/Users', '/Groups', '/Users/bulkId:a', '/Nope', '/Users/%00', undefined),
      phrases.map((text) => `/Users/${text}`),
    );
    const one = fc.record(
      {
        method: fc.constantFrom<unknown>('POST', 'PUT', 'PATCH', 'DELETE', 'GET', 7),
        path: paths,
        bulkId: fc.constantFrom<unknown>('a', 'b', 'c', 'd', undefined),
        version: fc.constantFrom<unknown>(undefined, 'W/"1"', '*', 'x'),
        data: fc.oneof(
          values,
          patches,
          fc.constantFrom(
            { userName: 'bulkId:a' },
            { displayName: 'b', members: [{ value: 'bulkId:a' }, { value: 'bulkId:b' }] },
          ),
        ),
      },
      { requiredKeys: ['method', 'path'] },
    );
    await fc.assert(
      fc.asyncProperty(
        idp,
        fc.array(one, { maxLength: 4 }),
        fc.constantFrom<unknown>(undefined, 1, 0, 'x'),
        async ({ scim }, Operations, failOnErrors) => {
          const { status, body } = check(await scim.post('/Bulk', { schemas: [BULK], Operations, failOnErrors }));
          if (status === 200) for (const done of body.Operations) expect(done.status).toMatch(/^[24]\d\d$/);
        },
      ),
      tries,
    );
  });

  it('as a bulk request of what could be, and each operation is done or has done nothing', async () => {
    const name = fc.constantFrom('Ruth', 'Saul', 'ruth', '', 'Readers');
    const reference = fc.constantFrom('bulkId:a', 'bulkId:b', 'bulkId:c', 'bulkId:nobody', 'nobody');
    const references = fc.array(
      reference.map((value) => ({ value })),
      { maxLength: 3 },
    );
    const creates = fc.oneof(
      fc.record({
        method: fc.constant('POST'),
        path: fc.constant('/Groups'),
        data: fc.record({ displayName: name, members: references }),
      }),
      fc.record({
        method: fc.constant('POST'),
        path: fc.constant('/Users'),
        data: fc.record({
          userName: name,
          [ENTERPRISE]: fc.record({ manager: reference.map((value) => ({ value })) }),
        }),
      }),
    );
    const changes = fc
      .tuple(fc.constantFrom('PATCH', 'PUT'), kinds, patches, values)
      .map(([method, kind, body, data]) => ({ method, kind, data: method === 'PATCH' ? body : data }));
    await fc.assert(
      fc.asyncProperty(
        idp,
        fc.tuple(creates, creates, creates),
        fc.option(changes),
        fc.constantFrom(undefined, 1, 2),
        async (provider, [a, b, c], change, failOnErrors) => {
          const before = await everything(provider);
          const schemas = { '/Users': [SCIM_USER, ENTERPRISE], '/Groups': [SCIM_GROUP] };
          const posts = [a, b, c].map((one, index) => ({
            ...one,
            bulkId: 'abc'[index],
            data: { schemas: schemas[one.path as '/Users'], ...one.data },
          }));
          const target = change && targetOf(provider, change.kind);
          const Operations = [
            ...posts,
            ...(change ? [{ method: change.method, path: target, data: change.data }] : []),
          ];
          const { status, body } = check(
            await provider.scim.post('/Bulk', { schemas: [BULK], Operations, failOnErrors }),
          );
          const done: any[] = status === 200 ? body.Operations : [];
          const made = done.filter((one) => one.status === '201').map(({ location }) => location.split('/').at(-1));
          const after = await everything(provider);
          const changed =
            target !== undefined && done.some((one) => one.method !== 'POST' && one.status === '200')
              ? target?.split('/').at(-1)
              : undefined;
          expect(new Set(after.keys())).toEqual(new Set([...before.keys(), ...made]));
          for (const [id, resource] of before)
            if (id !== changed)
              expect({ ...after.get(id), groups: 0, members: 0, meta: 0 }).toEqual({
                ...resource,
                groups: 0,
                members: 0,
                meta: 0,
              });
          for (const id of made)
            await provider.scim.delete(`${after.get(id).meta.resourceType === 'User' ? '/Users' : '/Groups'}/${id}`);
        },
      ),
      triesOf(30),
    );
  });

  it('as a definition of an admin’s own (R71)', async () => {
    const anAttribute = fc.record(
      {
        name: fc.oneof(names, phrases),
        type: fc.constantFrom<unknown>('string', 'complex', 'reference', 'text', 1),
        subAttributes: fc.constantFrom<unknown>([{ name: 'value' }], [], 'x'),
        uniqueness: fc.constantFrom<unknown>('server', 'none', 'x'),
        multiValued: values,
      },
      { requiredKeys: ['name'] },
    );
    const aSchema = fc.record(
      {
        name: names,
        attributes: fc.oneof(fc.array(anAttribute, { maxLength: 3 }), values),
        description: values,
        more: values,
      },
      { requiredKeys: ['name', 'attributes'] },
    );
    const aType = fc.record(
      {
        endpoint: fc.oneof(names, fc.constantFrom('/Odd', '/Users', '/../x')),
        schema: fc.constantFrom<unknown>(THING, SCIM_USER, 'x', 1),
        schemaExtensions: fc.oneof(values, fc.constantFrom([{ schema: THING }])),
      },
      { requiredKeys: [] },
    );
    const urn = fc.oneof(fc.constantFrom('urn:example:odd', THING, SCIM_USER), phrases);
    const clean = (answer: Answer) => {
      expect(answer.text).not.toContain('Something went wrong');
      expect([200, 204, 400, 404, 405, 409, 414]).toContain(answer.status);
      expect(Object.keys(Object.prototype)).toEqual([]);
    };
    await fc.assert(
      fc.asyncProperty(urn, aSchema, names, aType, async (id, schema, name, type) => {
        const at = (text: string) => encodeURIComponent(wellFormed(text));
        clean(await tenant.directory.put(`/schemas/${at(id)}`, schema));
        clean(await tenant.directory.put(`/resource-types/${at(name)}`, type));
        check(await idps[0]!.scim.get('/ResourceTypes'));
        check(await idps[0]!.scim.get('/Schemas'));
        clean(await tenant.directory.delete(`/resource-types/${at(name)}`));
        clean(await tenant.directory.delete(`/schemas/${at(id)}`));
      }),
      tries,
    );
    expect(
      (await idps[0]!.scim.ok('GET', '/ResourceTypes')).Resources.map(({ name }: { name: string }) => name),
    ).toContain('Thing');
  });

  it('and whoever follows takes in all that was written', () => system.settled());
});
