import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { defineDevices, device, searcher } from './testing/custom-types.ts';
import { testSystem, type TestSystem } from './testing/system.ts';
import {
  ENTERPRISE,
  makeTenant,
  operations,
  person,
  sorted,
  type IdentityProvider,
  type Tenant,
} from './testing/world.ts';

let system: TestSystem;
let tenant: Tenant;
let idp: IdentityProvider;
let search: ReturnType<typeof searcher>;
const ids: Record<string, string> = {};
let members: any[];

beforeAll(async () => {
  system = await testSystem();
  tenant = await makeTenant(system);
  idp = await tenant.connect();
  search = searcher(idp.scim);
  for (const name of ['ada', 'bob', 'cy']) ids[name] = await idp.hire(name);
  ids.inner = await idp.group('Inner', ids.bob!);
  ids.outer = await idp.group('Outer', ids.ada!, ids.inner);
  ids.empty = await idp.group('Empty');
  ({ members } = await idp.scim.ok('GET', `/Groups/${ids.outer}`));
});
afterAll(() => system?.close());

const user = (name: string) => `${idp.scimUrl}/Users/${ids[name]}`;
const group = (name: string) => `${idp.scimUrl}/Groups/${ids[name]}`;
const users = async (filter: string) => sorted((await search(filter, '/Users')).map((name) => name.split('@')[0]!));
const groups = async (filter: string) => sorted(await search(filter, '/Groups'));

describe('a URL that a client was given (RFC 7644 §3.4.2.2)', () => {
  it('finds the resource that is there, at its endpoint and at the root', async () => {
    const { meta } = await idp.scim.ok('GET', `/Users/${ids.ada}`);
    expect(await users(`meta.location eq "${meta.location}"`)).toEqual(['ada']);
    expect(await search(`meta.location eq "${meta.location}"`, '/')).toEqual(['ada@plum.example']);
    expect(await search(`meta.location eq "${group('inner')}"`, '/')).toEqual(['Inner']);
    for (const relative of [`Users/${ids.ada}`, `/Users/${ids.ada}`, `../Users/${ids.ada}`])
      expect(await users(`meta.location eq "${relative}"`)).toEqual(['ada']);
    expect(await users(`not (meta.location eq "${meta.location}")`)).toEqual(['bob', 'cy']);
    expect(await users(`meta.location eq "${meta.location}" or userName sw "cy"`)).toEqual(['ada', 'cy']);
    expect(await groups(`meta.location eq "${meta.location}"`)).toEqual([]);
  });

  it('finds who refers to it: members of either type, and their groups', async () => {
    expect(sorted(members.map(({ $ref }) => $ref))).toEqual(sorted([user('ada'), group('inner')]));
    expect(await groups(`members.$ref eq "${user('ada')}"`)).toEqual(['Outer']);
    expect(await groups(`members.$ref eq "${group('inner')}"`)).toEqual(['Outer']);
    expect(await groups(`members.$ref eq "${idp.scimUrl}/Groups/${ids.ada}"`)).toEqual([]);
    expect(await groups(`members[$ref eq "${user('bob')}"]`)).toEqual(['Inner']);
    expect(await groups(`members[$ref eq "../Users/${ids.bob}" and type eq "Group"]`)).toEqual([]);
    expect(await groups('members.$ref pr')).toEqual(['Inner', 'Outer']);
    const { groups: shown } = await idp.scim.ok('GET', `/Users/${ids.ada}`);
    expect(await users(`groups.$ref eq "${shown[0].$ref}"`)).toEqual(['ada']);
    expect(await users(`groups[$ref eq "${shown[0].$ref}" and display eq "outer"]`)).toEqual(['ada']);
    expect(await users('not (groups.$ref pr)')).toEqual(['cy']);
    expect(await users(`groups.$ref eq "${shown[0].$ref}" or emails co "nobody"`)).toEqual(['ada']);
    expect(await users(`not (groups.$ref eq "${shown[0].$ref}" and emails co "plum")`)).toEqual(['bob', 'cy']);
  });

  it('is compared by every operator as the text that it is', async () => {
    const { scimUrl } = idp;
    expect(await users(`meta.location ne "${user('ada')}"`)).toEqual(['bob', 'cy']);
    expect(await users(`meta.location sw "${scimUrl}/Users/"`)).toEqual(['ada', 'bob', 'cy']);
    expect(await users(`meta.location sw "${user('ada').slice(0, -4)}"`)).toEqual(['ada']);
    expect(await users(`meta.location ew "Users/${ids.ada}"`)).toEqual(['ada']);
    expect(await users(`meta.location ew "${ids.ada!.slice(-8)}"`)).toEqual(['ada']);
    expect(await users('meta.location co "/v2/Users"')).toEqual(['ada', 'bob', 'cy']);
    expect(await users(`meta.location co "Users/${ids.ada!.slice(0, 8)}"`)).toEqual(['ada']);
    expect(await users(`meta.location ge "${user('ada')}" and meta.location le "${user('ada')}"`)).toEqual(['ada']);
    expect(await users(`meta.location gt "${scimUrl}" and meta.location lt "${scimUrl}/Users/z"`)).toEqual([
      'ada',
      'bob',
      'cy',
    ]);
    expect(await users('meta.location eq null')).toEqual([]);
    expect(await groups(`members.$ref sw "${scimUrl}/Groups"`)).toEqual(['Outer']);
    expect(await groups(`members.$ref ne "${user('bob')}"`)).toEqual(['Empty', 'Outer']);
    expect(await groups(`not (members.$ref co "/Users/")`)).toEqual(['Empty']);
  });

  it('shows and finds a manager by the reference that is made of the value, in each of its spellings', async () => {
    await idp.scim.ok(
      'PATCH',
      `/Users/${ids.cy}`,
      operations({
        op: 'add',
        path: `${ENTERPRISE}:manager`,
        value: { value: ids.ada, $ref: 'https://other.example/7' },
      }),
    );
    expect((await idp.scim.ok('GET', `/Users/${ids.cy}`))[ENTERPRISE].manager.$ref).toBe(user('ada'));
    expect(await users('manager.$ref eq "https://other.example/7"')).toEqual([]);
    for (const spelling of [user('ada'), `Users/${ids.ada}`, `../Users/${ids.ada}`])
      expect(await users(`manager.$ref eq "${spelling}"`)).toEqual(['cy']);
    expect(await users(`manager.$ref eq "${user('bob')}"`)).toEqual([]);
  });

  it('takes the member away whom it names, and nobody else', async () => {
    const club = await idp.group('Club', ids.ada!, ids.bob!, ids.inner!);
    const removed = async ($ref: string) => {
      await idp.scim.ok('PATCH', `/Groups/${club}`, operations({ op: 'remove', path: `members[$ref eq "${$ref}"]` }));
      const { members: left = [] } = await idp.scim.ok('GET', `/Groups/${club}`);
      return sorted(left.map(({ value }: any) => value));
    };
    expect(await removed(`https://elsewhere.example/Users/${ids.ada}`)).toEqual(
      sorted([ids.ada!, ids.bob!, ids.inner!]),
    );
    expect(await removed(`${idp.scimUrl}/Users/${ids.inner}`)).toEqual(sorted([ids.ada!, ids.bob!, ids.inner!]));
    expect(await removed(user('ada'))).toEqual(sorted([ids.bob!, ids.inner!]));
    expect(await removed(group('inner'))).toEqual([ids.bob]);
  });

  it('finds resources of a tenant’s own type by what they refer to (R71)', async () => {
    await defineDevices(tenant);
    for (const [serial, owner] of Object.entries({
      'R-1': { value: ids.ada },
      'R-2': { value: ids.bob },
      'R-3': { $ref: 'https://elsewhere.example/cy' },
    }))
      await idp.scim.ok('POST', '/Devices', device(serial, { owner }));
    const [{ owner }] = (await idp.scim.ok('GET', `/Devices?filter=${encodeURIComponent('serial eq "R-1"')}`))
      .Resources;
    expect(await search(`owner.$ref eq "${owner.$ref}"`)).toEqual(['R-1']);
    expect(await search('owner.$ref eq "https://elsewhere.example/cy"')).toEqual(['R-3']);
    expect(sorted(await search('owner.$ref pr'))).toEqual(['R-1', 'R-2', 'R-3']);
    expect(sorted(await search(`owner.$ref sw "${idp.scimUrl}"`))).toEqual(['R-1', 'R-2']);
    expect(sorted(await search(`owner.$ref ne "Users/${ids.ada}"`))).toEqual(['R-2', 'R-3']);
  });
});

describe('a URL of somebody else', () => {
  it('is that of nothing here: not of another connection, not of another tenant', async () => {
    const next = await tenant.connect();
    const stranger = await (await makeTenant(system, 'Fig')).connect();
    const theirs = await stranger.scim.ok('POST', '/Users', person('fay@fig.example'));
    for (const foreign of [
      `${next.scimUrl}/Users/${ids.ada}`,
      `${stranger.scimUrl}/Users/${ids.ada}`,
      theirs.meta.location,
    ]) {
      expect(await users(`meta.location eq "${foreign}"`)).toEqual([]);
      expect(await users(`meta.location ne "${foreign}"`)).toEqual(['ada', 'bob', 'cy']);
      expect(await groups(`members.$ref eq "${foreign}"`)).toEqual([]);
      expect(await search(`meta.location sw "${foreign}"`, '/')).toEqual([]);
    }
    expect(await searcher(stranger.scim)(`meta.location eq "${user('ada')}"`, '/Users')).toEqual([]);
    expect(await searcher(stranger.scim)(`meta.location eq "Users/${ids.ada}"`, '/Users')).toEqual([]);
  });
});
