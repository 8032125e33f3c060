import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mappingWorld, type MappingWorld } from './testing/mapping-world.ts';

let world: MappingWorld;
beforeAll(async () => {
  world = await mappingWorld();
  await world.tenant();
  await world.join('ada', { name: { givenName: 'Ada' } });
  await world.join('bob');
  await world.group('staff', 'ada');
});
afterAll(() => world.close());

const create = (preset?: string) => world.createApp(preset);
const ready = () => world.readyApp();
const bearer = { kind: 'bearer', token: 'target-token-1' };

describe('R30: an app', () => {
  it('is a draft with the defaults of its preset, and says what is missing', async () => {
    const { status, headers, body } = await world.call('POST', '/apps', { name: 'Lumapps', preset: 'lumapps' });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/mapping/v1/tenants/acme/apps/${body.id}`);
    expect(headers.get('etag')).toBe('W/"1"');
    expect(body).toMatchObject({
      name: 'Lumapps',
      preset: 'lumapps',
      state: 'draft',
      sso: { configured: false },
      capabilities: { suspend: true, hardDelete: false },
      missing: ['credentials', 'endpoint', 'sso', 'test'],
      version: 1,
    });
    expect((await world.call('GET', `/apps/${body.id}`)).body).toEqual(body);
    expect((await world.call('GET', '/apps?limit=1000')).body.items).toContainEqual(body);
    expect((await world.call('GET', `/apps/${body.id}/endpoint`)).body).toEqual({
      template: '{base_url}/{customer_id}/{provider_uuid}/v2',
      values: {},
    });
    expect((await world.call('GET', `/apps/${body.id}/credentials`)).body).toMatchObject({
      code: 'credentials/not-set',
    });
    expect((await world.call('GET', `/apps/${body.id}/entitlements`)).body).toMatchObject({
      status: 409,
      code: 'app/no-entitlements',
    });
  });

  it('of another tenant is not there, and roles have their bounds (R6)', async () => {
    const id = await create();
    expect(await world.call('GET', `/apps/${id}`, undefined, { key: 'other', tenant: 'other' })).toMatchObject({
      status: 404,
      body: { code: 'app/not-found' },
    });
    expect(await world.call('GET', `/apps/${id}`, undefined, { key: 'other' })).toMatchObject({ status: 404 });
    expect(await world.call('GET', `/apps/${id}`, undefined, { key: 'auditor' })).toMatchObject({ status: 200 });
    expect(await world.call('PUT', `/apps/${id}/sso`, { configured: true }, { key: 'admin' })).toMatchObject({
      status: 403,
    });
    expect(await world.call('PUT', `/apps/${id}/sso`, { configured: true }, { key: 'gmail' })).toMatchObject({
      status: 403,
      body: { code: 'admin/consumer-mail' },
    });
    expect(await world.call('PUT', `/apps/${id}/assignments/users/ada`, {}, { key: 'admin' })).toMatchObject({
      status: 204,
    });
    expect(await world.call('PUT', `/apps/${id}/assignments/users/ada`, {}, { key: 'auditor' })).toMatchObject({
      status: 403,
    });
  });

  it('refuses unknown fields, stale versions and what is not confirmed', async () => {
    const id = await create();
    expect(await world.call('POST', '/apps', { name: 'x', preset: 'scim', more: 1 })).toMatchObject({
      status: 400,
      body: { code: 'request/invalid' },
    });
    expect(
      await world.call('PUT', `/apps/${id}/sso`, { configured: true }, { headers: { 'if-match': 'W/"7"' } }),
    ).toMatchObject({ status: 412 });
    expect(
      await world.call('PUT', `/apps/${id}/sso`, { configured: true }, { headers: { 'if-match': 'W/"1"' } }),
    ).toMatchObject({ status: 200, body: { configured: true } });
    expect(await world.call('POST', `/apps/${id}/on`)).toMatchObject({
      status: 400,
      body: { code: 'confirm/required' },
    });
    expect(await world.call('DELETE', `/apps/${id}/configuration`)).toMatchObject({
      status: 400,
      body: { code: 'confirm/required' },
    });
    expect(await world.call('PUT', `/apps/${id}/threshold?preview=true`, {})).toMatchObject({ status: 400 });
  });
});

describe('R34: credentials', () => {
  it('are tested where the endpoint is known, kept out of sight, and not saved when they fail', async () => {
    const id = await create();
    expect((await world.call('PUT', `/apps/${id}/credentials`, bearer)).body).toMatchObject({
      kind: 'bearer',
      hint: '…',
      test: { outcome: 'untested' },
    });
    await world.call('PUT', `/apps/${id}/endpoint`, { url: world.target.url });
    expect(await world.call('POST', `/apps/${id}/test`)).toMatchObject({
      status: 200,
      body: { outcome: 'passed', request: 'GET /Users?count=1', status: 200 },
    });
    expect((await world.call('GET', `/apps/${id}/credentials`)).body.test).toMatchObject({
      outcome: 'passed',
      at: '2026-01-05T09:00:00.000Z',
    });
    const before = await world.secrets();
    expect(await world.call('PUT', `/apps/${id}/credentials`, { kind: 'bearer', token: 'wrong' })).toMatchObject({
      status: 422,
      body: { code: 'app/test-failed', detail: expect.stringContaining('Unknown token') },
    });
    const stale = { headers: { 'if-match': 'W/"99"' } };
    expect(await world.call('PUT', `/apps/${id}/credentials`, bearer, stale)).toMatchObject({ status: 412 });
    expect(await world.secrets()).toEqual(before);
    expect(
      await world.call('POST', `/apps/${id}/test`, { credentials: { kind: 'bearer', token: 'wrong' } }),
    ).toMatchObject({ body: { outcome: 'failed', status: 401, reason: 'Unknown token' } });
    expect((await world.call('GET', `/apps/${id}/credentials`)).body.test.outcome).toBe('passed');
    const { body } = await world.call('PUT', `/apps/${id}/credentials`, bearer);
    expect(JSON.stringify(body)).not.toContain('target-token-1');
    await world.settle();
    expect(await world.secrets()).toHaveLength(before.length);
  });

  it('lead nowhere that is private', async () => {
    const id = await create();
    expect(await world.call('PUT', `/apps/${id}/endpoint`, { url: 'https://169.254.169.254/latest' })).toMatchObject({
      status: 400,
      body: { code: 'endpoint/private' },
    });
    expect(await world.call('PUT', `/apps/${id}/endpoint`, { url: 'http://10.0.0.1/scim' })).toMatchObject({
      status: 400,
      body: { code: 'endpoint/private' },
    });
    const oauth2 = { kind: 'oauth2', tokenUrl: 'https://[::1]/token', clientId: 'a', clientSecret: 'b' };
    expect(await world.call('PUT', `/apps/${id}/credentials`, oauth2)).toMatchObject({
      status: 400,
      body: { code: 'endpoint/private', errors: [{ field: 'tokenUrl' }] },
    });
    expect(await world.call('PUT', `/apps/${id}/endpoint`, { template: '{base_url}/x', values: {} })).toMatchObject({
      status: 400,
      body: { code: 'endpoint/placeholder' },
    });
  });
});

describe('R35 to R45: configuring', () => {
  it('answers what is stored, and points at what is wrong', async () => {
    const id = await create();
    const { targets, ...attributes } = (await world.call('GET', `/apps/${id}/attributes`)).body;
    expect(targets).toContainEqual({ path: 'userName', type: 'string', mandatory: true });
    const wrong = {
      ...attributes,
      mappings: [...attributes.mappings, { target: 'timezone', kind: 'expression', expression: 'Switch([country]' }],
    };
    expect(await world.call('PUT', `/apps/${id}/attributes`, wrong)).toMatchObject({
      status: 400,
      body: {
        code: 'mapping/expression',
        errors: [{ field: `mappings[${attributes.mappings.length}].expression`, position: expect.any(Number) }],
      },
    });
    const better = {
      ...attributes,
      mappings: [...attributes.mappings, { target: 'userType', kind: 'constant', value: 'Employee', apply: 'create' }],
    };
    expect((await world.call('PUT', `/apps/${id}/attributes`, better)).body.mappings).toEqual(better.mappings);

    const frames = {
      turnedOff: { suspend: 'P1D', hardDelete: 'P7D' },
      suspended: { suspend: 'P1D', hardDelete: 'P7D' },
      deleted: { suspend: null, hardDelete: 'PT0S' },
    };
    expect((await world.call('PUT', `/apps/${id}/deprovisioning`, { ...frames, applyToRunning: false })).body).toEqual(
      frames,
    );
    expect(
      (
        await world.call('PUT', `/apps/${id}/deprovisioning`, {
          ...frames,
          suspended: { suspend: 'P7D', hardDelete: 'P1D' },
        })
      ).body.code,
    ).toBe('deprovisioning/order');
    expect((await world.call('PUT', `/apps/${await create('lumapps')}/deprovisioning`, frames)).body.code).toBe(
      'deprovisioning/unsupported',
    );

    expect((await world.call('GET', `/apps/${id}/scope/groups?search=TAF`)).body).toEqual({
      items: [{ id: 'staff', displayName: 'Group staff' }],
    });
    const scope = { assignment: 'assigned', groups: [{ id: 'staff', nested: true }], orgUnits: ['/Sales'] };
    expect((await world.call('PUT', `/apps/${id}/scope`, scope)).body).toEqual(scope);
    expect(
      (await world.call('PUT', `/apps/${id}/scope`, { ...scope, groups: [{ id: 'nobody', nested: false }] })).body,
    ).toMatchObject({ code: 'scope/group-unknown', errors: [{ field: 'groups[0].id' }] });
    expect((await world.call('PUT', `/apps/${id}/assignments/users/nobody`)).body.code).toBe('user/unknown');
    await world.call('PUT', `/apps/${id}/assignments/groups/staff`, { role: 'USER' });
    await world.call('PUT', `/apps/${id}/assignments/roles/ADMIN`);
    await world.call('DELETE', `/apps/${id}/assignments/roles/ADMIN`);
    expect((await world.call('GET', `/apps/${id}/assignments`)).body).toEqual({
      items: [{ kind: 'groups', id: 'staff', role: 'USER' }],
    });

    expect((await world.call('PUT', `/apps/${id}/approvals`, { actions: ['create'] })).body).toEqual({
      actions: ['create'],
    });
    expect((await world.call('PUT', `/apps/${id}/threshold`, { count: 5, window: 'PT1H' })).body).toEqual({
      count: 5,
      window: 'PT1H',
    });
    expect((await world.call('PUT', `/apps/${id}/threshold`, { count: 5 })).status).toBe(400);
    expect((await world.call('PUT', `/apps/${id}/threshold`, {})).body).toEqual({});
    const rule = {
      name: 'Sales',
      enabled: true,
      match: 'all',
      conditions: [{ source: 'department', operator: 'equals', value: 'Sales' }],
      actions: [{ type: 'addEntitlement', kind: 'group', value: 'Sales' }],
    };
    const { rules } = (await world.call('PUT', `/apps/${id}/rules`, { rules: [rule] })).body;
    expect(rules).toEqual([{ ...rule, id: expect.any(String) }]);
    expect((await world.call('GET', `/apps/${id}/rules`)).body).toEqual({ rules });
    expect(
      (await world.call('PUT', `/apps/${id}/entitlements`, { domain: 'plum.example', configuredBy: 'user' })).body,
    ).toEqual({ items: [], domain: 'plum.example', configuredBy: 'user' });
  });
});

describe('R31: turning on', () => {
  it('is refused while something is missing, then provisions, previews edits, pauses and starts over', async () => {
    const unready = await create();
    expect(await world.call('POST', `/apps/${unready}/on`, { confirm: true })).toMatchObject({
      status: 409,
      body: {
        code: 'app/incomplete',
        errors: [{ field: 'credentials' }, { field: 'endpoint' }, { field: 'sso' }, { field: 'test' }],
      },
    });

    const id = await ready();
    await world.call('PUT', `/apps/${id}/assignments/groups/staff`);
    await world.settle();
    expect((await world.call('POST', `/apps/${id}/initial-cycle?preview=true`)).body.counts).toMatchObject({
      create: 1,
      unchanged: 1,
    });
    const turnedOn = await world.call('POST', `/apps/${id}/on`, { confirm: true });
    expect(turnedOn).toMatchObject({
      status: 200,
      body: { id, state: 'on', missing: [], overdueTimers: 0, job: { id: expect.any(String) } },
    });
    await world.settle();
    expect((await world.call('GET', `/jobs/${turnedOn.body.job.id}`)).body).toMatchObject({
      kind: 'initialCycle',
      state: 'done',
      done: 2,
      total: 2,
    });
    expect([...world.target.users.values()]).toMatchObject([
      { userName: 'ada@plum.example', name: { givenName: 'Ada' } },
    ]);

    expect(await world.runtime.metrics.registry.getSingleMetricAsString('tenure_deliveries_total')).toMatch(
      /action="create",outcome="done".* 1$/m,
    );

    const scope = { assignment: 'everyone', groups: [], orgUnits: [] };
    expect((await world.call('PUT', `/apps/${id}/scope?preview=true`, scope)).body).toMatchObject({
      counts: { create: 1, unchanged: 1 },
      accounts: [{ userId: 'bob', change: 'create' }],
    });
    expect((await world.call('GET', `/apps/${id}/scope`)).body.assignment).toBe('assigned');
    await world.call('PUT', `/apps/${id}/scope`, scope);
    await world.settle();
    expect(world.target.users.size).toBe(2);

    const narrowed = { assignment: 'assigned', groups: [], orgUnits: [] };
    expect((await world.call('PUT', `/apps/${id}/scope?preview=true`, narrowed)).body).toMatchObject({
      counts: { suspend: 1, unchanged: 1 },
      accounts: [{ userId: 'bob', change: 'suspend' }],
    });

    const { targets: _, ...attributes } = (await world.call('GET', `/apps/${id}/attributes`)).body;
    const edited = {
      ...attributes,
      mappings: [...attributes.mappings, { target: 'userType', kind: 'constant', value: 'Employee' }],
    };
    expect((await world.call('PUT', `/apps/${id}/attributes?preview=true`, edited)).body).toMatchObject({
      counts: { update: 2 },
      accounts: [{ change: 'update', attributes: [{ target: 'userType', from: null, to: 'Employee' }] }, {}],
    });

    const preview = (query: string) => world.call('PUT', `/apps/${id}/attributes?preview=true&${query}`, edited);
    const [first] = (await preview('limit=1')).body.accounts;
    const { nextCursor } = (await preview('limit=1')).body;
    const rest = (await preview(`limit=1&cursor=${nextCursor}`)).body;
    expect([first.userId, rest.accounts[0].userId]).toEqual(['ada', 'bob']);
    expect([rest.counts, rest.accounts.length, rest.nextCursor]).toMatchObject([{ update: 2 }, 1, undefined]);
    expect((await preview('user=bob')).body).toMatchObject({ counts: { update: 1 }, accounts: [{ userId: 'bob' }] });
    expect(await preview('user=nobody')).toMatchObject({ status: 404, body: { code: 'user/unknown' } });
    expect(await preview('cursor=x')).toMatchObject({ status: 400, body: { code: 'cursor/invalid' } });
    expect(await world.call('PUT', `/apps/${id}/attributes?user=bob`, edited)).toMatchObject({ status: 400 });

    expect((await world.call('POST', `/apps/${id}/provision-on-demand`, { userId: 'bob' })).body.steps).toContainEqual({
      name: 'delivery',
      outcome: 'done',
      detail: 'provisioned',
    });
    expect((await world.call('POST', `/apps/${id}/provision-on-demand`, { userId: 'nobody' })).status).toBe(404);
    const cycle = await world.call('POST', `/apps/${id}/initial-cycle`);
    expect(cycle).toMatchObject({ status: 202, body: { kind: 'initialCycle', state: 'running', done: 0, total: 2 } });
    await world.settle();
    expect((await world.call('GET', `/jobs/${cycle.body.id}`)).body).toMatchObject({
      state: 'done',
      done: 2,
      endedAt: expect.any(String),
    });

    expect((await world.call('POST', `/apps/${id}/off`, { confirm: true })).body.state).toBe('off');
    expect((await world.call('POST', `/apps/${id}/initial-cycle`)).body.code).toBe('app/not-on');
    expect((await world.call('DELETE', `/apps/${id}/configuration?confirm=true`)).status).toBe(204);
    await world.settle();
    expect((await world.call('GET', `/apps/${id}`)).body).toMatchObject({
      state: 'draft',
      missing: ['credentials', 'endpoint', 'test'],
    });
    expect(world.target.users.size).toBe(2);
  });

  it('R60: leaves existing accounts at the rules they were made by, until those of today are reapplied, and says before what that would do', async () => {
    const id = await ready();
    world.target.users.clear();
    await world.call('PUT', `/apps/${id}/assignments/users/ada`);
    await world.call('POST', `/apps/${id}/on`, { confirm: true });
    await world.settle();
    const rule = {
      name: 'All',
      enabled: true,
      match: 'all',
      conditions: [],
      actions: [{ type: 'setAttribute', target: 'userType', value: 'Employee' }],
    };
    expect((await world.call('PUT', `/apps/${id}/rules?preview=true`, { rules: [rule] })).body.counts).toMatchObject({
      update: 0,
      unchanged: 2,
    });
    await world.call('PUT', `/apps/${id}/rules`, { rules: [rule] });
    await world.settle();
    const userTypes = () => [...world.target.users.values()].map(({ userType }) => userType);
    expect(userTypes()).toEqual([undefined]);
    await world.call('PUT', `/apps/${id}/assignments/users/bob`);
    await world.settle();
    expect(userTypes()).toEqual([undefined, 'Employee']);

    const edited = { ...rule, actions: [{ type: 'setAttribute', target: 'userType', value: 'Contractor' }] };
    await world.call('PUT', `/apps/${id}/rules`, { rules: [edited] });
    await world.change('bob', { displayName: 'Bob' });
    await world.settle();
    expect(userTypes()).toEqual([undefined, 'Employee']);
    expect(await world.call('POST', `/apps/${id}/rules/reapply?preview=true`)).toMatchObject({
      status: 200,
      body: {
        counts: { update: 2, unchanged: 0 },
        accounts: [
          { userId: 'ada', change: 'update', attributes: [{ target: 'userType', from: null, to: 'Contractor' }] },
          { userId: 'bob', change: 'update', attributes: [{ target: 'userType', from: 'Employee', to: 'Contractor' }] },
        ],
      },
    });
    expect(await world.call('POST', `/apps/${id}/rules/reapply`)).toMatchObject({
      status: 202,
      body: { kind: 'reapplyRules', state: 'running' },
    });
    await world.settle();
    expect(userTypes()).toEqual(['Contractor', 'Contractor']);
  });

  it('R48: moves timers that run only when told to, and says so before', async () => {
    const id = await ready();
    world.target.users.clear();
    await world.call('PUT', `/apps/${id}/assignments/users/bob`);
    await world.call('POST', `/apps/${id}/on`, { confirm: true });
    await world.settle();
    await world.deactivate('bob');
    await world.settle();
    const due = async () =>
      (
        await world.runtime.database.query<{ due_at: string }>({
          text: `select due_at from provisioning_v5.timers where app_id = $1 and state = 'armed'`,
          values: [id],
        })
      ).map(({ due_at }) => due_at);
    expect(await due()).toEqual(['2026-01-06T09:00:00.000Z']);
    const later = { turnedOff: { suspend: 'P1D' }, suspended: { suspend: 'P3D' }, deleted: { suspend: 'P1D' } };
    expect(
      (await world.call('PUT', `/apps/${id}/deprovisioning?preview=true`, { ...later, applyToRunning: true })).body
        .timers,
    ).toEqual([{ id: expect.any(String), from: '2026-01-06T09:00:00.000Z', to: '2026-01-08T09:00:00.000Z' }]);
    await world.call('PUT', `/apps/${id}/deprovisioning`, later);
    await world.settle();
    expect(await due()).toEqual(['2026-01-06T09:00:00.000Z']);
    await world.call('PUT', `/apps/${id}/deprovisioning`, { ...later, applyToRunning: true });
    await world.settle();
    expect(await due()).toEqual(['2026-01-08T09:00:00.000Z']);
  });

  it('R52: credentials that the app refuses put it in needsReauthorization, and new ones let it go on', async () => {
    const id = await ready();
    world.target.users.clear();
    await world.call('PUT', `/apps/${id}/assignments/users/ada`);
    await world.call('POST', `/apps/${id}/on`, { confirm: true });
    await world.settle();
    world.target.settings.token = 'target-token-2';
    await world.change('ada', { title: 'Dr' });
    await world.settle();
    expect((await world.call('GET', `/apps/${id}`)).body).toMatchObject({
      state: 'needsReauthorization',
      missing: ['test'],
    });
    expect(await world.call('POST', `/apps/${id}/reauthorize`, { kind: 'bearer', token: 'wrong' })).toMatchObject({
      status: 422,
    });
    expect(
      (await world.call('POST', `/apps/${id}/reauthorize`, { kind: 'bearer', token: 'target-token-2' })).body,
    ).toMatchObject({ state: 'on', missing: [] });
    await world.call(
      'PUT',
      `/apps/${id}/attributes`,
      (await world.call('GET', `/apps/${id}/attributes`)).body.targets
        ? {
            matching: [{ source: 'userName', target: 'userName' }],
            mappings: [
              { kind: 'direct', source: 'userName', target: 'userName' },
              { kind: 'direct', source: 'title', target: 'title' },
            ],
          }
        : {},
    );
    await world.settle();
    expect([...world.target.users.values()]).toMatchObject([{ userName: 'ada@plum.example', title: 'Dr' }]);
  });
});

describe('accounts', () => {
  it('are listed, read as they were, and acted upon by admins (R54, R57, R61)', async () => {
    const id = await ready();
    world.target.users.clear();
    world.target.users.set('by-hand', {
      id: 'by-hand',
      userName: 'ada@plum.example',
      displayName: 'By hand',
      active: true,
    });
    await world.call('PUT', `/apps/${id}/assignments/users/ada`);
    await world.call('POST', `/apps/${id}/on`, { confirm: true });
    await world.settle();
    const { items } = (await world.call('GET', `/apps/${id}/accounts?status=failed`)).body;
    expect(items).toMatchObject([
      {
        appId: id,
        userId: 'ada',
        status: 'failed',
        reason: { code: 'account/foreign-match' },
        match: { remoteId: 'by-hand' },
        owned: false,
      },
    ]);
    const [{ id: accountId }] = items;
    expect(
      (await world.call('GET', '/accounts?user=ada&limit=1000')).body.items.map(
        (account: { id: string }) => account.id,
      ),
    ).toContain(accountId);
    expect(await world.call('POST', `/apps/${id}/accounts/${accountId}/approve`, {}, { key: 'admin' })).toMatchObject({
      status: 409,
      body: { code: 'account/no-approval' },
    });
    expect(
      await world.call('POST', `/apps/${id}/accounts/${accountId}/adopt`, undefined, { key: 'auditor' }),
    ).toMatchObject({ status: 403 });
    expect(await world.call('POST', `/apps/${await create()}/accounts/${accountId}/adopt`)).toMatchObject({
      status: 404,
    });
    expect(
      await world.call('POST', `/apps/${id}/accounts/${accountId}/adopt`, undefined, { key: 'admin' }),
    ).toMatchObject({ status: 200, body: { owned: true, remoteId: 'by-hand' } });
    await world.settle();
    expect((await world.call('GET', `/apps/${id}/accounts/${accountId}`)).body).toMatchObject({
      status: 'provisioned',
      owned: true,
    });
    expect((await world.call('GET', `/apps/${id}/accounts/${accountId}?asOf=2026-01-04T00:00:00.000Z`)).body.code).toBe(
      'account/not-yet',
    );
    const history = (await world.call('GET', `/apps/${id}/accounts/${accountId}/history`)).body.items;
    expect(history.map(({ type }: { type: string }) => type)).toContain('AccountAdopted');
    expect((await world.call('POST', `/apps/${id}/accounts/approve`, { ids: [accountId, 'nobody'] })).body).toEqual({
      items: [
        { id: accountId, ok: false, code: 'account/no-approval' },
        { id: 'nobody', ok: false, code: 'account/unknown' },
      ],
    });
  });
});
