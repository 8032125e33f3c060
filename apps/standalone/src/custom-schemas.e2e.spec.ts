import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from './testing/client.ts';
import {
  BADGE,
  defineDevices,
  device,
  DEVICE,
  deviceSchema,
  extendPeople,
  LEASE,
  leaseSchema,
  searcher,
  TEAM,
} from './testing/custom-types.ts';
import {
  ENTERPRISE,
  makeApp,
  makeTenant,
  operations,
  person,
  SCIM_GROUP,
  SCIM_USER,
  testWorld,
  type IdentityProvider,
  type Tenant,
  type World,
} from './testing/world.ts';

let system: World;
let plum: Tenant;
let idp: IdentityProvider;
let scim: Client;
let search: ReturnType<typeof searcher>;

const make = async (serial: string, more: object = {}): Promise<any> =>
  scim.ok('POST', '/Devices', device(serial, more));

beforeAll(async () => {
  system = await testWorld();
  plum = await makeTenant(system);
  idp = await plum.connect();
  ({ scim } = idp);
  search = searcher(scim);
  await defineDevices(plum);
});
afterAll(() => system?.close());

describe('R71: extensions of an admin’s own', () => {
  beforeAll(async () => {
    await extendPeople(plum);
  });

  it('are accepted, validated, filtered, patched and projected on users', async () => {
    expect((await scim.ok('GET', '/ResourceTypes/User')).schemaExtensions.map(({ schema }: any) => schema)).toEqual(
      expect.arrayContaining([ENTERPRISE, BADGE]),
    );
    const created = await scim.ok(
      'POST',
      '/Users',
      person('bea', {
        [BADGE]: { badge: 'B-1', floor: 3, since: '2026-01-05T09:00:00Z', keys: [{ value: 'k1', type: 'door' }] },
      }),
    );
    expect(created.schemas).toContain(BADGE);
    expect(created[BADGE]).toMatchObject({ badge: 'B-1', floor: 3 });
    expect((await scim.post('/Users', person('cid', { [BADGE]: { badge: 'b-1' } }))).body).toMatchObject({
      status: '409',
      scimType: 'uniqueness',
    });
    expect((await scim.post('/Users', person('cid', { [BADGE]: { floor: 1 } }))).body).toMatchObject({
      status: '400',
      detail: expect.stringContaining(`${BADGE}:badge`),
    });
    expect(
      (await scim.post('/Users', person('cid', { [BADGE]: { badge: 'B-2', floor: 'third' } }))).body,
    ).toMatchObject({ status: '400', scimType: 'invalidValue' });

    expect(await search(`${BADGE}:badge eq "b-1"`, '/Users')).toEqual(['bea@plum.example']);
    expect(await search(`${BADGE}:floor gt 2 and ${BADGE}:since lt "2026-01-05T11:00:00+01:00"`, '/Users')).toEqual([
      'bea@plum.example',
    ]);
    expect(await search(`${BADGE}:keys[type eq "door" and value eq "k1"]`, '/Users')).toEqual(['bea@plum.example']);
    expect(await search(`schemas eq "${BADGE}"`, '/Users')).toEqual(['bea@plum.example']);

    const path = `/Users/${created.id}`;
    expect(
      (await scim.ok('PATCH', path, operations({ op: 'replace', path: `${BADGE}:floor`, value: 4 })))[BADGE].floor,
    ).toBe(4);
    expect(
      (await scim.ok('PATCH', path, operations({ op: 'replace', value: { [`${BADGE}:floor`]: 5, title: 'Cook' } })))[
        BADGE
      ].floor,
    ).toBe(5);
    expect(await scim.ok('GET', `${path}?attributes=${BADGE}:floor`)).toEqual({
      schemas: expect.any(Array),
      id: created.id,
      [BADGE]: { floor: 5 },
    });
    expect(await scim.ok('GET', `${path}?excludedAttributes=${BADGE}`)).not.toHaveProperty([BADGE]);
    expect((await scim.patch(path, operations({ op: 'remove', path: `${BADGE}:badge` }))).body).toMatchObject({
      scimType: 'mutability',
    });
    // Users without it stay as they are.
    const dan = await idp.hire('dan');
    expect((await idp.set(dan, { op: 'replace', path: 'title', value: 'Waiter' })).schemas).not.toContain(BADGE);
    // Admins edit it too.
    expect(
      (await plum.directory.ok('PATCH', `/users/${dan}`, { resource: { [`${BADGE}:badge`]: 'B-3' } })).resource[BADGE],
    ).toEqual({ badge: 'B-3' });
    expect(
      (await plum.directory.ok('GET', `/users?filter=${encodeURIComponent(`${BADGE}:badge eq "B-3"`)}`)).items,
    ).toHaveLength(1);
  });

  it('that are required are asked of every new user', async () => {
    await plum.directory.ok('PUT', '/resource-types/User', { schemaExtensions: [{ schema: BADGE, required: true }] });
    expect((await scim.post('/Users', person('eve'))).body).toMatchObject({
      status: '400',
      scimType: 'invalidValue',
      detail: `"${BADGE}" is required.`,
    });
    expect((await scim.post('/Users', person('eve', { [BADGE]: { badge: 'E-1' } }))).status).toBe(201);
    await plum.directory.ok('PUT', '/resource-types/User', { schemaExtensions: [{ schema: BADGE }] });
  });

  it('are part of groups, which keep their members', async () => {
    const cooks = await scim.ok('POST', '/Groups', {
      schemas: [SCIM_GROUP, TEAM],
      displayName: 'Cooks',
      [TEAM]: { budget: 10 },
      members: [{ value: await idp.hire('fay') }],
    });
    expect(cooks).toMatchObject({ schemas: [SCIM_GROUP, TEAM], [TEAM]: { budget: 10 } });
    await scim.ok('PATCH', `/Groups/${cooks.id}`, operations({ op: 'replace', path: `${TEAM}:budget`, value: 12.5 }));
    expect(await search(`${TEAM}:budget gt 12`, '/Groups')).toEqual(['Cooks']);
    expect((await scim.ok('GET', `/Groups/${cooks.id}`)).members).toHaveLength(1);
  });

  it('are sources of mappings, so that apps get them', async () => {
    const direct = (target: string, source: string) => ({ target, kind: 'direct', source, apply: 'always' });
    const attributes = {
      matching: [{ source: 'userName', target: 'userName' }],
      mappings: [direct('userName', 'userName'), direct('title', `${BADGE}:badge`)],
    };
    const app = await makeApp(plum, system.sandbox, { attributes });
    await app.assign('users', await idp.hire('hal', { [BADGE]: { badge: 'H-1' } }));
    await app.turnOn();
    await system.settled();
    expect(await system.sandbox.accounts()).toMatchObject([{ userName: 'hal@plum.example', title: 'H-1' }]);
  });

  it('can’t be taken away while somebody has values of them', async () => {
    const refused = await plum.directory.put('/resource-types/User', {});
    expect(refused).toMatchObject({ status: 409, body: { code: 'resource-type/in-use' } });
    expect((await plum.directory.delete('/resource-types/Group')).body).toMatchObject({ code: 'resource-type/in-use' });
    expect((await plum.directory.delete(`/schemas/${BADGE}`)).body).toMatchObject({ status: 409, code: 'schema/used' });
  });
});

describe('R71: an admin', () => {
  it('is told at which field a definition is wrong', async () => {
    const put = (urn: string, attributes: object[]) => plum.directory.put(`/schemas/${urn}`, { name: 'X', attributes });
    const fields = (answer: any) => [
      answer.status,
      answer.body.code,
      answer.body.errors.map(({ field }: any) => field),
    ];
    expect(fields(await put('urn:example:x', [{ name: 'toString' }, { name: 'id' }]))).toEqual([
      400,
      'schema/invalid',
      ['attributes[0].name', 'attributes[1].name'],
    ]);
    expect(
      fields(
        await put('urn:example:x', [{ name: 'a', type: 'complex', subAttributes: [{ name: 'b', type: 'complex' }] }]),
      ),
    ).toEqual([400, 'schema/invalid', ['attributes[0].subAttributes[0].type']]);
    expect(fields(await put('urn:example:x', [{ name: 'a', type: 'text' }]))).toEqual([
      400,
      'request/invalid',
      ['attributes[0].type'],
    ]);
    expect(fields(await put(SCIM_USER, [{ name: 'a' }]))).toEqual([400, 'schema/invalid', ['id']]);
    expect(fields(await put(ENTERPRISE, [{ name: 'a' }]))).toEqual([400, 'schema/invalid', ['id']]);
    expect(
      (
        await plum.directory.call(
          'PUT',
          '/schemas/urn:example:x',
          JSON.parse('{"name":"X","attributes":[{"name":"a","__proto__":{"polluted":true}}]}'),
        )
      ).status,
    ).toBe(400);
    for (const [name, body, field] of [
      ['Thing', { endpoint: '/Users', schema: DEVICE }, 'endpoint'],
      ['Thing', { endpoint: '/schemas', schema: DEVICE }, 'endpoint'],
      ['Thing', { endpoint: '/devices', schema: DEVICE }, 'endpoint'],
      ['Thing', { endpoint: '/Things/x', schema: DEVICE }, 'endpoint'],
      ['Thing', { endpoint: '/Things', schema: 'urn:example:none' }, 'schema'],
      [
        'Thing',
        { endpoint: '/Things', schema: DEVICE, schemaExtensions: [{ schema: DEVICE }] },
        'schemaExtensions[0].schema',
      ],
      ['Schema', { endpoint: '/Things', schema: DEVICE }, 'name'],
      ['User', { endpoint: '/People' }, 'endpoint'],
    ] as const)
      expect(fields(await plum.directory.put(`/resource-types/${name}`, body))).toEqual([
        400,
        'resource-type/invalid',
        [field],
      ]);
    expect(
      (await plum.directory.put('/resource-types/Thing', { name: 'Other', endpoint: '/Things', schema: DEVICE })).body,
    ).toMatchObject({ code: 'request/path-differs' });
    expect((await plum.directory.get('/schemas/urn:example:x')).body).toMatchObject({
      status: 404,
      code: 'schema/unknown',
    });
    expect((await plum.directory.get('/resource-types/Thing')).body).toMatchObject({
      status: 404,
      code: 'resource-type/unknown',
    });
  });

  it('gets back what was put, can put it again without effect, and holds to a version', async () => {
    const answer = await plum.directory.get(`/schemas/${DEVICE}`);
    expect(answer.headers.get('etag')).toBe(`W/"${answer.body.version}"`);
    expect(await plum.directory.ok('PUT', `/schemas/${DEVICE}`, answer.body)).toEqual(answer.body);
    for (const name of ['Device', 'User', 'Group']) {
      const type = await plum.directory.ok('GET', `/resource-types/${name}`);
      expect(await plum.directory.ok('PUT', `/resource-types/${name}`, type)).toEqual(type);
    }
    expect((await plum.directory.put(`/schemas/${LEASE}`, leaseSchema, { 'if-match': 'W/"1"' })).status).toBe(412);
    expect((await plum.directory.ok('GET', '/schemas')).items.map(({ id }: any) => id)).toEqual(
      expect.arrayContaining([DEVICE, LEASE]),
    );
    expect((await plum.directory.ok('GET', '/resource-types')).items.map(({ name }: any) => name)).toEqual([
      'User',
      'Group',
      'Device',
    ]);
  });

  it('extends a type that is in use, and can’t make stored values unreadable', async () => {
    await make('C-1', { model: 'old' });
    const change = (attributes: object[]) => plum.directory.put(`/schemas/${DEVICE}`, { ...deviceSchema, attributes });
    const refused = await change(
      deviceSchema.attributes.map((one) => (one.name === 'model' ? { ...one, type: 'integer' } : one)),
    );
    expect(refused).toMatchObject({ status: 409, body: { code: 'schema/in-use', errors: [{ field: 'model.type' }] } });
    expect((await plum.directory.delete('/resource-types/Device')).body).toMatchObject({
      status: 409,
      code: 'resource-type/in-use',
    });
    expect(
      (await plum.directory.put('/resource-types/Device', { endpoint: '/Gadgets', schema: DEVICE })).body,
    ).toMatchObject({ status: 409, code: 'resource-type/in-use' });
    expect((await change([...deviceSchema.attributes, { name: 'colour', canonicalValues: ['red'] }])).status).toBe(200);
    expect(await make('C-2', { colour: 'Red' })).toMatchObject({ colour: 'Red' });
    expect(await search('colour eq "red"')).toEqual(['C-2']);
  });

  it('defines, and takes away, as an admin; an auditor reads', async () => {
    const { key } = await plum.addAdmin('ann@plum.example', 'admin');
    const { key: auditorKey } = await plum.addAdmin('ori@plum.example', 'auditor');
    const [admin, auditor] = [plum.as(key).directory, plum.as(auditorKey).directory];
    await admin.ok('PUT', '/schemas/urn:example:plum:2.0:Key', { name: 'Key', attributes: [{ name: 'label' }] });
    await admin.ok('PUT', '/resource-types/Key', { endpoint: '/Keys', schema: 'urn:example:plum:2.0:Key' });
    expect((await auditor.get('/resource-types/Key')).status).toBe(200);
    expect((await auditor.put('/resource-types/Key', { endpoint: '/Keys', schema: DEVICE })).status).toBe(403);
    const made = await scim.ok('POST', '/Keys', { schemas: ['urn:example:plum:2.0:Key'], label: 'front' });
    expect((await admin.delete('/resource-types/Key')).status).toBe(409);
    await scim.ok('DELETE', `/Keys/${made.id}`);
    expect((await admin.delete('/schemas/urn:example:plum:2.0:Key')).body).toMatchObject({ code: 'schema/used' });
    expect((await admin.delete('/resource-types/Key')).status).toBe(204);
    expect((await scim.get('/Keys')).status).toBe(404);
    expect((await admin.delete('/schemas/urn:example:plum:2.0:Key')).status).toBe(204);
  });
});

describe('R71: Okta’s entitlement discovery (O11)', () => {
  const [ROLE, ENTITLEMENT] = ['urn:okta:scim:schemas:core:1.0:Role', 'urn:okta:scim:schemas:core:1.0:Entitlement'];
  const attributes = [{ name: 'displayName', required: true }, { name: 'type' }, { name: 'description' }];

  it('reads the roles and entitlements that an admin made', async () => {
    // An admin describes them once, and keeps the list.
    const pear = await makeTenant(system, 'Pear');
    for (const [name, endpoint, schema] of [
      ['Role', '/Roles', ROLE],
      ['Entitlement', '/Entitlements', ENTITLEMENT],
    ] as const) {
      await pear.directory.ok('PUT', `/schemas/${schema}`, { name, attributes });
      await pear.directory.ok('PUT', `/resource-types/${name}`, { endpoint, schema });
    }
    const role = await pear.directory.ok('POST', '/resources/Role', {
      resource: { schemas: [ROLE], displayName: 'Head cook', type: 'Role' },
    });
    await pear.directory.ok('POST', '/resources/Entitlement', {
      resource: { schemas: [ENTITLEMENT], displayName: 'Oven licence', type: 'Entitlement' },
    });

    // Okta: GET /ResourceTypes, GET /Schemas, then the endpoints of these two schemas.
    const okta = await pear.connect('okta');
    const { Resources: types } = await okta.scim.ok('GET', '/ResourceTypes');
    const endpointOf = (schema: string): string => types.find((type: any) => type.schema === schema).endpoint;
    expect((await okta.scim.ok('GET', '/Schemas')).Resources.map(({ id }: any) => id)).toEqual(
      expect.arrayContaining([ROLE, ENTITLEMENT]),
    );
    const roles = await okta.scim.ok('GET', `${endpointOf(ROLE)}?startIndex=1&count=100`);
    expect(roles).toMatchObject({
      totalResults: 1,
      Resources: [{ schemas: [ROLE], id: role.id, displayName: 'Head cook', meta: { resourceType: 'Role' } }],
    });
    expect((await okta.scim.ok('GET', `${endpointOf(ENTITLEMENT)}?startIndex=1&count=100`)).Resources).toMatchObject([
      { displayName: 'Oven licence' },
    ]);
    // What an admin made a connection reads, and no more than that.
    expect((await okta.scim.delete(`/Roles/${role.id}`)).status).toBe(403);
    expect(
      (
        await pear.directory.ok('PUT', `/resources/Role/${role.id}`, {
          resource: { schemas: [ROLE], displayName: 'Chef' },
        })
      ).resource.displayName,
    ).toBe('Chef');
    expect(
      (await pear.directory.ok('GET', `/resources/Role/${role.id}/history`)).items.map(({ type }: any) => type),
    ).toEqual(['ResourceCreated', 'ResourceChanged']);
    expect(
      (await pear.directory.ok('GET', `/resources/Role?filter=${encodeURIComponent('displayName eq "chef"')}`)).items,
    ).toHaveLength(1);
    expect((await pear.directory.delete(`/resources/Role/${role.id}`)).status).toBe(204);
    expect((await okta.scim.ok('GET', '/Roles')).totalResults).toBe(0);
  });
});
