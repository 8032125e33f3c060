import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { scimServer } from '@tenure/connectors/testing';
import {
  ENTERPRISE,
  makeApp,
  makeTenant,
  operations,
  SCIM_GROUP,
  person,
  testWorld,
  type World,
} from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

type Office = Awaited<ReturnType<World['office']>>;

const until = async (what: string, is: () => Promise<boolean>) => {
  for (const end = Date.now() + 60_000; !(await is()); await sleep(50))
    if (Date.now() > end) throw new Error(`It never comes to this: ${what}`);
};

const ended = async ({ mapping }: Office, id: string): Promise<any> => {
  let job: any;
  await until('the job ends', async () => (job = await mapping.ok('GET', `/jobs/${id}`)).state !== 'running');
  return job;
};

const onDemand = async ({ mapping, app }: Office, userId: string): Promise<any> => {
  const { steps } = await mapping.ok('POST', `${app.path}/provision-on-demand`, { userId });
  return Object.fromEntries(steps.map((step: any) => [step.name, step]));
};

describe('R63: provisioning one person on demand', () => {
  it('tells what is wanted and why, what is in the app, what was sent and what the app said', async () => {
    const office = await world.office({
      rules: [
        {
          name: 'Title of everybody',
          enabled: true,
          match: 'all',
          conditions: [{ source: 'active', operator: 'present' }],
          actions: [{ type: 'setAttribute', target: 'title', value: 'Colleague' }],
        },
      ],
    });
    const { idp, app } = office;
    await app.turnOn();
    await world.settled();
    const ada = await idp.hire('ada-look');
    const outside = await onDemand(office, ada);
    expect(outside).toMatchObject({
      scope: { outcome: 'skipped', detail: 'scope/not-assigned' },
      result: { outcome: 'skipped' },
    });

    await app.assign('users', ada);
    const made = await onDemand(office, ada);
    expect(made.mapping.values).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          target: 'userName',
          value: 'ada-look@plum.example',
          from: expect.objectContaining({ by: 'direct' }),
        }),
        expect.objectContaining({
          target: 'title',
          value: 'Colleague',
          from: { by: 'rule', ruleId: expect.any(String) },
        }),
      ]),
    );
    await world.settled();
    const account = await app.accountOf(ada);
    expect(account).toMatchObject({ status: 'provisioned' });
    // The delivery that follows from the assignment may have been over before the question.
    if (made.lookup.sought[0].by !== 'link')
      expect(made.action).toMatchObject({ outcome: 'done', calls: [{ call: 'create', outcome: 'ok', status: 201 }] });
    expect(made.result).toMatchObject({ outcome: 'done', status: 'provisioned', remoteId: account.remoteId });

    // Somebody changes it in the app: that is seen, and left to reconciliation.
    await world.sandbox.byHand.ok(
      'PATCH',
      `/Users/${account.remoteId}`,
      operations({ op: 'replace', value: { displayName: 'By hand' } }),
    );
    const seen = await onDemand(office, ada);
    expect(seen).toMatchObject({
      lookup: {
        outcome: 'done',
        sought: [{ by: 'link', value: account.remoteId, found: [{ label: 'ada-look@plum.example' }] }],
      },
      action: { outcome: 'skipped', detail: 'Nothing was to be sent.' },
      result: { outcome: 'done', status: 'provisioned' },
    });
    expect(seen.comparison.targets).toContainEqual({
      target: 'displayName',
      inApp: 'By hand',
      wanted: 'ada-look Plum',
      sent: 'ada-look Plum',
      same: false,
    });
    expect(await world.sandbox.account('ada-look@plum.example')).toMatchObject({ displayName: 'By hand' });
  });

  it('says what it would do while the app is off, and what an approval holds back', async () => {
    const office = await world.office();
    const { idp, app, mapping } = office;
    const bob = await idp.hire('bob-look');
    await app.assign('users', bob);
    await mapping.ok('PUT', `${app.path}/approvals`, { actions: ['create'] });
    expect(await onDemand(office, bob)).toMatchObject({
      lookup: { outcome: 'done', detail: 'The app has no account that matches.' },
      action: { outcome: expect.any(String), detail: expect.stringContaining('The app is draft') },
    });
    await app.turnOn();
    await app.turnOff();
    const off = await onDemand(office, bob);
    expect(off.action).toMatchObject({
      outcome: 'waiting',
      detail: expect.stringContaining('approval is needed first: create'),
    });
    await app.turnOn();
    const held = await onDemand(office, bob);
    expect(held).toMatchObject({
      lookup: { sought: expect.arrayContaining([expect.objectContaining({ by: 'mark', found: [] })]) },
      action: { outcome: 'waiting', action: 'create', detail: 'An approval is needed first: create.' },
      result: { outcome: 'waiting', status: 'pending' },
    });
    expect(await world.sandbox.account('bob-look@plum.example')).toBeUndefined();
  });

  it("shows whom it found that is nobody's, and the words in which the app refuses", async () => {
    const office = await world.office();
    const { idp, app } = office;
    await app.turnOn();
    const foreign = await world.sandbox.byHand.ok('POST', '/Users', person('cy-look'));
    const cy = await idp.hire('cy-look');
    await app.assign('users', cy);
    const found = await onDemand(office, cy);
    expect(found.lookup.sought).toContainEqual(
      expect.objectContaining({
        by: 'key',
        target: 'userName',
        found: [{ remoteId: foreign.id, label: 'cy-look@plum.example', active: true, ours: false }],
      }),
    );
    expect(found.result).toMatchObject({ outcome: 'failed', reason: { code: 'account/foreign-match' } });

    const dan = await idp.hire('dan-look');
    await app.assign('users', dan);
    await world.settled();
    await idp.set(dan, { op: 'replace', value: { displayName: 'Dan' } });
    await world.settled();
    await world.sandbox.switchTo({ mode: 'fail', status: 403 });
    try {
      await idp.set(dan, { op: 'replace', value: { displayName: 'Daniel' } });
      const refused = await onDemand(office, dan);
      expect(refused).toMatchObject({
        lookup: { outcome: 'failed', detail: '403: The sandbox was told to fail.' },
        action: { outcome: 'failed', detail: expect.stringContaining('403: The sandbox was told to fail.') },
        result: { outcome: 'failed', status: 'failed' },
      });
    } finally {
      await world.sandbox.switchTo({ mode: 'ok' });
    }
  });
});

it('R63, R69: an initial cycle reads the app first, and its job tells what it found and made', async () => {
  const office = await world.office();
  const { idp, app, mapping } = office;
  const known = await idp.hire('known-cycle');
  await app.assign('users', known);
  const { job } = await app.turnOn();
  await world.settled();
  expect(await mapping.ok('GET', `/jobs/${job.id}`)).toMatchObject({
    state: 'done',
    result: { counts: { planned: 1, created: 1, failed: 0, unchanged: 0 } },
  });

  const there = await world.sandbox.byHand.ok('POST', '/Users', person('there-cycle'));
  const group = await idp.group('Cycle');
  await idp.join(group, await idp.hire('there-cycle'), await idp.hire('new-cycle'));
  await app.assign('groups', group);
  await world.settled();
  const started = await mapping.post(`${app.path}/initial-cycle`);
  expect(started).toMatchObject({ status: 202, body: { kind: 'initialCycle', state: 'running' } });
  const cycle = await ended(office, started.body.id);
  const { look, counts } = cycle.result;
  expect(cycle).toMatchObject({ state: 'done', done: cycle.total, endedAt: expect.any(String) });
  expect(counts).toMatchObject({ planned: 3, created: 0, matched: 2, unchanged: 2, updated: 0, failed: 0 });
  expect(look).toMatchObject({ jobId: expect.any(String), complete: true, suspicious: false });
  expect(look.listed).toBe((await world.sandbox.accounts()).length);
  expect(counts.foreign).toBe(look.listed - counts.matched);
  expect(await mapping.ok('GET', `/jobs/${look.jobId}`)).toMatchObject({ kind: 'reconcile', state: 'done' });
  const { items } = await mapping.ok('GET', `${app.path}/foreign?minConfidence=0.9&limit=1000`);
  expect(items).toContainEqual(
    expect.objectContaining({
      remoteId: there.id,
      proposals: [expect.objectContaining({ userId: expect.any(String) })],
    }),
  );
});

it('R88, R96: an app that was emptied is quarantined by its reconciliation, nothing is sent to it, and resuming ends that', async () => {
  const office = await world.office();
  const { idp, app, mapping, audit } = office;
  const group = await idp.group('Everybody of R88');
  await app.assign('groups', group);
  const names = Array.from({ length: 60 }, (_, index) => `p${index}-r88q`);
  const ids: string[] = [];
  for (const name of names) ids.push(await idp.hire(name));
  await idp.join(group, ...ids);
  await app.turnOn();
  await world.settled();
  const webhook = await audit.ok('POST', '/webhooks', {
    url: 'https://127.0.0.1:1/',
    events: ['app.quarantined', 'app.resumed'],
  });
  const accounts = await app.accounts();
  expect(accounts).toHaveLength(60);
  const emptied = accounts.filter(({ userId }) => ids.indexOf(userId) < 55);
  for (const { remoteId } of emptied) await world.sandbox.byHand.ok('DELETE', `/Users/${remoteId}`);

  const run = await mapping.ok('POST', `${app.path}/reconcile`, {});
  expect(await ended(office, run.id)).toMatchObject({ result: { suspicious: true, counts: { missing: 55 } } });
  const health = () => mapping.ok('GET', `${app.path}/health`);
  await until('it is quarantined', async () => (await health()).state === 'quarantined');
  expect(await health()).toMatchObject({
    since: expect.any(String),
    reason: expect.stringContaining('55 accounts missing'),
  });
  expect((await health()).nextProbeAt).toBeUndefined();
  expect((await mapping.ok('GET', `${app.path}/drifts`)).items).toEqual([]);
  await until(
    'the event is in the audit',
    async () => (await audit.ok('GET', '/entries?type=AppQuarantined')).items.length === 1,
  );

  const last = ids.at(-1)!;
  const before = (await world.sandbox.writes()).length;
  await idp.set(last, { op: 'replace', value: { displayName: 'Waits' } });
  await until('it waits', async () => (await app.accountOf(last)).status === 'modifying');
  expect(await world.sandbox.writes()).toHaveLength(before);

  await mapping.ok('POST', `${app.path}/health/resume`);
  expect(await health()).toMatchObject({ state: 'healthy' });
  await world.settled();
  expect(await world.sandbox.account(`${names.at(-1)}@plum.example`)).toMatchObject({ displayName: 'Waits' });
  await until('the webhook is told', async () => {
    const told = (await audit.ok('GET', `/webhooks/${webhook.id}/deliveries`)).items.map(({ type }: any) => type);
    return told.includes('app.quarantined') && told.includes('app.resumed');
  });
});

it('R93: what is learned of an app is shown, kept over a restart, and goes with a change of its connection', async () => {
  const server = await scimServer({ canPatch: false, saysItCanPatch: true });
  try {
    const tenant = await makeTenant(world);
    const idp = await tenant.connect();
    const app = await makeApp(tenant, { scimUrl: server.url, token: server.token });
    const { mapping } = tenant;
    const connection = () => mapping.ok('GET', `${app.path}/connection`);
    const ada = await idp.hire('ada-profile', {});
    await app.assign('users', ada);
    await app.turnOn();
    await world.settled();
    await idp.set(ada, { op: 'replace', value: { displayName: 'Architect' } });
    await world.settled();
    expect(server.user('ada-profile@plum.example')).toMatchObject({ displayName: 'Architect' });
    const patches = () => server.asked.filter((asked) => asked.startsWith('PATCH')).length;
    expect(patches()).toBeGreaterThan(0);
    await until('it is learned', async () => (await connection()).learned?.replaces === true);
    expect(await connection()).toMatchObject({
      kind: 'scim',
      mode: 'auto',
      learned: { replaces: true, idType: 'string' },
    });

    await world.restart();
    const before = patches();
    await idp.set(ada, { op: 'replace', value: { displayName: 'Director' } });
    await world.settled();
    expect(server.user('ada-profile@plum.example')).toMatchObject({ displayName: 'Director' });
    expect(patches()).toBe(before);

    // What GET answers may be sent back; another mode is another connection.
    expect(await mapping.ok('PUT', `${app.path}/connection`, await connection())).toMatchObject({
      learned: { replaces: true },
    });
    const pinned = await mapping.ok('PUT', `${app.path}/connection`, { kind: 'scim', mode: 'put' });
    expect(pinned).toEqual({ kind: 'scim', mode: 'put' });
  } finally {
    await server.close();
  }
});

describe('R58: entitlements of an app', () => {
  it('are imported as groups, roles, licences and departments, and a refresh that fails says why', async () => {
    const office = await world.office();
    const { mapping, app } = office;
    const { byHand } = world.sandbox;
    await byHand.ok('POST', '/Groups', { schemas: [SCIM_GROUP], displayName: 'Writers of R58' });
    await byHand.ok(
      'POST',
      '/Users',
      person('eve-r58', {
        roles: [{ value: 'editor-r58' }],
        entitlements: [{ value: 'gold-r58' }],
        [ENTERPRISE]: { department: 'Printing R58' },
      }),
    );
    const refresh = async () => ended(office, (await mapping.ok('POST', `${app.path}/entitlements/refresh`)).id);
    const catalogue = () => mapping.ok('GET', `${app.path}/entitlements`);
    expect(await refresh()).toMatchObject({ state: 'done', done: expect.any(Number) });
    const { items, lastRefresh } = await catalogue();
    expect(lastRefresh).toMatchObject({ state: 'done' });
    for (const [kind, value] of [
      ['group', 'Writers of R58'],
      ['role', 'editor-r58'],
      ['licence', 'gold-r58'],
      ['department', 'Printing R58'],
    ])
      expect(items).toContainEqual({ kind, value, displayName: value, gone: false });

    await world.sandbox.switchTo({ mode: 'fail', status: 503 });
    try {
      const why = { problem: 'unreachable', reason: 'The sandbox was told to fail.' };
      expect(await refresh()).toMatchObject({ state: 'failed', result: why });
      expect(await catalogue()).toMatchObject({
        lastRefresh: { state: 'failed', ...why },
        refreshedAt: expect.any(String),
      });
    } finally {
      await world.sandbox.switchTo({ mode: 'ok' });
    }
  });

  it('are left to the users of the app where they configure them, and its domain is a source of mappings', async () => {
    const office = await world.office({
      rules: [
        {
          name: 'Writers',
          enabled: true,
          match: 'all',
          conditions: [{ source: 'active', operator: 'present' }],
          actions: [{ type: 'addEntitlement', kind: 'role', value: 'writer-r58' }],
        },
      ],
    });
    const { idp, app, mapping } = office;
    const { matching, mappings } = await mapping.ok('GET', `${app.path}/attributes`);
    await mapping.ok('PUT', `${app.path}/attributes`, {
      matching,
      mappings: [
        ...mappings,
        {
          target: 'nickName',
          kind: 'expression',
          expression: 'Append([givenName], Append("@", [organizationDomain]))',
          apply: 'always',
        },
      ],
    });
    await mapping.ok('PUT', `${app.path}/entitlements`, { configuredBy: 'user' });
    const fay = await idp.hire('fay-r58');
    await app.assign('users', fay);
    await app.turnOn();
    await world.settled();
    const shown = () => world.sandbox.account('fay-r58@plum.example');
    expect(await shown()).toMatchObject({ nickName: 'fay-r58@plum.example' });
    expect((await shown()).roles).toBeUndefined();

    await mapping.ok('PUT', `${app.path}/entitlements`, { configuredBy: 'admin', domain: 'press.example' });
    await world.settled();
    expect(await shown()).toMatchObject({ nickName: 'fay-r58@press.example', roles: [{ value: 'writer-r58' }] });

    // From now on they are the users' own: nothing is taken that was given.
    await mapping.ok('PUT', `${app.path}/entitlements`, { configuredBy: 'user', domain: 'press.example' });
    await mapping.ok('PUT', `${app.path}/rules`, { rules: [] });
    await mapping.ok('POST', `${app.path}/rules/reapply`);
    await world.settled();
    expect(await shown()).toMatchObject({ roles: [{ value: 'writer-r58' }] });
  });
});
