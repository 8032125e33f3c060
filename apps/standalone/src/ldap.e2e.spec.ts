import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithLdap, ldapSuite } from '@tenure/connectors/testing';
import { later, testSystem } from './testing/system.ts';
import { appOf, ENTERPRISE, makeTenant, type Tenant } from './testing/world.ts';

describeWithLdap('a directory as an app (needs OpenLDAP)', () => {
  let system: Awaited<ReturnType<typeof testSystem>>;
  let suite: Awaited<ReturnType<typeof ldapSuite>>;
  beforeAll(async () => {
    [system, suite] = await Promise.all([testSystem(), ldapSuite()]);
  });
  afterAll(async () => {
    await system.close();
    await suite.close();
  });

  const connection = (more: object = {}) => ({
    kind: 'ldap',
    url: suite.ldapsUrl,
    ca: suite.ca,
    base: suite.base,
    template: `uid={uid},${suite.base}`,
    disable: { kind: 'pwdAccountLockedTime' },
    groupBase: suite.groupBase,
    mark: 'roomNumber',
    ...more,
  });
  const bind = () => ({ kind: 'bind', ...suite.accounts.service });
  const dnOf = (userName: string) => `uid=${userName},${suite.base}`;
  const there = (dn: string) => suite.read(dn).catch(() => undefined);

  const directoryApp = async ({ mapping }: Tenant) => {
    const { id } = await mapping.ok('POST', '/apps', { name: 'The directory', preset: 'openldap' });
    const app = appOf(mapping, id);
    await mapping.ok('PUT', `${app.path}/sso`, { configured: true });
    await mapping.ok('PUT', `${app.path}/connection`, connection());
    await mapping.ok('PUT', `${app.path}/credentials`, bind());
    return app;
  };

  it('R93: takes a person from joining to leaving: created, renamed, in a group, suspended, deleted', async () => {
    const tenant = await makeTenant(system);
    const idp = await tenant.connect();
    const app = await directoryApp(tenant);
    const { mapping } = tenant;
    const team = await suite.addGroup('Builders');
    await mapping.ok('PUT', `${app.path}/deprovisioning`, {
      turnedOff: { suspend: 'P1D', hardDelete: null },
      suspended: { suspend: 'PT0S', hardDelete: 'P7D' },
      deleted: { suspend: 'PT0S', hardDelete: 'P7D' },
      applyToRunning: false,
    });
    const inTeam = {
      name: 'Builders',
      enabled: true,
      match: 'all',
      conditions: [{ operator: 'equals', source: 'title', value: 'Builder' }],
      actions: [{ type: 'addEntitlement', kind: 'group', value: 'Builders' }],
    };
    await mapping.ok('PUT', `${app.path}/rules`, { rules: [inTeam] });
    const ada = await idp.hire('ada', {
      title: 'Builder',
      name: { givenName: 'Ada', familyName: 'Lovelace, Countess' },
    });
    await app.assign('users', ada);
    await app.turnOn();
    await system.settled();

    const account = await app.accountOf(ada);
    const entry = await there(dnOf('ada@plum.example'));
    expect(account).toMatchObject({ status: 'provisioned', owned: true, remoteId: entry?.entryUUID });
    expect(entry).toMatchObject({
      sn: 'Lovelace, Countess',
      mail: 'ada@plum.example',
      roomNumber: account.id,
      memberOf: team.dn,
    });

    await idp.set(ada, { op: 'replace', path: 'userName', value: 'augusta+king@plum.example' });
    await system.settled();
    const renamed = dnOf('augusta\\2bking@plum.example');
    expect(await there(renamed)).toMatchObject({ entryUUID: entry!.entryUUID });
    expect(await there(dnOf('ada@plum.example'))).toBeUndefined();

    await idp.set(ada, { op: 'replace', path: 'title', value: 'Poet' });
    await system.settled();
    expect((await there(renamed))?.memberOf).toBeUndefined();
    expect((await there(team.dn))?.member).toBe(suite.base);

    await idp.setActive(ada, false);
    await system.settled();
    expect(await there(renamed)).toMatchObject({ pwdAccountLockedTime: '000001010000Z' });
    await system.moveTo(later(await system.now(), { days: 8 }));
    await system.settled();
    expect(await there(renamed)).toBeUndefined();
    expect(await app.accountOf(ada)).toMatchObject({ status: 'deleted' });
  });

  it('R61, R93: leaves accounts and memberships alone that others made, until an admin adopts them', async () => {
    const tenant = await makeTenant(system);
    const idp = await tenant.connect();
    const app = await directoryApp(tenant);
    const dn = dnOf('bob@plum.example');
    await suite.admin.add(dn, { objectClass: 'inetOrgPerson', uid: 'bob@plum.example', cn: 'Robert', sn: 'R' });
    await suite.addGroup('Elders', [dn]);
    const elders = {
      name: 'Elders',
      enabled: true,
      match: 'all',
      conditions: [{ operator: 'present', source: 'userName' }],
      actions: [{ type: 'addEntitlement', kind: 'group', value: 'Elders' }],
    };
    await tenant.mapping.ok('PUT', `${app.path}/rules`, { rules: [elders] });
    const bob = await idp.hire('bob');
    await app.assign('users', bob);
    await app.turnOn();
    await system.settled();
    const account = await app.accountOf(bob);
    expect(account).toMatchObject({ status: 'failed', reason: { code: 'account/foreign-match' } });
    expect(await there(dn)).toMatchObject({ cn: 'Robert' });

    expect((await app.act(account, 'adopt')).status).toBe(200);
    await system.settled();
    expect(await there(dn)).toMatchObject({ cn: 'bob Plum', roomNumber: account.id });
    expect(await app.accountOf(bob)).toMatchObject({
      status: 'provisioned',
      entitlements: [{ kind: 'group', value: 'Elders', owned: false }],
    });
  });

  it('R93: is refused in words where its connection can’t be right, and where it doesn’t pass the test', async () => {
    const tenant = await makeTenant(system);
    const { mapping } = tenant;
    const { id } = await mapping.ok('POST', '/apps', { name: 'The directory', preset: 'openldap' });
    const path = `/apps/${id}`;
    const put = async (what: string, body: object) => {
      const { status, body: answer } = await mapping.put(`${path}/${what}`, body);
      return { status, code: answer.code, fields: answer.errors?.map(({ field }: { field: string }) => field) };
    };
    expect(await mapping.get(`${path}/connection`)).toMatchObject({
      status: 404,
      body: { code: 'connection/not-set' },
    });
    expect(await put('connection', { kind: 'scim', mode: 'auto' })).toMatchObject({
      status: 409,
      code: 'connection/not-allowed',
    });
    expect(await put('endpoint', { url: 'https://app.example' })).toMatchObject({
      status: 409,
      code: 'endpoint/not-allowed',
    });
    expect(await put('credentials', { kind: 'bearer', token: 'x' })).toMatchObject({
      status: 409,
      code: 'credentials/not-allowed',
    });
    expect(await put('connection', connection({ template: 'ou=people' }))).toMatchObject({
      status: 400,
      code: 'connection/invalid',
      fields: ['template'],
    });
    expect(await put('connection', connection({ url: 'ldap://10.1.2.3' }))).toMatchObject({
      status: 400,
      code: 'endpoint/private',
      fields: ['url'],
    });
    await mapping.ok('PUT', `${path}/connection`, connection());
    expect(await put('credentials', { ...bind(), password: 'wrong' })).toMatchObject({
      status: 422,
      code: 'app/test-failed',
    });
    await mapping.ok('PUT', `${path}/credentials`, bind());
    expect(await mapping.ok('POST', `${path}/test`)).toMatchObject({ outcome: 'passed', filters: 'honoured' });
    expect(await mapping.ok('GET', `${path}/credentials`)).toMatchObject({ kind: 'bind' });
    expect(await mapping.ok('GET', `${path}/connection`)).toEqual(connection());
  });

  it('R90: refers to managers by their DN, also once that has changed, and to none who is deleted', async () => {
    const tenant = await makeTenant(system);
    const idp = await tenant.connect();
    const app = await directoryApp(tenant);
    const { mapping } = tenant;
    const { matching, mappings } = await mapping.ok('GET', `${app.path}/attributes`);
    const manager = { kind: 'direct', target: 'manager', source: 'manager', apply: 'always' };
    await mapping.ok('PUT', `${app.path}/attributes`, { matching, mappings: [...mappings, manager] });
    await mapping.ok('PUT', `${app.path}/deprovisioning`, {
      turnedOff: { suspend: null, hardDelete: 'PT0S' },
      suspended: { suspend: null, hardDelete: null },
      deleted: { suspend: null, hardDelete: 'PT0S' },
      applyToRunning: false,
    });
    const grace = await idp.hire('grace-r90');
    const ada = await idp.hire('ada-r90', { [ENTERPRISE]: { manager: { value: grace } } });
    await app.assign('users', ada);
    await app.turnOn();
    await system.settled();
    expect(await there(dnOf('ada-r90@plum.example'))).not.toHaveProperty('manager');
    await app.assign('users', grace);
    await system.settled();
    const managerOf = async () => (await there(dnOf('ada-r90@plum.example')))?.manager;
    expect(await managerOf()).toBe(dnOf('grace-r90@plum.example'));
    const { remoteId } = await app.accountOf(grace);
    expect((await app.accountOf(ada)).attributes.manager).toEqual([remoteId]);

    await idp.set(grace, { op: 'replace', path: 'userName', value: 'hopper-r90@plum.example' });
    await system.settled();
    expect(await managerOf()).toBe(dnOf('hopper-r90@plum.example'));
    expect((await app.accountOf(ada)).references).toEqual([
      { target: 'manager', userId: grace, state: 'sent', remoteId },
    ]);

    await mapping.ok('DELETE', `${app.path}/assignments/users/${grace}`);
    await system.settled();
    expect(await there(dnOf('hopper-r90@plum.example'))).toBeUndefined();
    expect(await managerOf()).toBeUndefined();
  });
});
