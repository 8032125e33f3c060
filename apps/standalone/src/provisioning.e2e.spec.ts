import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ENTERPRISE, makeApp, person, sorted, TENURE_USER, testWorld, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

/** Every tenant of this file provisions into one sandbox, so people have names of their own. */
const names = async (): Promise<string[]> =>
  (await world.sandbox.accounts()).map(({ userName }) => userName.split('@')[0]);
const namesLike = async (suffix: string) => (await names()).filter((name) => name.endsWith(suffix)).toSorted();
const never = { suspend: null, hardDelete: null };

describe('what changes in the directory', () => {
  it('R27: reaches an app that is on without being asked for: people, attributes, groups', async () => {
    const { idp, app } = await world.office();
    const ada = await idp.hire('ada-r27');
    const bob = await idp.hire('bob-r27');
    const staff = await idp.group('Staff r27', ada);
    await app.assign('groups', staff);
    await app.turnOn();
    await world.settled();
    expect(await namesLike('-r27')).toEqual(['ada-r27']);
    await idp.join(staff, bob);
    await idp.set(ada, { op: 'replace', path: 'displayName', value: 'Ada the First' });
    await world.settled();
    expect(await namesLike('-r27')).toEqual(['ada-r27', 'bob-r27']);
    expect(await world.sandbox.account('ada-r27@plum.example')).toMatchObject({
      displayName: 'Ada the First',
      externalId: (await app.accountOf(ada)).id,
    });
  });
});

describe('scope', () => {
  it('R39: is everyone, or who is assigned: in person, by group or by role', async () => {
    const { idp, app, mapping } = await world.office();
    const ada = await idp.hire('ada-r39');
    const bob = await idp.hire('bob-r39');
    await idp.hire('cy-r39', { roles: [{ value: 'Baker' }] });
    await idp.hire('dan-r39');
    await app.assign('users', ada);
    await app.assign('groups', await idp.group('Staff r39', bob));
    await app.assign('roles', 'Baker');
    await app.turnOn();
    await world.settled();
    expect(await namesLike('-r39')).toEqual(['ada-r39', 'bob-r39', 'cy-r39']);
    expect((await mapping.put(`${app.path}/assignments/users/${ada}`, { role: 'admin' })).status).toBe(204);
    expect((await mapping.ok('GET', `${app.path}/assignments`)).items).toContainEqual({
      kind: 'users',
      id: ada,
      role: 'admin',
    });
    await mapping.ok('PUT', `${app.path}/scope`, { assignment: 'everyone', groups: [], orgUnits: [] });
    await world.settled();
    expect(await namesLike('-r39')).toEqual(['ada-r39', 'bob-r39', 'cy-r39', 'dan-r39']);
  });

  it('R26, R40: is narrowed by groups, found by their letters, by themselves or with the groups nested in them', async () => {
    const { idp, app, mapping } = await world.office();
    const [ada, bob] = [await idp.hire('ada-r40'), await idp.hire('bob-r40')];
    await idp.hire('cy-r40');
    const inner = await idp.group('Pastry', bob);
    const outer = await idp.group('Plum bakers', ada, inner);
    await world.settled();
    expect((await mapping.ok('GET', `${app.path}/scope/groups?search=pl`)).items).toEqual([
      { id: outer, displayName: 'Plum bakers' },
    ]);
    await mapping.ok('PUT', `${app.path}/scope`, {
      assignment: 'everyone',
      groups: [{ id: outer, nested: false }],
      orgUnits: [],
    });
    await app.turnOn();
    await world.settled();
    expect(await namesLike('-r40')).toEqual(['ada-r40']);
    await mapping.ok('PUT', `${app.path}/scope`, {
      assignment: 'everyone',
      groups: [{ id: outer, nested: true }],
      orgUnits: [],
    });
    await world.settled();
    expect(await namesLike('-r40')).toEqual(['ada-r40', 'bob-r40']);
    const preview = await mapping.ok('PUT', `${app.path}/scope?preview=true`, {
      assignment: 'everyone',
      groups: [],
      orgUnits: [],
    });
    // R49. Sue, the admin, is a person of the directory too.
    expect(preview.counts).toMatchObject({ create: 2, update: 0, suspend: 0 });
  });

  it('R41, R42, R43: is members of a group in a unit or below it; not of another domain; never who is archived', async () => {
    const { idp, app, mapping } = await world.office();
    const unit = (orgUnitPath: string, more: object = {}) => ({ [TENURE_USER]: { orgUnitPath, ...more } });
    const people = [
      await idp.hire('ada-r41', unit('/Sales')),
      await idp.hire('bob-r41', unit('/sales/EMEA')),
      await idp.hire('cy-r41', unit('/Salesforce')),
      await idp.hire('dan@fig.example', unit('/Sales')),
      await idp.hire('eve-r41', unit('/Sales', { archived: true })),
    ];
    await idp.hire('fay-r41', unit('/Sales'));
    const staff = await idp.group('Staff r41', ...people);
    await world.settled();
    await mapping.ok('PUT', `${app.path}/scope`, {
      assignment: 'everyone',
      groups: [{ id: staff, nested: false }],
      orgUnits: ['/Sales'],
    });
    await app.turnOn();
    await world.settled();
    expect(await namesLike('-r41')).toEqual(['ada-r41', 'bob-r41']);
    expect(await names()).not.toContain('dan');
  });
});

describe('an app that is on', () => {
  it('R50: keeps everything when it is turned off, and resumes where it was', async () => {
    const { idp, app } = await world.office();
    const ada = await idp.hire('ada-r50');
    await app.assign('users', ada, await idp.hire('bob-r50'));
    await app.turnOn();
    await world.settled();
    expect((await app.turnOff()).state).toBe('off');
    await idp.set(ada, { op: 'replace', path: 'displayName', value: 'Ada, later' });
    await world.settled();
    expect((await world.sandbox.account('ada-r50@plum.example')).displayName).toBe('ada-r50 Plum');
    expect((await app.turnOn()).state).toBe('on');
    await world.settled();
    expect((await world.sandbox.account('ada-r50@plum.example')).displayName).toBe('Ada, later');
  });

  it('R51: forgets its credentials and configuration when they are deleted, and leaves the accounts as they are', async () => {
    const { idp, app, mapping } = await world.office();
    const ada = await idp.hire('ada-r51');
    await app.assign('users', ada);
    await app.turnOn();
    await world.settled();
    await idp.setActive(ada, false);
    await world.settled();
    expect(await app.timers('state=armed')).toHaveLength(1);
    expect(await mapping.delete(`${app.path}/configuration`)).toMatchObject({
      status: 400,
      body: { code: 'confirm/required' },
    });
    const before = await world.sandbox.writes();
    expect((await mapping.delete(`${app.path}/configuration?confirm=true`)).status).toBe(204);
    await world.settled();
    expect(await app.get()).toMatchObject({
      state: 'draft',
      missing: expect.arrayContaining(['credentials', 'endpoint', 'test']),
    });
    expect(await app.timers('state=armed')).toEqual([]);
    expect(await mapping.ok('GET', `${app.path}/assignments`)).toEqual({ items: [] });
    expect(await world.sandbox.writes()).toEqual(before);
    expect(await world.sandbox.account('ada-r51@plum.example')).toMatchObject({ active: true });
  });

  it('R52: waits for new credentials when the old ones are refused, and loses nothing', async () => {
    const { idp, app, mapping } = await world.office();
    await app.assign('users', await idp.hire('ada-r52'));
    await app.turnOn();
    await world.settled();
    await world.sandbox.switchTo({ mode: 'fail', status: 401 });
    const bob = await idp.hire('bob-r52');
    await app.assign('users', bob);
    await world.settled();
    expect(await app.get()).toMatchObject({ state: 'needsReauthorization', missing: ['test'] });
    const cy = await idp.hire('cy-r52');
    await app.assign('users', cy);
    await world.settled();
    expect(await mapping.post(`${app.path}/reauthorize`, { kind: 'bearer', token: world.sandbox.token })).toMatchObject(
      { status: 422 },
    );
    await world.sandbox.switchTo({ mode: 'ok' });
    expect(await mapping.post(`${app.path}/reauthorize`, { kind: 'bearer', token: 'mistyped' })).toMatchObject({
      status: 422,
    });
    expect(await mapping.post(`${app.path}/reauthorize`, { kind: 'bearer', token: world.sandbox.token })).toMatchObject(
      { status: 200, body: { state: 'on' } },
    );
    await world.settled();
    expect(await namesLike('-r52')).toEqual(['ada-r52', 'bob-r52', 'cy-r52']);
  });

  it('R53: is counted by the names that administrators know, and told line by line', async () => {
    const { idp, app, audit, mapping } = await world.office();
    await mapping.ok('PUT', `${app.path}/deprovisioning`, {
      turnedOff: never,
      suspended: { suspend: 'PT0S', hardDelete: null },
      deleted: { suspend: null, hardDelete: 'PT0S' },
    });
    await world.sandbox.byHand.ok('POST', '/Users', person('foreign-r53'));
    const ada = await idp.hire('ada-r53');
    await app.assign('users', ada, await idp.hire('foreign-r53'));
    await app.turnOn();
    await world.settled();
    await idp.set(ada, { op: 'replace', path: 'displayName', value: 'A.' });
    await world.settled();
    await idp.setActive(ada, false);
    await world.settled();
    await idp.setActive(ada, true);
    await world.settled();
    await idp.scim.ok('DELETE', `/Users/${ada}`);
    await world.settled();
    const usage = await audit.ok('GET', `/usage?app=${app.id}`);
    expect(usage.counts).toMatchObject({
      'Create User By Auto Provisioning': 1,
      'Suspend Auto Provisioned User': 1,
      'Unsuspend Auto Provisioned User': 1,
      'Hard Delete Auto Provisioned User': 1,
      Failures: 1,
    });
    expect(usage.counts['Update Auto Provisioned User']).toBeGreaterThanOrEqual(1);
    const csv = await audit.get(`/usage.csv?app=${app.id}`);
    expect(csv.headers.get('content-type')).toContain('text/csv');
    const lines = csv.text.trim().split('\r\n');
    expect(lines[0]).toBe('at,event,userId,accountId,reason');
    expect(lines.filter((line) => line.includes('Failures,'))).toEqual([
      expect.stringMatching(/,The app has an account for this person that Tenure did not create\.$/),
    ]);
  });
});

describe('rules', () => {
  it('R59: turn Sales into Sales and Marketing, again when the department changes, and leave what others gave alone (R61)', async () => {
    const rule = (name: string, department: string, group: string) => ({
      name,
      enabled: true,
      match: 'all',
      conditions: [{ source: 'department', operator: 'equals', value: department }],
      actions: [{ type: 'setEntitlement', kind: 'group', value: group }],
    });
    const { idp, app } = await world.office({
      rules: [rule('Sales', 'sales', 'Sales and Marketing'), rule('Ovens', 'Ovens', 'Bakers')],
    });
    const hand = await world.sandbox.byHand.ok('POST', '/Users', person('hand-r59'));
    const groupOf = (displayName: string) => ({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName,
      members: [{ value: hand.id }],
    });
    await world.sandbox.byHand.ok('POST', '/Groups', groupOf('Sales and Marketing'));
    await world.sandbox.byHand.ok('POST', '/Groups', groupOf('Bakers'));
    const ada = await idp.hire('ada-r59', { [ENTERPRISE]: { department: 'Sales' } });
    const bob = await idp.hire('bob-r59', { [ENTERPRISE]: { department: 'Unheard of' } });
    await app.assign('users', ada, bob);
    await app.turnOn();
    await world.settled();
    const members = async (displayName: string) =>
      sorted((await world.sandbox.group(displayName)).members.map(({ value }: any) => value));
    const { remoteId } = await app.accountOf(ada);
    expect(await members('Sales and Marketing')).toEqual(sorted([hand.id, remoteId]));
    expect((await app.accountOf(ada)).entitlements).toEqual([
      { kind: 'group', value: 'Sales and Marketing', owned: true, id: expect.any(String), evidence: 'absentBefore' },
    ]);
    await idp.set(ada, { op: 'replace', path: `${ENTERPRISE}:department`, value: 'Ovens' });
    await world.settled();
    expect(await members('Sales and Marketing')).toEqual([hand.id]);
    expect(await members('Bakers')).toEqual(sorted([hand.id, remoteId]));
  });

  it('R59: that say skip keep people out, and a later rule wins', async () => {
    const set = (name: string, value: string, conditions: object[]) => ({
      name,
      enabled: true,
      match: 'any',
      conditions,
      actions: [{ type: 'setAttribute', target: 'title', value }],
    });
    const everybody = [{ source: 'userName', operator: 'present' }];
    const skip = {
      name: 'No guests',
      enabled: true,
      match: 'all',
      conditions: [{ source: 'userType', operator: 'equals', value: 'Guest' }],
      actions: [{ type: 'skip' }],
    };
    const { idp, app } = await world.office({
      rules: [
        set('First', 'First', everybody),
        set('Later', 'Later', [{ source: 'userName', operator: 'startsWith', value: 'ADA' }]),
        skip,
      ],
    });
    await app.assign(
      'users',
      await idp.hire('ada-skip'),
      await idp.hire('bob-skip'),
      await idp.hire('cy-skip', { userType: 'guest' }),
    );
    await app.turnOn();
    await world.settled();
    expect(await namesLike('-skip')).toEqual(['ada-skip', 'bob-skip']);
    expect([
      (await world.sandbox.account('ada-skip@plum.example')).title,
      (await world.sandbox.account('bob-skip@plum.example')).title,
    ]).toEqual(['Later', 'First']);
  });

  it('R60: that are edited touch existing accounts only when they are reapplied, with a preview first', async () => {
    const titled = (value: string) => ({
      name: 'Titles',
      enabled: true,
      match: 'all',
      conditions: [{ source: 'userName', operator: 'present' }],
      actions: [{ type: 'setAttribute', target: 'title', value }],
    });
    const { idp, app, mapping } = await world.office({ rules: [titled('Baker')] });
    await app.assign('users', await idp.hire('ada-r60'));
    await app.turnOn();
    await world.settled();
    await mapping.ok('PUT', `${app.path}/rules`, { rules: [titled('Chef')] });
    await world.settled();
    const title = async () => (await world.sandbox.account('ada-r60@plum.example')).title;
    expect(await title()).toBe('Baker');
    const preview = await mapping.post(`${app.path}/rules/reapply?preview=true`);
    expect(preview.body).toMatchObject({
      counts: { update: 1 },
      accounts: [{ change: 'update', attributes: [{ target: 'title', from: 'Baker', to: 'Chef' }] }],
    });
    expect(await title()).toBe('Baker');
    const job = await mapping.post(`${app.path}/rules/reapply`);
    expect(job.status).toBe(202);
    await world.settled();
    expect(await title()).toBe('Chef');
    expect(await mapping.ok('GET', `/jobs/${job.body.id}`)).toMatchObject({ state: 'done' });
  });
});

describe('who is disabled', () => {
  it('R62: in the IdP or in the directory, leaves every app by each app’s own setting', async () => {
    const {
      idp,
      app: suspending,
      tenant,
      mapping,
      directory,
    } = await world.office({
      deprovisioning: { turnedOff: never, suspended: { suspend: 'PT0S', hardDelete: null }, deleted: never },
    });
    const keeping = await makeApp(tenant, world.sandbox, {
      deprovisioning: { turnedOff: never, suspended: never, deleted: never },
    });
    // Two apps at one sandbox: the second gives names of its own.
    const { targets: _, ...attributes } = await mapping.ok('GET', `${keeping.path}/attributes`);
    const renamed = attributes.mappings.map((each: any) =>
      each.target === 'userName'
        ? { target: 'userName', kind: 'expression', expression: 'Append("kept-", [userName])', apply: 'always' }
        : each.target === 'active'
          ? { target: 'active', kind: 'constant', value: true, apply: 'always' }
          : each,
    );
    await mapping.ok('PUT', `${keeping.path}/attributes`, {
      matching: [{ source: 'id', target: 'externalId' }],
      mappings: renamed,
    });
    const [ada, bob] = [await idp.hire('ada-r62'), await idp.hire('bob-r62')];
    for (const app of [suspending, keeping]) {
      await app.assign('users', ada, bob);
      await app.turnOn();
    }
    await world.settled();
    await idp.setActive(ada, false);
    await directory.ok('PATCH', `/users/${bob}`, { resource: { active: false } });
    await world.settled();
    for (const name of ['ada', 'bob']) {
      expect(await world.sandbox.account(`${name}-r62@plum.example`)).toMatchObject({ active: false });
      expect(await world.sandbox.account(`kept-${name}-r62@plum.example`)).toMatchObject({ active: true });
    }
  });
});

describe('expressions', () => {
  const expression = (target: string, text: string) => ({ kind: 'expression', target, expression: text });
  const ENTRA = 'urn:ietf:params:scim:schemas:extension:tenure:2.0:EntraUser';

  it('R36, R37, R96: count code points, and read what Entra knows beyond SCIM', async () => {
    const { idp, app, mapping } = await world.office();
    const { matching, mappings } = await mapping.ok('GET', `${app.path}/attributes`);
    const own = [
      expression('nickName', 'Left([displayName], 3)'),
      expression('title', 'Join(" ", [extensionAttribute3], [usageLocation], [employeeOrgData.division])'),
      expression('userType', 'NumFromDate([employeeHireDate])'),
    ];
    const others = mappings.filter(({ target }: any) => !own.some((each) => each.target === target));
    await mapping.ok('PUT', `${app.path}/attributes`, { matching, mappings: [...others, ...own] });
    const ada = await idp.hire('ada-r37', {
      displayName: 'ab😀 Smith',
      [ENTRA]: {
        extensionAttribute3: 'Third',
        usageLocation: 'NL',
        employeeHireDate: '2012-01-01T23:00:00Z',
        employeeOrgData: { division: 'Engines' },
      },
    });
    await app.assign('users', ada);
    await app.turnOn();
    await world.settled();
    expect(await world.sandbox.account('ada-r37@plum.example')).toMatchObject({
      nickName: 'ab😀',
      title: 'Third NL Engines',
      userType: '129699324000000000',
    });
  });

  it('R96: that take too much fail the account of that person and of nobody else, and say so wherever one looks', async () => {
    const { idp, app, mapping } = await world.office();
    const { matching, mappings } = await mapping.ok('GET', `${app.path}/attributes`);
    const others = mappings.filter(({ target }: any) => target !== 'title');
    const evil = {
      matching,
      mappings: [...others, expression('title', 'Replace([title], , "(?:a{1,30}){1,30}c", , "")')],
    };
    const ada = await idp.hire('ada-r96', { title: 'a'.repeat(4000) });
    const bob = await idp.hire('bob-r96', { title: 'Baker' });
    await app.assign('users', ada, bob);
    await app.turnOn();
    await world.settled();
    const because = { code: 'mapping/too-complex', message: expect.stringContaining('The mapping of "title"') };
    expect(await mapping.ok('PUT', `${app.path}/attributes?preview=true`, evil)).toMatchObject({
      failed: { count: 1, accounts: [{ userId: ada, ...because }] },
    });
    await mapping.ok('PUT', `${app.path}/attributes`, evil);
    await world.settled();
    expect(await app.accountOf(ada)).toMatchObject({ status: 'failed', reason: because });
    expect(await app.accountOf(bob)).toMatchObject({ status: 'provisioned' });
    const { body } = await mapping.post(`${app.path}/provision-on-demand`, { userId: ada });
    expect(body.steps).toContainEqual({ name: 'mapping', outcome: 'failed', detail: because.message });
    await mapping.ok('PUT', `${app.path}/attributes`, { matching, mappings });
    await world.settled();
    expect(await app.accountOf(ada)).toMatchObject({ status: 'provisioned' });
  });
});
