import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { client, type Answer } from './testing/client.ts';
import { testSystem, type TestSystem } from './testing/system.ts';
import {
  ENTERPRISE,
  makeTenant,
  operations,
  SCIM_GROUP,
  SCIM_USER,
  type IdentityProvider,
  type Tenant,
} from './testing/world.ts';

/**
 * Walls between connections, of one tenant and of several, attribute by attribute: whatever of another's is named, the answer is the one
 * that something gets which never existed.
 */
let system: TestSystem;
let plum: Tenant;
let victim: IdentityProvider;
let others: [string, IdentityProvider][];
let ada: string;
let staff: string;
let deleted: string;

beforeAll(async () => {
  system = await testSystem();
  plum = await makeTenant(system);
  const pear = await makeTenant(system, 'Pear');
  victim = await plum.connect();
  others = [
    ['a connection of the same tenant', await plum.connect()],
    ['a strict one of the same tenant', await plum.connect('strict')],
    ['a connection of another tenant', await pear.connect()],
    ['a strict one of another tenant', await pear.connect('strict')],
  ];
  ada = await victim.hire('ada', {
    externalId: 'ext-ada',
    title: 'Secret baker',
    [ENTERPRISE]: { employeeNumber: '4711' },
  });
  staff = await victim.group('Secret staff', ada);
  await victim.set(ada, { op: 'replace', path: 'nickName', value: 'Secret' });
  for (const name of ['bob', 'cy']) await victim.hire(name);
  await victim.group('Secret others');
  deleted = await victim.hire('deleted');
  await victim.scim.ok('DELETE', `/Users/${deleted}`);
  await system.settled();
});
afterAll(() => system?.close());

type Asked = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  body?: object;
  headers?: Record<string, string>;
};

/** An answer in which an id is any id: what is made anew has ids, instants and places of its own. */
const told = ({ status, headers, text }: Answer, anyIds: (text: string) => string) => ({
  status,
  etag: headers.get('etag'),
  text: anyIds(text).replace(/"(id|location|\$ref|version|nextCursor)":"[^"]*"/g, '"$1":"…"'),
});

const versions = ['W/"1"', 'W/"2"', 'W/"99"', '"2"', '*'];
const guarded = (asked: Asked, header = 'if-match'): Asked[] => [
  asked,
  ...versions.map((version) => ({ ...asked, headers: { [header]: version } })),
];
const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

const bulk = (...Operations: object[]): Asked => ({
  method: 'POST',
  path: '/Bulk',
  body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations },
});
const search = (path: string, filter: string): Asked[] => [
  { method: 'GET', path: `${path}?filter=${encodeURIComponent(filter)}` },
  { method: 'POST', path: `${path}/.search`, body: { schemas: [SEARCH], filter } },
];
const user = (name: string, more: object = {}) => ({
  schemas: [SCIM_USER, ENTERPRISE],
  userName: `${name}@plum.example`,
  ...more,
});
const group = (displayName: string, ...values: string[]) => ({
  schemas: [SCIM_GROUP],
  displayName,
  members: values.map((value) => ({ value })),
});

/** Everything that can name a resource, as asked with an id. */
const waysToName = (id: string, type: 'Users' | 'Groups', own: string, word: string): Asked[] => {
  const path = `/${type}/${id}`;
  const whole = type === 'Users' ? user(`new-${word}`) : group(`New ${word}`);
  const change = operations({ op: 'replace', path: 'displayName', value: 'Taken over' });
  return [
    ...guarded({ method: 'GET', path }, 'if-none-match'),
    { method: 'GET', path: `${path}?attributes=id` },
    { method: 'GET', path: `${path}?excludedAttributes=members` },
    ...guarded({ method: 'PUT', path, body: whole }),
    ...guarded({ method: 'PATCH', path, body: change }),
    { method: 'PATCH', path, body: operations() },
    { method: 'PATCH', path, body: operations({ op: 'remove', path: 'title' }) },
    { method: 'PATCH', path, body: operations({ op: 'replace', path: 'id', value: 'x' }) },
    ...guarded({ method: 'DELETE', path }),
    bulk({ method: 'PUT', path, data: whole }, { method: 'PATCH', path, data: change }, { method: 'DELETE', path }),
    ...versions.map((version) =>
      bulk({ method: 'PATCH', path, version, data: change }, { method: 'DELETE', path, version }),
    ),
    ...search(`/${type}`, `id eq "${id}"`),
    ...search('', `id eq "${id}"`),
    ...search('', `id eq "${id}" and meta.version eq "W/\\"2\\""`),
    ...search('/Groups', `members.value eq "${id}"`),
    ...search('/Groups', `members[value eq "${id}" and display pr]`),
    ...search('/Users', `groups.value eq "${id}"`),
    ...search('/Users', `${ENTERPRISE}:manager.value eq "${id}"`),
    // Members, and managers, of one's own.
    { method: 'POST', path: '/Groups', body: group(`Posted ${word}`, id) },
    {
      method: 'PATCH',
      path: `/Groups/${own}`,
      body: operations({ op: 'add', path: 'members', value: [{ value: id }] }),
    },
    {
      method: 'PATCH',
      path: `/Groups/${own}?attributes=members`,
      body: operations({
        op: 'replace',
        path: 'members',
        value: [{ value: id, type: type === 'Users' ? 'User' : 'Group' }],
      }),
    },
    { method: 'PATCH', path: `/Groups/${own}`, body: operations({ op: 'remove', path: `members[value eq "${id}"]` }) },
    { method: 'PUT', path: `/Groups/${own}`, body: group(`Own ${word}`, id) },
    { method: 'GET', path: `/Groups/${own}` },
    { method: 'POST', path: '/Users', body: user(`managed-${word}`, { [ENTERPRISE]: { manager: { value: id } } }) },
    bulk({ method: 'POST', path: '/Groups', bulkId: 'g', data: group(`Bulk ${word}`, id) }),
    // The other type's endpoint.
    { method: 'GET', path: `/${type === 'Users' ? 'Groups' : 'Users'}/${id}` },
  ];
};

/** Each question with another's id, then with one that never was; both find the same things of their own. */
const compare = async (idp: IdentityProvider, id: string, type: 'Users' | 'Groups') => {
  const never = randomUUID();
  const answers = async (named: string) => {
    const member = (await idp.scim.ok('POST', '/Users', user('own'))).id;
    const own = await idp.group('Own', member);
    const all = [];
    for (const { method, path, body, headers } of waysToName(named, type, own, 'one')) {
      const anyIds = (text: string) =>
        text.replaceAll(named, '<id>').replaceAll(own, '<own>').replaceAll(member, '<member>');
      all.push({
        asked: anyIds(`${method} ${path} ${JSON.stringify([headers, body])}`),
        ...told(await idp.scim.call(method, path, body, headers), anyIds),
      });
    }
    for (const one of (await idp.scim.ok('GET', '/Groups?attributes=id')).Resources)
      await idp.scim.delete(`/Groups/${one.id}`);
    for (const one of (await idp.scim.ok('GET', '/Users?attributes=id')).Resources)
      await idp.scim.delete(`/Users/${one.id}`);
    return all;
  };
  expect(await answers(id)).toEqual(await answers(never));
};

describe('another connection’s', () => {
  it.each([
    'a connection of the same tenant',
    'a strict one of the same tenant',
    'a connection of another tenant',
    'a strict one of another tenant',
  ])('users, groups and deleted users are to %s what never was', async (name) => {
    const idp = others.find(([each]) => each === name)![1];
    await compare(idp, ada, 'Users');
    await compare(idp, staff, 'Groups');
    await compare(idp, deleted, 'Users');
    const untouched = await victim.scim.ok('GET', `/Users/${ada}`);
    expect(untouched).toMatchObject({
      title: 'Secret baker',
      meta: { version: expect.stringMatching(/^W\/"2/) },
      groups: [{ value: staff }],
    });
    expect((await victim.scim.ok('GET', `/Groups/${staff}`)).members).toMatchObject([{ value: ada }]);
  });

  it('names, numbers and versions are in no list, whatever is asked', async () => {
    const filters = [
      'title pr',
      'title eq "Secret baker"',
      'externalId eq "ext-ada"',
      `${ENTERPRISE}:employeeNumber eq "4711"`,
      'groups.display co "Secret"',
      'members.display co "ada"',
      'displayName co "Secret" or displayName co "ada"',
      'not (userName eq "x")',
      'meta.location co "Users"',
    ];
    for (const [, { scim }] of others)
      for (const path of ['/Users', '/Groups', ''])
        for (const filter of filters)
          for (const query of ['', '&sortBy=displayName', '&cursor=']) {
            const { status, text } = await scim.get(`${path}?filter=${encodeURIComponent(filter)}${query}`);
            expect([200, 400]).toContain(status);
            for (const secret of [ada, staff, 'Secret baker', 'Secret staff', 'ada@plum'])
              if (status === 200) expect(text).not.toContain(secret);
          }
  });

  it('userName is taken in the tenant, free in another, and the refusal tells nothing else; an externalId and a group’s name are free', async () => {
    for (const [name, { scim }] of others) {
      const taken = await scim.post('/Users', user('ada', { externalId: 'ext-ada' }));
      if (name.includes('same')) {
        expect(taken).toMatchObject({ status: 409, body: { scimType: 'uniqueness' } });
        for (const secret of [ada, 'Secret', victim.id]) expect(taken.text).not.toContain(secret);
        expect(taken.headers.get('location')).toBeNull();
      } else {
        expect(taken.status).toBe(201);
        await scim.delete(`/Users/${taken.body.id}`);
      }
      expect(
        (
          await scim.post(
            '/Users',
            user(`free-of-${others.findIndex(([each]) => each === name)}`, { externalId: 'ext-ada' }),
          )
        ).status,
      ).toBe(201);
      expect((await scim.post('/Groups', { schemas: [SCIM_GROUP], displayName: 'Secret staff' })).status).toBe(201);
    }
  });

  it('cursors are what forged ones are: of users, of groups and of the root, in a query and in a search', async () => {
    for (const path of ['/Users', '/Groups', '']) {
      const { nextCursor } = await victim.scim.ok('GET', `${path}?cursor=&count=1`);
      expect((await victim.scim.get(`${path}?cursor=${nextCursor}`)).status).toBe(200);
      const [body = '', signature = ''] = nextCursor.split('.');
      for (const [, { scim }] of others) {
        const forged = await scim.get(`${path}?cursor=forged`);
        expect(forged).toMatchObject({ status: 400, body: { scimType: 'invalidCursor' } });
        for (const cursor of [nextCursor, `${body}.`, `${body}.${signature.slice(1)}`, `${body}x.${signature}`]) {
          expect(await scim.get(`${path}?cursor=${cursor}`)).toMatchObject({ status: 400, text: forged.text });
          expect(await scim.post(`${path}/.search`, { schemas: [SEARCH], cursor })).toMatchObject({
            status: 400,
            text: forged.text,
          });
        }
      }
    }
  });

  it('token opens nothing, and what is refused does not tell whether tenant, connection or path exist', async () => {
    const [, [, strict], [, stranger]] = others as [unknown, [string, IdentityProvider], [string, IdentityProvider]];
    const places = [
      victim.scimUrl,
      victim.scimUrl.replace(victim.id, randomUUID()),
      victim.scimUrl.replace(plum.id, randomUUID()),
      stranger.scimUrl.replace(stranger.id, victim.id),
      victim.scimUrl.replace(victim.id, 'x'),
    ];
    const answers = new Set<string>();
    for (const place of places)
      for (const token of [strict.token, stranger.token, plum.superAdmin.key, 'wrong'])
        for (const path of [
          '/Users',
          `/Users/${ada}`,
          '/Users/nobody',
          '/Nope',
          '/Bulk',
          '/Schemas',
          `/Groups/${staff}?attributes=id`,
        ]) {
          const { status, text, headers } = await client(place, token).get(path);
          answers.add(JSON.stringify([status, text, headers.get('www-authenticate'), headers.get('etag')]));
        }
    expect([...answers]).toEqual([expect.stringMatching(/^\[401,/)]);
  });
});

describe('a user whom another connection took over', () => {
  it('is a member of nothing that the first one sees', async () => {
    const [first, second] = [await plum.connect('generic', { unassign: 'deactivate' }), await plum.connect()];
    const dee = await first.hire('dee');
    const crew = await first.group('Crew', dee);
    await first.scim.ok('DELETE', `/Users/${dee}`);
    expect((await first.scim.get(`/Users/${dee}`)).status).toBe(404);
    expect((await first.scim.ok('GET', `/Groups/${crew}`)).members ?? []).toEqual([]);
    await second.set(dee, { op: 'replace', path: 'displayName', value: 'Dee of the second' });
    expect((await first.scim.get(`/Groups/${crew}`)).text).not.toContain(dee);
    for (const filter of [`members.value eq "${dee}"`, 'members.display co "second"', 'members pr'])
      expect(
        await first.scim.ok('GET', `/Groups?filter=${encodeURIComponent(`${filter} and displayName eq "Crew"`)}`),
      ).toMatchObject({ totalResults: 0 });
    expect((await plum.directory.ok('GET', `/users/${dee}`)).resource.displayName).toBe('Dee of the second');
    expect((await second.scim.ok('GET', `/Users/${dee}`)).groups ?? []).toEqual([]);
  });
});
