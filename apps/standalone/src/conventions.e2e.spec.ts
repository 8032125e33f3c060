import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from './testing/client.ts';
import { person, testWorld, type TestApp, type Tenant, type World } from './testing/world.ts';

let world: World;
let plum: Tenant;
let app: TestApp;
let group: string;
let connection: string;
beforeAll(async () => {
  world = await testWorld();
  const office = await world.office();
  ({ tenant: plum, app } = office);
  connection = office.idp.id;
  group = await office.idp.group('Staff');
  await world.settled();
});
afterAll(() => world.close());

const frame = { suspend: 'P1D', hardDelete: 'P7D' };

/** What can be replaced: where it is, and another value. */
const replaceable: [string, () => [Client, string, object]][] = [
  ['a tenant', () => [plum.directory, '', { ...plum.profile, name: 'Plum & Sons' }]],
  [
    'app roles',
    () => [
      plum.directory,
      '/app-roles',
      [{ displayName: 'Baker', value: 'Baker', description: '', allowedMemberTypes: ['User'], enabled: true }],
    ],
  ],
  ['sso', () => [plum.mapping, `${app.path}/sso`, { configured: true }]],
  ['endpoint', () => [plum.mapping, `${app.path}/endpoint`, { url: `${world.sandbox.scimUrl}/` }]],
  ['credentials', () => [plum.mapping, `${app.path}/credentials`, { kind: 'bearer', token: world.sandbox.token }]],
  [
    'attributes',
    () => [
      plum.mapping,
      `${app.path}/attributes`,
      {
        matching: [{ source: 'userName', target: 'userName' }],
        mappings: [{ target: 'userName', kind: 'direct', source: 'userName', apply: 'always' }],
      },
    ],
  ],
  [
    'scope',
    () => [
      plum.mapping,
      `${app.path}/scope`,
      { assignment: 'assigned', groups: [{ id: group, nested: true }], orgUnits: ['/Sales'] },
    ],
  ],
  [
    'deprovisioning',
    () => [plum.mapping, `${app.path}/deprovisioning`, { turnedOff: frame, suspended: frame, deleted: frame }],
  ],
  ['approvals', () => [plum.mapping, `${app.path}/approvals`, { actions: ['delete'] }]],
  ['threshold', () => [plum.mapping, `${app.path}/threshold`, { percent: 10, window: 'PT1H' }]],
  [
    'rules',
    () => [
      plum.mapping,
      `${app.path}/rules`,
      {
        rules: [
          {
            name: 'Nobody',
            enabled: false,
            match: 'all',
            conditions: [{ source: 'department', operator: 'absent' }],
            actions: [{ type: 'skip' }],
          },
        ],
      },
    ],
  ],
  ['entitlements', () => [plum.mapping, `${app.path}/entitlements`, { configuredBy: 'user', domain: 'plum.example' }]],
];

describe('what is replaced by PUT', () => {
  it.each(replaceable)(
    '%s: answers 200 with the stored shape, which GET then answers, of the version in the ETag',
    async (_name, what) => {
      const [api, path, body] = what();
      const put = await api.put(path, body);
      expect({ status: put.status, text: put.text }).toMatchObject({ status: 200 });
      const got = await api.get(path);
      expect(got.body).toEqual(put.body);
      expect(got.headers.get('etag')).toMatch(/^W\/"\d+"$/);
    },
  );

  it.each(replaceable)(
    '%s: is refused with 412 for another version than the one that is there, and with 400 for fields that nobody knows',
    async (_name, what) => {
      const [api, path, body] = what();
      const etag = (await api.get(path)).headers.get('etag')!;
      expect((await api.put(path, body, { 'if-match': 'W/"999"' })).status).toBe(412);
      expect(
        (await api.put(path, Array.isArray(body) ? [{ ...body[0], unheardOf: 1 }] : { ...body, unheardOf: 1 })).status,
      ).toBe(400);
      expect((await api.get(path)).headers.get('etag')).toBe(etag);
      expect((await api.put(path, body, { 'if-match': etag })).status).toBe(200);
    },
  );
});

describe('a problem', () => {
  it('is problem+json with a stable code, and says which fields', async () => {
    const refused = await plum.directory.post('/connections', {
      name: '',
      identityProviderId: 'idp',
      profile: 'unheard-of',
    });
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    expect(refused.body).toMatchObject({
      type: expect.any(String),
      title: expect.any(String),
      status: 400,
      code: 'request/invalid',
      detail: expect.any(String),
    });
    expect(refused.body.errors.map(({ field }: any) => field)).toEqual(['name', 'profile']);
  });

  it('is a SCIM error below /scim, whatever went wrong', async () => {
    const { scim } = await plum.connect();
    const answers = [
      await scim.get('/Users/nobody'),
      await scim.get('/Nothing'),
      await scim.post('/Users', { displayName: 'Nameless' }),
      await scim.put('/Users/nobody', person('x')),
      await scim.get('/Users?filter=what'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 400, 404, 400]);
    for (const { status, body, headers } of answers) {
      expect(headers.get('content-type')).toContain('application/scim+json');
      expect(body).toMatchObject({
        schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
        status: String(status),
        detail: expect.any(String),
      });
    }
  });
});

describe('a user', () => {
  it('has its version as an ETag, which If-Match honours, for admins and for SCIM', async () => {
    const made = await plum.directory.post('/users', { resource: person('etag') });
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toBe(`/directory/v1/tenants/${plum.id}/users/${made.body.id}`);
    const path = `/users/${made.body.id}`;
    expect((await plum.directory.patch(path, { resource: { title: 'A' } }, { 'if-match': 'W/"7"' })).status).toBe(412);
    expect(
      (await plum.directory.patch(path, { resource: { title: 'A' } }, { 'if-match': made.headers.get('etag')! })).body,
    ).toMatchObject({ version: 2, resource: { title: 'A' } });

    const { scim } = await plum.connect();
    const created = await scim.post('/Users', person('etag-scim'));
    expect(created.headers.get('location')).toBe(created.body.meta.location);
    expect(created.headers.get('etag')).toBe(created.body.meta.version);
    expect((await scim.put(`/Users/${created.body.id}`, person('etag-scim'), { 'if-match': 'W/"7"' })).status).toBe(
      412,
    );
    expect((await scim.delete(`/Users/${created.body.id}`, { 'if-match': created.body.meta.version })).status).toBe(
      204,
    );
  });
});

describe('the clock', () => {
  it('is moved by root alone, and never backwards', async () => {
    const root = world.root();
    const now = await world.now();
    expect((await root.post('/clock', { advance: 'PT1H' })).body.now > now).toBe(true);
    expect((await root.post('/clock', { to: now })).status).toBe(409);
    expect((await root.post('/clock', { advance: 'a while' })).status).toBe(400);
  });
});

describe('a connection', () => {
  it('has its settings replaced as a whole, of the version that the ETag names', async () => {
    const path = `/connections/${connection}`;
    const etag = (await plum.directory.get(path)).headers.get('etag')!;
    expect((await plum.directory.put(`${path}/settings`, { groups: false }, { 'if-match': 'W/"99"' })).status).toBe(
      412,
    );
    const replaced = await plum.directory.put(`${path}/settings`, { groups: false }, { 'if-match': etag });
    expect(replaced).toMatchObject({ status: 200, body: { settings: { groups: false } } });
    expect((await plum.directory.get(path)).body).toEqual(replaced.body);
    expect(replaced.headers.get('etag')).not.toBe(etag);
  });
});
