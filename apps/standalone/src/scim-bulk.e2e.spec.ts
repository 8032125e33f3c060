import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testSystem, type TestSystem } from './testing/system.ts';
import { ENTERPRISE, makeTenant, operations, person, SCIM_GROUP, type IdentityProvider } from './testing/world.ts';

let system: TestSystem;
let idp: IdentityProvider;

beforeAll(async () => {
  system = await testSystem();
  idp = await (await makeTenant(system)).connect();
});
afterAll(() => system?.close());

const BULK = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
const ref = (bulkId: string) => `bulkId:${bulkId}`;
const user = (bulkId: string, more: object = {}) => ({
  method: 'POST',
  path: '/Users',
  bulkId,
  data: person(bulkId, more),
});
const group = (bulkId: string, ...members: string[]) => ({
  method: 'POST',
  path: '/Groups',
  bulkId,
  data: { schemas: [SCIM_GROUP], displayName: bulkId, members: members.map((value) => ({ value })) },
});
const bulk = (Operations: object[], more: object = {}) =>
  idp.scim.post('/Bulk', { schemas: [BULK], Operations, ...more });
const statuses = ({ body }: { body: any }) => body.Operations.map(({ status }: { status: string }) => status);
const at = (location: string) => idp.scim.ok('GET', location.slice(idp.scimUrl.length));
const membersOf = async (location: string) =>
  ((await at(location)).members ?? []).map(({ value }: { value: string }) => value).sort();
const idIn = (location: string) => location.split('/').at(-1)!;

describe('a bulk request (RFC 7644 §3.7)', () => {
  it('tells of each operation how it ended: status as text, location, version', async () => {
    const first = await bulk([user('ann')]);
    expect(first.status).toBe(200);
    expect(first.headers.get('content-type')).toMatch(/^application\/scim\+json/);
    const [{ location }] = first.body.Operations;
    expect(first.body).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkResponse'],
      Operations: [
        {
          method: 'POST',
          bulkId: 'ann',
          version: 'W/"1"',
          location: expect.stringContaining(`${idp.scimUrl}/Users/`),
          status: '201',
        },
      ],
    });
    const path = location.slice(idp.scimUrl.length);
    const { body } = await bulk([
      { method: 'PUT', path, version: 'W/"1"', data: person('ann', { title: 'Cook' }) },
      { method: 'PATCH', path, data: operations({ op: 'replace', path: 'active', value: false }) },
      { method: 'PATCH', path, version: 'W/"1"', data: operations({ op: 'replace', path: 'active', value: true }) },
      { method: 'delete', path },
      { method: 'DELETE', path },
    ]);
    expect(body.Operations).toMatchObject([
      { method: 'PUT', location, version: 'W/"2"', status: '200' },
      { method: 'PATCH', location, version: 'W/"3"', status: '200' },
      { method: 'PATCH', location, status: '412', response: { status: '412' } },
      { method: 'DELETE', location, status: '204' },
      {
        method: 'DELETE',
        location,
        status: '404',
        response: { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: '404' },
      },
    ]);
  });

  it('resolves references in any order, in data and in paths', async () => {
    const answer = await bulk([
      group('cooks', ref('waiters'), ref('bob')),
      {
        method: 'PATCH',
        path: '/Users/bulkId:bob',
        data: operations({ op: 'replace', path: 'title', value: 'Head waiter' }),
      },
      group('waiters', ref('bob')),
      user('bob'),
    ]);
    expect(statuses(answer)).toEqual(['201', '200', '201', '201']);
    const [cooks, , waiters, bob] = answer.body.Operations.map(({ location }: { location: string }) => location);
    expect(await membersOf(cooks)).toEqual([idIn(waiters), idIn(bob)].sort());
    expect(await membersOf(waiters)).toEqual([idIn(bob)]);
    expect(await at(bob)).toMatchObject({ title: 'Head waiter' });
  });

  it('resolves references in a circle: groups that hold each other, people who manage each other (§3.7.1)', async () => {
    const answer = await bulk([
      group('Group A', ref('Group B')),
      group('Group B', ref('Group A')),
      user('dan', { [ENTERPRISE]: { manager: { value: ref('eve') } } }),
      user('eve', { [ENTERPRISE]: { manager: { value: ref('dan') } } }),
    ]);
    expect(statuses(answer)).toEqual(['201', '201', '201', '201']);
    const [a, b, dan, eve] = answer.body.Operations.map(({ location }: { location: string }) => location);
    expect(await membersOf(a)).toEqual([idIn(b)]);
    expect(await membersOf(b)).toEqual([idIn(a)]);
    expect((await at(dan))[ENTERPRISE].manager.value).toBe(idIn(eve));
    expect((await at(eve))[ENTERPRISE].manager.value).toBe(idIn(dan));
    for (const { location, version } of answer.body.Operations.slice(0, 2))
      expect((await at(location)).meta.version).toBe(version);
  });

  it('answers 409 where a reference comes to nothing, and leaves nothing half done', async () => {
    const answer = await bulk([
      group('lost', ref('nobody')),
      user('ann2'),
      user('again', { userName: 'ann2@plum.example' }),
      group('of again', ref('again')),
      group('ring 1', ref('ring 2')),
      group('ring 2', ref('ring 1'), ref('again')),
    ]);
    expect(statuses(answer)).toEqual(['409', '201', '409', '409', '409', '409']);
    expect(answer.body.Operations[0].response.detail).toContain('nobody');
    expect(answer.body.Operations[0]).not.toHaveProperty('location');
    expect(answer.body.Operations[2].response).toMatchObject({ scimType: 'uniqueness' });
    const { totalResults } = await idp.scim.ok(
      'GET',
      `/Groups?filter=${encodeURIComponent('displayName sw "ring" or displayName eq "lost"')}`,
    );
    expect(totalResults).toBe(0);
  });

  it('stops after failOnErrors errors, and goes on without it', async () => {
    const wrong = { method: 'DELETE', path: '/Users/nobody' };
    expect(statuses(await bulk([wrong, user('fay'), wrong, user('gus')], { failOnErrors: 2 }))).toEqual([
      '404',
      '201',
      '404',
    ]);
    expect(
      statuses(
        await bulk([
          wrong,
          { method: 'DELETE', path: '/Hats/1' },
          { method: 'PUT', path: '/Users/a%00b', data: {} },
          user('hal', { userName: 7 }),
          user('ivy'),
        ]),
      ),
    ).toEqual(['404', '404', '404', expect.any(String), '201']);
  });

  it('tells in its place what is wrong with an operation, and carries out those beside it (RFC 7644 §3.7.3)', async () => {
    const answer = await bulk([
      { method: 'POST', path: '/Hats/1', bulkId: 'jim', data: {} },
      { method: 'PUT', path: '/Users/u-1' },
      { method: 'POST', path: '/Users', bulkId: 'kim' },
      { method: 'DELETE', path: '/Users' },
      user('lea'),
      group('dunes', ref('kim')),
    ]);
    expect(answer.status).toBe(200);
    expect(statuses(answer)).toEqual(['400', '400', '400', '400', '201', '409']);
    expect(answer.body.Operations[1]).toMatchObject({
      method: 'PUT',
      location: `${idp.scimUrl}/Users/u-1`,
      response: { status: '400', scimType: 'invalidSyntax' },
    });
    expect(answer.body.Operations[2]).toMatchObject({
      method: 'POST',
      bulkId: 'kim',
      response: { status: '400', scimType: 'invalidSyntax' },
    });
    expect(statuses(await bulk([{ method: 'DELETE', path: '/Users' }, user('mia')], { failOnErrors: 1 }))).toEqual([
      '400',
    ]);
  });

  it('is refused as a whole beyond its limits, which the configuration tells, and where it is none', async () => {
    const { bulk: limits } = await idp.scim.ok('GET', '/ServiceProviderConfig');
    expect(limits).toEqual({ supported: true, maxOperations: 1000, maxPayloadSize: 10 * 1024 * 1024 });
    const tooMany = await bulk(
      Array.from({ length: limits.maxOperations + 1 }, () => ({ method: 'DELETE', path: '/Users/x' })),
    );
    expect(tooMany).toMatchObject({
      status: 413,
      body: { status: '413', detail: expect.stringContaining('maxOperations') },
    });
    const tooLarge = await bulk([user('jon', { title: 'x'.repeat(limits.maxPayloadSize) })]);
    expect(tooLarge).toMatchObject({
      status: 413,
      body: { status: '413', detail: expect.stringContaining('maxPayloadSize') },
    });
    for (const body of [
      {},
      { Operations: 1 },
      { Operations: ['DELETE'] },
      { Operations: [{ method: 'GET', path: '/Users' }] },
      { Operations: [{ method: 'POST', path: '/Users', data: {} }] },
      { schemas: ['urn:x'], Operations: [] },
    ])
      expect(await idp.scim.post('/Bulk', body)).toMatchObject({ status: 400, body: { status: '400' } });
  });
});

describe('a query at the root (RFC 7644 §3.4.2.1)', () => {
  const ids = (answer: any): string[] => answer.Resources.map(({ id }: { id: string }) => id);
  const query = (text: string) => idp.scim.ok('GET', `/?${text}`);

  it('finds users and groups; an attribute that a type lacks has no value there', async () => {
    const find = async (filter: string) =>
      (await query(`attributes=meta.resourceType&filter=${encodeURIComponent(filter)}`)).Resources.map(
        (found: any) => found.meta.resourceType,
      );
    expect(await find('displayName eq "cooks" or userName eq "bob@plum.example"')).toEqual(['User', 'Group']);
    expect(await find('meta.resourceType eq "Group" and displayName eq "Group A"')).toEqual(['Group']);
    expect(await find('urn:ietf:params:scim:schemas:core:2.0:Group:displayName eq "cooks"')).toEqual(['Group']);
    expect(await find('nothing eq "x"')).toEqual([]);
    expect((await idp.scim.get('/?filter=bad(')).body).toMatchObject({ status: '400', scimType: 'invalidFilter' });
  });

  it('pages across types by index, by cursor and sorted, each resource once', async () => {
    const { totalResults } = await query('count=0');
    expect(totalResults).toBe(
      (await idp.scim.ok('GET', '/Users?count=0')).totalResults +
        (await idp.scim.ok('GET', '/Groups?count=0')).totalResults,
    );
    for (const sort of ['', '&sortBy=displayName', '&sortBy=userName&sortOrder=descending']) {
      const seen: string[] = [];
      for (let start = 1; start <= totalResults; start += 4)
        seen.push(...ids(await query(`startIndex=${start}&count=4&attributes=id${sort}`)));
      expect(new Set(seen).size).toBe(totalResults);
      expect(seen).toHaveLength(totalResults);
    }
    const seen: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const page: any = await query(`cursor=${cursor}&count=3&attributes=id`);
      seen.push(...ids(page));
      cursor = page.nextCursor;
    }
    expect(new Set(seen).size).toBe(totalResults);
    expect(seen).toHaveLength(totalResults);
  });

  it('can be posted to /.search, as to that of each type', async () => {
    const search = (path: string) =>
      idp.scim.post(`${path}/.search`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
        filter: 'displayName eq "cooks"',
        attributes: ['displayName'],
      });
    expect((await search('')).body).toMatchObject({ totalResults: 1, Resources: [{ displayName: 'cooks' }] });
    expect((await search('/Groups')).body).toMatchObject({ totalResults: 1 });
    expect((await search('/Users')).body).toMatchObject({ totalResults: 0, Resources: [] });
  });
});
