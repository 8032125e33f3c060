import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { client, type Client } from './testing/client.ts';
import { BADGE, defineDevices, device, DEVICE, extendPeople, LEASE, searcher, TEAM } from './testing/custom-types.ts';
import {
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

const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

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

describe('R71: a resource type of an admin’s own', () => {
  it('is shown in discovery, of its tenant alone', async () => {
    const { Resources: types } = await scim.ok('GET', '/ResourceTypes');
    expect(types.map(({ name }: any) => name)).toEqual(['User', 'Group', 'Device']);
    expect(await scim.ok('GET', '/ResourceTypes/Device')).toMatchObject({
      id: 'Device',
      endpoint: '/Devices',
      schema: DEVICE,
      schemaExtensions: [{ schema: LEASE, required: false }],
    });
    expect((await scim.ok('GET', `/Schemas/${DEVICE}`)).attributes[0]).toEqual({
      name: 'serial',
      type: 'string',
      multiValued: false,
      description: '',
      required: true,
      caseExact: true,
      mutability: 'readWrite',
      returned: 'default',
      uniqueness: 'server',
    });
    expect((await scim.ok('GET', '/Schemas')).Resources.map(({ id }: any) => id)).toEqual(
      expect.arrayContaining([SCIM_USER, SCIM_GROUP, DEVICE, LEASE]),
    );
  });

  it('has every method of RFC 7644, table 1', async () => {
    // create
    const created = await scim.post(
      '/Devices',
      device('S-1', {
        model: 'Mk1',
        externalId: 'x-1',
        pin: '1234',
        [LEASE]: { contract: 'C-1', until: '2027-01-01T00:00:00+01:00' },
      }),
    );
    expect(created.status).toBe(201);
    const { id } = created.body;
    expect(created.body).toEqual({
      schemas: [DEVICE, LEASE],
      id,
      externalId: 'x-1',
      meta: {
        resourceType: 'Device',
        created: expect.any(String),
        lastModified: expect.any(String),
        location: `${idp.scimUrl}/Devices/${id}`,
        version: 'W/"1"',
      },
      serial: 'S-1',
      model: 'Mk1',
      [LEASE]: { contract: 'C-1', until: '2027-01-01T00:00:00+01:00' },
    });
    expect(created.headers.get('location')).toBe(`${idp.scimUrl}/Devices/${id}`);
    expect(created.headers.get('etag')).toBe('W/"1"');
    // read, in whatever case the path is written
    expect(await scim.ok('GET', `/devices/${id}`)).toEqual(created.body);
    expect((await scim.get(`/Devices/${id}`, { 'if-none-match': 'W/"1"' })).status).toBe(304);
    // replace
    const replaced = await scim.put(`/Devices/${id}`, device('S-1', { model: 'Mk1', weight: 2.5 }));
    expect([replaced.status, replaced.body.weight, replaced.body.externalId, replaced.body[LEASE]]).toEqual([
      200,
      2.5,
      undefined,
      undefined,
    ]);
    expect((await scim.put(`/Devices/${id}`, device('S-1', { model: 'Mk2' }))).body).toMatchObject({
      status: '400',
      scimType: 'mutability',
    });
    expect((await scim.put(`/Devices/${id}`, device('S-1'), { 'if-match': 'W/"1"' })).status).toBe(412);
    // patch
    const patched = await scim.patch(
      `/Devices/${id}`,
      operations(
        { op: 'add', path: 'ports', value: [{ value: 'p1', type: 'usb', speed: 10 }] },
        { op: 'add', path: 'tags', value: ['a', 'b'] },
      ),
    );
    expect([patched.status, patched.body.ports, patched.body.tags]).toEqual([
      200,
      [{ value: 'p1', type: 'usb', speed: 10 }],
      ['a', 'b'],
    ]);
    const version = patched.body.meta.version;
    expect(
      (await scim.patch(`/Devices/${id}`, operations({ op: 'replace', path: 'ports[type eq "usb"].speed', value: 10 })))
        .body.meta.version,
    ).toBe(version);
    expect(
      (await scim.patch(`/Devices/${id}`, operations({ op: 'replace', path: 'ports[type eq "usb"].speed', value: 20 })))
        .body.ports,
    ).toEqual([{ value: 'p1', type: 'usb', speed: 20 }]);
    expect(
      (await scim.patch(`/Devices/${id}`, operations({ op: 'remove', path: 'tags[value eq "a"]' }))).body.tags,
    ).toEqual(['b']);
    expect(
      (await scim.patch(`/Devices/${id}`, operations({ op: 'add', path: `${LEASE}:contract`, value: 'C-2' }))).body,
    ).toMatchObject({ schemas: [DEVICE, LEASE], [LEASE]: { contract: 'C-2' } });
    expect((await scim.patch(`/Devices/${id}`, operations({ op: 'remove', path: 'serial' }))).body).toMatchObject({
      status: '400',
      scimType: 'mutability',
    });
    expect(
      (await scim.patch(`/Devices/${id}`, operations({ op: 'replace', path: 'weight', value: 'heavy' }))).body,
    ).toMatchObject({ status: '400', scimType: 'invalidValue' });
    // delete
    expect((await scim.delete(`/Devices/${id}`)).status).toBe(204);
    for (const answer of [
      await scim.get(`/Devices/${id}`),
      await scim.delete(`/Devices/${id}`),
      await scim.put(`/Devices/${id}`, device('S-1')),
      await scim.patch(`/Devices/${id}`, operations({ op: 'replace', path: 'weight', value: 1 })),
    ])
      expect([answer.status, answer.body.schemas]).toEqual([404, ['urn:ietf:params:scim:api:messages:2.0:Error']]);
    // what isn't possible says what is
    const wrong = await scim.call('POST', '/Devices/abc', {});
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS']);
    const none = await scim.put('/Devices', {});
    expect([none.status, none.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST, OPTIONS']);
    expect((await scim.get('/Nothing')).status).toBe(404);
    expect((await scim.call('POST', '/Nothing/1', {})).status).toBe(404);
  });

  it('honours the characteristics of its attributes: required, unique, immutable, never and request, references', async () => {
    expect((await scim.post('/Devices', { schemas: [DEVICE] })).body).toMatchObject({
      status: '400',
      scimType: 'invalidValue',
      detail: expect.stringContaining('serial'),
    });
    const first = await make('U-1', { pin: 'pin-of-uma', note: 'mine', model: 'A' });
    expect(first).not.toHaveProperty('pin');
    expect(first).not.toHaveProperty('note');
    expect((await scim.post('/Devices', device('U-1'))).body).toMatchObject({ status: '409', scimType: 'uniqueness' });
    // Case matters to a serial.
    const second = await make('u-1');
    expect(
      (await scim.patch(`/Devices/${second.id}`, operations({ op: 'replace', path: 'serial', value: 'U-1' }))).status,
    ).toBe(409);
    expect(await scim.ok('GET', `/Devices/${first.id}?attributes=note,pin`)).toMatchObject({
      id: first.id,
      note: 'mine',
    });
    expect((await scim.get('/Devices?filter=pin eq "1234"')).body).toMatchObject({ scimType: 'invalidFilter' });
    // What is never returned is not even kept.
    expect(await system.rowsWith('pin-of-uma')).toEqual([]);
    const ada = await idp.hire('ada-of-devices');
    const owned = await scim.ok(
      'PATCH',
      `/Devices/${first.id}`,
      operations({ op: 'add', path: 'owner', value: { value: ada } }),
    );
    expect(owned.owner).toEqual({ value: ada, $ref: `${idp.scimUrl}/Users/${ada}` });
    // A value is free again once nobody has it.
    await scim.delete(`/Devices/${first.id}`);
    expect((await scim.post('/Devices', device('U-1'))).status).toBe(201);
  });

  it('is filtered, sorted, paged and projected', async () => {
    const made = [
      device('F-1', {
        model: 'Kettle',
        weight: 1.5,
        bought: '2026-01-05T09:00:00Z',
        retired: false,
        tags: ['Hot', 'loud'],
        ports: [
          { value: 'p', type: 'usb', speed: 5 },
          { value: 'q', type: 'net', speed: 50 },
        ],
      }),
      device('F-2', {
        model: 'Oven',
        weight: 30,
        bought: '2026-01-05T10:00:00.5+02:00',
        retired: true,
        tags: ['hot'],
        [LEASE]: { contract: 'C-9', until: '2026-06-01T00:00:00Z' },
      }),
      device('F-3', { model: 'toaster', weight: 2, tags: ['cold'] }),
    ];
    for (const each of made) await scim.ok('POST', '/Devices', each);
    const mine = (filter: string) => search(`serial sw "F-" and (${filter})`).then((found) => found.toSorted());

    expect(await search('serial eq "F-2"')).toEqual(['F-2']);
    expect(await search('serial eq "f-2"')).toEqual([]);
    expect(await mine('model eq "OVEN"')).toEqual(['F-2']);
    expect(await mine('weight gt 1.9 and weight lt 10')).toEqual(['F-3']);
    expect(await mine('bought lt "2026-01-05T09:00:00Z"')).toEqual(['F-2']);
    expect(await mine('bought eq "2026-01-05T10:00:00+01:00"')).toEqual(['F-1']);
    expect(await mine('retired eq true')).toEqual(['F-2']);
    expect(await mine('tags eq "HOT"')).toEqual(['F-1', 'F-2']);
    expect(await mine('tags[value eq "cold"]')).toEqual(['F-3']);
    expect(await mine('ports[type eq "usb" and speed gt 10]')).toEqual([]);
    expect(await mine('ports[type eq "net" and speed gt 10]')).toEqual(['F-1']);
    expect(await mine('ports.speed ge 50')).toEqual(['F-1']);
    expect(await mine(`${LEASE}:contract eq "c-9"`)).toEqual(['F-2']);
    expect(await mine(`${LEASE}:until le "2026-06-01T00:00:00Z"`)).toEqual(['F-2']);
    expect(await mine(`${DEVICE}:model co "ett"`)).toEqual(['F-1']);
    expect(await mine('not (retired pr)')).toEqual(['F-3']);
    expect(await mine('meta.resourceType eq "Device" and meta.lastModified gt "2020-01-01T00:00:00Z"')).toEqual([
      'F-1',
      'F-2',
      'F-3',
    ]);
    expect((await scim.get('/Devices?filter=userName eq "x"')).body).toMatchObject({
      status: '400',
      scimType: 'invalidFilter',
    });

    const query = `filter=${encodeURIComponent('serial sw "F-"')}`;
    const serials = ({ Resources }: any) => Resources.map(({ serial }: any) => serial);
    expect(serials(await scim.ok('GET', `/Devices?${query}&sortBy=model`))).toEqual(['F-1', 'F-2', 'F-3']);
    expect(serials(await scim.ok('GET', `/Devices?${query}&sortBy=weight&sortOrder=descending`))).toEqual([
      'F-2',
      'F-3',
      'F-1',
    ]);
    // Without a value: last.
    expect(serials(await scim.ok('GET', `/Devices?${query}&sortBy=bought`))).toEqual(['F-2', 'F-1', 'F-3']);
    expect(await scim.ok('GET', `/Devices?${query}&sortBy=serial&startIndex=2&count=1`)).toMatchObject({
      schemas: [LIST],
      totalResults: 3,
      startIndex: 2,
      itemsPerPage: 1,
      Resources: [{ serial: 'F-2' }],
    });
    const first = await scim.ok('GET', `/Devices?${query}&sortBy=serial&cursor=&count=2`);
    expect(serials(await scim.ok('GET', `/Devices?${query}&sortBy=serial&cursor=${first.nextCursor}&count=2`))).toEqual(
      ['F-3'],
    );
    expect((await scim.get(`/Users?cursor=${first.nextCursor}`)).body).toMatchObject({ scimType: 'invalidCursor' });
    expect(
      (await scim.ok('GET', `/Devices?${query}&sortBy=serial&attributes=model,ports.speed&count=1`)).Resources[0],
    ).toEqual({ schemas: [DEVICE], id: expect.any(String), model: 'Kettle', ports: [{ speed: 5 }, { speed: 50 }] });
    expect(
      (
        await scim.ok(
          'GET',
          `/Devices?${query}&sortBy=serial&excludedAttributes=tags,ports,bought,retired,weight,meta&count=1`,
        )
      ).Resources[0],
    ).toEqual({ schemas: [DEVICE], id: expect.any(String), serial: 'F-1', model: 'Kettle' });
    const searched = await scim.ok('POST', '/Devices/.search', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
      filter: 'serial eq "F-3"',
      attributes: ['serial'],
    });
    expect(searched).toMatchObject({ totalResults: 1, Resources: [{ serial: 'F-3' }] });
  });

  it('is found by a query at the root, beside users and groups', async () => {
    await make('R-1', { model: 'rootling' });
    expect((await scim.ok('GET', `/?filter=${encodeURIComponent('model eq "rootling"')}`)).Resources).toMatchObject([
      { serial: 'R-1', meta: { resourceType: 'Device' } },
    ]);
    const both = await scim.ok('POST', '/.search', { filter: 'userName sw "ada-of-dev" or serial eq "R-1"' });
    expect(both.Resources.map(({ meta }: any) => meta.resourceType)).toEqual(['User', 'Device']);
  });

  it('is written in bulk, with references to what the same request creates', async () => {
    const bulk = await scim.ok('POST', '/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: [
        { method: 'POST', path: '/Devices', bulkId: 'd', data: device('B-1', { owner: { value: 'bulkId:u' } }) },
        { method: 'POST', path: '/Users', bulkId: 'u', data: person('bulk-owner') },
        { method: 'PATCH', path: '/Devices/bulkId:d', data: operations({ op: 'replace', path: 'weight', value: 7 }) },
        { method: 'POST', path: '/Nothing', bulkId: 'n', data: device('B-2') },
      ],
    });
    expect(bulk.Operations.map(({ status }: any) => status)).toEqual(['201', '201', '200', '404']);
    const { location } = bulk.Operations[0];
    const made = await scim.ok('GET', location.slice(idp.scimUrl.length));
    const user = bulk.Operations[1].location;
    expect(made).toMatchObject({ serial: 'B-1', weight: 7, owner: { $ref: user } });
    expect(
      (
        await scim.ok('POST', '/Bulk', {
          schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
          Operations: [{ method: 'DELETE', path: location.slice(idp.scimUrl.length) }],
        })
      ).Operations[0].status,
    ).toBe('204');
  });

  it('keeps each of fifty parallel changes', async () => {
    const { id } = await make('P-1');
    const tags = Array.from({ length: 50 }, (_, number) => `tag-${number}`);
    const answers = await Promise.all(
      tags.map((tag) => scim.patch(`/Devices/${id}`, operations({ op: 'add', path: 'tags', value: [tag] }))),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set((await scim.ok('GET', `/Devices/${id}`)).tags)).toEqual(new Set(tags));
  });
});

describe('R71: walls', () => {
  it('keep a tenant’s types, schemas and resources from the others, and a connection’s resources from the next', async () => {
    const { id } = await make('W-1');
    const fig = await makeTenant(system, 'Fig');
    const stranger = await fig.connect();
    for (const path of ['/Devices', `/Devices/${id}`, '/ResourceTypes/Device', `/Schemas/${DEVICE}`])
      expect((await stranger.scim.get(path)).status).toBe(404);
    for (const answer of [
      await stranger.scim.post('/Devices', device('W-2')),
      await stranger.scim.put(`/Devices/${id}`, device('W-2')),
      await stranger.scim.patch(`/Devices/${id}`, operations()),
      await stranger.scim.delete(`/Devices/${id}`),
      await stranger.scim.post('/Devices/.search', {}),
    ])
      expect(answer.status).toBe(404);
    expect((await stranger.scim.ok('GET', '/ResourceTypes')).Resources.map(({ name }: any) => name)).toEqual([
      'User',
      'Group',
    ]);
    expect((await stranger.scim.ok('GET', '/Schemas')).Resources.map(({ id: urn }: any) => urn)).not.toContain(BADGE);
    expect(await stranger.scim.ok('POST', '/Users', person('gil', { [BADGE]: { badge: 'X' } }))).not.toHaveProperty([
      BADGE,
    ]);
    expect((await stranger.scim.get(`/Users?filter=${encodeURIComponent(`${BADGE}:badge eq "X"`)}`)).status).toBe(400);
    // With a type of the same name the ids are still the other's.
    await defineDevices(fig);
    expect((await stranger.scim.get(`/Devices/${id}`)).status).toBe(404);
    expect((await stranger.scim.ok('GET', '/Devices')).totalResults).toBe(0);
    expect((await stranger.scim.post('/Devices', device('W-1'))).status).toBe(201);
    // Another connection of the same tenant: 404, and nothing in its lists.
    const second = await plum.connect('entra');
    for (const answer of [
      await second.scim.get(`/Devices/${id}`),
      await second.scim.delete(`/Devices/${id}`),
      await second.scim.put(`/Devices/${id}`, device('W-9')),
    ])
      expect(answer.status).toBe(404);
    expect((await second.scim.ok('GET', '/Devices')).totalResults).toBe(0);
    // No token, no answer; discovery is public, and knows the types of the tenant.
    const anyone = client(idp.scimUrl);
    expect((await anyone.get('/Devices')).status).toBe(401);
    expect((await anyone.get('/ResourceTypes/Device')).status).toBe(200);
  });
});

describe('R71: what is kept', () => {
  it('is the same after a restart, and after the views are built anew', async () => {
    await extendPeople(plum);
    await idp.hire('kim', { [BADGE]: { badge: 'K-1', floor: 2 } });
    await scim.ok('POST', '/Groups', { schemas: [SCIM_GROUP, TEAM], displayName: 'Cooks', [TEAM]: { budget: 10 } });
    await system.settled();
    const everything = async () => {
      const lists = await Promise.all(
        ['/Devices', '/Users', '/Groups', '/ResourceTypes', '/Schemas'].map((path) =>
          scim.ok('GET', `${path}?count=1000`),
        ),
      );
      const found = await Promise.all([
        search('tags eq "hot"'),
        search(`${LEASE}:contract pr`),
        search(`${BADGE}:floor gt 1`, '/Users'),
        search(`${TEAM}:budget pr`, '/Groups'),
      ]);
      return { lists, found, rows: await system.rows('directory_v4', ['schemas', 'resources', 'users', 'groups']) };
    };
    const before = await everything();
    expect(before.found.every((found) => found.length > 0)).toBe(true);
    await system.restart();
    expect(await everything()).toEqual(before);
    await system.rebuild();
    expect(await everything()).toEqual(before);
    // And goes on: what was unique still is.
    expect((await scim.post('/Devices', device('W-1'))).status).toBe(409);
  });

  it('is sealed: what a resource says is in the views, and nowhere else', async () => {
    await make('Z-1', { model: 'Zebrawood' });
    await system.settled();
    expect(await system.rowsWith('Zebrawood')).toEqual(['directory_v4.resources']);
    expect(system.logged.join('\n')).not.toContain('Zebrawood');
    // The audit knows that it happened, to nobody in particular.
    const { items } = await plum.audit.ok('GET', '/entries?type=ResourceCreated');
    expect(items[0]).toMatchObject({
      outcome: 'done',
      subject: { kind: 'resource' },
      actor: { kind: 'connection', id: idp.id },
      changes: [{ attribute: 'serial' }, { attribute: 'model' }],
    });
    expect(items[0]).not.toHaveProperty('userId');
    expect((await plum.audit.ok('GET', '/entries?type=SchemaDefined')).items[0]).toMatchObject({
      subject: { kind: 'schemas', id: plum.id },
      actor: { kind: 'admin' },
    });
  });
});
