import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { emptyApp, tokenServer } from './testing/token-server.ts';
import { ENTERPRISE, makeApp, makeTenant, sorted, testWorld, type Tenant, type World } from './testing/world.ts';

let world: World;
let plum: Tenant;
beforeAll(async () => {
  world = await testWorld();
  plum = await makeTenant(world);
  await world.settled();
});
afterAll(() => world.close());

const create = async (preset = 'scim') => plum.mapping.ok('POST', '/apps', { name: `App ${preset}`, preset });
const bearer = (token: string) => ({ kind: 'bearer', token });
const never = { suspend: null, hardDelete: null };

describe('an app', () => {
  it('R24, R30, R31: is set up step by step, starts nothing, and is turned on once nothing is missing, with a confirmation', async () => {
    const created = await plum.mapping.post('/apps', { name: 'Sandbox', preset: 'scim' });
    expect(created).toMatchObject({
      status: 201,
      body: { state: 'draft', preset: 'scim', sso: { configured: false } },
    });
    expect(created.headers.get('location')).toBe(`/mapping/v1/tenants/${plum.id}/apps/${created.body.id}`);
    const path = `/apps/${created.body.id}`;
    const missing = async () => sorted((await plum.mapping.ok('GET', path)).missing);
    const turnOn = () => plum.mapping.post(`${path}/on`, { confirm: true });

    expect(await missing()).toEqual(['credentials', 'endpoint', 'sso', 'test']);
    const refused = await turnOn();
    expect(refused).toMatchObject({ status: 409, body: { code: 'app/incomplete' } });
    expect(sorted(refused.body.errors.map(({ field }: any) => field))).toEqual([
      'credentials',
      'endpoint',
      'sso',
      'test',
    ]);
    await plum.mapping.ok('PUT', `${path}/credentials`, bearer(world.sandbox.token));
    expect(await missing()).toEqual(['endpoint', 'sso', 'test']);
    await plum.mapping.ok('PUT', `${path}/endpoint`, { url: world.sandbox.scimUrl });
    expect((await plum.mapping.post(`${path}/test`)).body).toMatchObject({
      outcome: 'passed',
      request: 'GET /Users?count=1',
      status: 200,
    });
    expect(await missing()).toEqual(['sso']);
    expect(await turnOn()).toMatchObject({ status: 409, body: { errors: [{ field: 'sso' }] } });
    await plum.mapping.ok('PUT', `${path}/sso`, { configured: true });
    expect(await missing()).toEqual([]);
    expect((await plum.mapping.ok('GET', path)).state).toBe('draft');
    expect(await plum.mapping.post(`${path}/on`)).toMatchObject({ status: 400, body: { code: 'confirm/required' } });
    expect(await turnOn()).toMatchObject({ status: 200, body: { state: 'on', overdueTimers: 0 } });
    await world.settled();
    expect(await world.sandbox.accounts()).toEqual([]);
  });

  it('R28, R33: of a preset has its capabilities, mandatory attributes and defaults, and refuses by name what it can’t', async () => {
    const shown = Object.fromEntries(
      await Promise.all(['lumapps', 'comeet', 'nulab', 'scim'].map(async (preset) => [preset, await create(preset)])),
    );
    expect(shown.lumapps.capabilities).toMatchObject({
      provisioning: true,
      suspend: true,
      hardDelete: false,
      groups: false,
      entitlements: false,
    });
    expect(shown.comeet.capabilities).toMatchObject({ suspend: true, hardDelete: true, groups: false });
    expect(shown.nulab.capabilities).toMatchObject({ suspend: true, hardDelete: true, groups: false });
    expect(shown.scim.capabilities).toMatchObject({
      suspend: true,
      hardDelete: true,
      groups: true,
      entitlements: true,
    });

    const mandatory = async (preset: string) =>
      (await plum.mapping.ok('GET', `/apps/${shown[preset].id}/attributes`)).targets
        .filter((target: any) => target.mandatory)
        .map(({ path }: any) => path);
    expect(await mandatory('lumapps')).toEqual(
      expect.arrayContaining(['userName', 'name.givenName', 'name.familyName', 'emails[type eq "work"].value']),
    );
    expect(await mandatory('nulab')).toEqual(expect.arrayContaining(['userName', 'displayName', 'active']));
    const nulab = await plum.mapping.ok('GET', `/apps/${shown.nulab.id}/attributes`);
    expect(nulab.mappings).toContainEqual(
      expect.objectContaining({
        target: 'roles[primary eq "True"].value',
        kind: 'expression',
        expression: 'SingleAppRoleAssignment([appRoleAssignments])',
      }),
    );
    expect(nulab.mappings).toContainEqual(expect.objectContaining({ target: 'preferredLanguage', apply: 'create' }));
    expect(await plum.mapping.ok('GET', `/apps/${shown.comeet.id}/deprovisioning`)).toMatchObject({
      turnedOff: { suspend: 'P1D', hardDelete: 'P7D' },
    });

    const suspendOnly = await plum.mapping.put(`/apps/${shown.lumapps.id}/deprovisioning`, {
      turnedOff: never,
      suspended: never,
      deleted: { suspend: null, hardDelete: 'P1D' },
    });
    expect(suspendOnly).toMatchObject({ status: 400, body: { code: 'deprovisioning/unsupported' } });
    expect(await plum.mapping.put(`/apps/${shown.lumapps.id}/entitlements`, { configuredBy: 'admin' })).toMatchObject({
      status: 409,
      body: { code: 'app/no-entitlements' },
    });
  });

  it('R32: is found by a template that is filled in and checked, or by a URL that overrides the preset’s', async () => {
    const { id } = await create('lumapps');
    const path = `/apps/${id}/endpoint`;
    expect(await plum.mapping.ok('GET', path)).toEqual({
      template: '{base_url}/{customer_id}/{provider_uuid}/v2',
      values: {},
    });
    const origin = new URL(world.sandbox.scimUrl).origin;
    const template = '{base_url}/{customer_id}/{provider_uuid}/v2';
    expect(await plum.mapping.put(path, { template, values: { base_url: origin } })).toMatchObject({
      status: 400,
      body: {
        code: 'endpoint/placeholder',
        errors: [{ field: 'values.customer_id' }, { field: 'values.provider_uuid' }],
      },
    });
    expect(
      await plum.mapping.put(path, {
        template,
        values: { base_url: origin, customer_id: '../..', provider_uuid: 'u' },
      }),
    ).toMatchObject({ status: 400, body: { code: 'endpoint/placeholder' } });
    const values = { base_url: origin, customer_id: 'plum', provider_uuid: 'c0ffee' };
    const filled = { url: `${origin}/plum/c0ffee/v2`, template, values };
    expect((await plum.mapping.put(path, { template, values })).body).toEqual(filled);
    expect(await plum.mapping.ok('GET', path)).toEqual(filled);
    expect((await plum.mapping.put(path, { url: world.sandbox.scimUrl })).body).toEqual({ url: world.sandbox.scimUrl });
    for (const url of ['https://169.254.169.254/latest', 'http://10.0.0.1/scim', 'https://[::1]/scim'])
      expect(await plum.mapping.put(path, { url })).toMatchObject({ status: 400, body: { code: 'endpoint/private' } });
    expect(await plum.mapping.put(path, { url: 'ftp://app.example' })).toMatchObject({
      status: 400,
      body: { code: 'endpoint/url' },
    });
  });
});

describe('credentials', () => {
  it('R25: are a bearer token, a name and password, or OAuth 2.0 client credentials, as the app takes them', async () => {
    const oauth2 = { clientId: 'tenure', clientSecret: 'oauth-secret-91', accessToken: 'access-token-77' };
    const tokens = await tokenServer(oauth2);
    const takes: [object, string][] = [
      [bearer('bearer-token-55'), 'Bearer bearer-token-55'],
      [
        { kind: 'basic', username: 'tenure', password: 'basic-password-66' },
        `Basic ${Buffer.from('tenure:basic-password-66').toString('base64')}`,
      ],
      [
        { kind: 'oauth2', tokenUrl: tokens.url, clientId: oauth2.clientId, clientSecret: oauth2.clientSecret },
        'Bearer access-token-77',
      ],
    ];
    for (const [credentials, header] of takes) {
      const app = await emptyApp(header);
      const { id } = await create();
      await plum.mapping.ok('PUT', `/apps/${id}/endpoint`, { url: app.url });
      const stored = await plum.mapping.put(`/apps/${id}/credentials`, credentials);
      expect(stored).toMatchObject({
        status: 200,
        body: { kind: (credentials as any).kind, setAt: expect.any(String), test: { outcome: 'passed' } },
      });
      expect(stored.text).not.toMatch(/token-55|password-66|secret-91/);
      app.close();
    }
    const { id } = await create();
    const app = await emptyApp('Bearer access-token-77');
    await plum.mapping.ok('PUT', `/apps/${id}/endpoint`, { url: app.url });
    const wrong = { kind: 'oauth2', tokenUrl: tokens.url, clientId: oauth2.clientId, clientSecret: 'not-the-secret' };
    expect(await plum.mapping.put(`/apps/${id}/credentials`, wrong)).toMatchObject({
      status: 422,
      body: { code: 'app/test-failed', detail: expect.stringContaining('Token endpoint') },
    });
    app.close();
    tokens.close();
  });

  it('R34: are tested before they are saved, and the reason of a failure is the app’s own', async () => {
    const { id } = await create();
    await plum.mapping.ok('PUT', `/apps/${id}/endpoint`, { url: world.sandbox.scimUrl });
    expect(await plum.mapping.put(`/apps/${id}/credentials`, bearer('mistyped'))).toMatchObject({
      status: 422,
      body: { code: 'app/test-failed', detail: expect.stringContaining('The token is not right.') },
    });
    expect(await plum.mapping.get(`/apps/${id}/credentials`)).toMatchObject({
      status: 404,
      body: { code: 'credentials/not-set' },
    });
    expect((await plum.mapping.post(`/apps/${id}/test`, { credentials: bearer('mistyped') })).body).toMatchObject({
      outcome: 'failed',
      status: 401,
      reason: 'The token is not right.',
    });
    expect(
      (
        await plum.mapping.post(`/apps/${id}/test`, {
          credentials: bearer(world.sandbox.token),
          endpoint: { url: 'http://127.0.0.1:1/scim' },
        })
      ).body,
    ).toMatchObject({ outcome: 'failed', reason: expect.any(String) });
  });

  it('R66: are never returned, logged, or kept in the open', async () => {
    const secret = 'very-secret-token-of-r66';
    const app = await emptyApp(`Bearer ${secret}`);
    const { id } = await create();
    await plum.mapping.ok('PUT', `/apps/${id}/endpoint`, { url: app.url });
    const put = await plum.mapping.put(`/apps/${id}/credentials`, bearer(secret));
    const answers = [
      put,
      ...(await Promise.all(
        ['', '/credentials', '/endpoint', '/attributes'].map((step) => plum.mapping.get(`/apps/${id}${step}`)),
      )),
      await plum.mapping.get('/apps'),
      await plum.mapping.post(`/apps/${id}/test`),
    ];
    await world.settled();
    answers.push(await plum.audit.get(`/entries?app=${id}&limit=500`));
    for (const { status, text } of answers) {
      expect(status).toBe(200);
      expect(text).not.toContain(secret);
    }
    expect(put.body.hint).toBe(`…${secret.slice(-4)}`);
    expect(world.logged.join('\n')).not.toContain(secret);
    expect(await world.rowsWith(secret)).toEqual([]);
    app.close();
  });
});

describe('the mapping', () => {
  it('R35: offers the defaults, marks what is mandatory, and keeps it mapped', async () => {
    const { id } = await create('lumapps');
    const path = `/apps/${id}/attributes`;
    const { targets, ...attributes } = await plum.mapping.ok('GET', path);
    expect(targets).toContainEqual({ path: 'userName', type: 'string', mandatory: true });
    const without = {
      ...attributes,
      mappings: attributes.mappings.filter(({ target }: any) => target !== 'name.familyName'),
    };
    expect(await plum.mapping.put(path, without)).toMatchObject({
      status: 400,
      body: { code: 'mapping/mandatory', errors: [{ message: expect.stringContaining('name.familyName') }] },
    });
    const changed = {
      ...attributes,
      mappings: attributes.mappings.map((mapping: any) =>
        mapping.target === 'title' ? { ...mapping, source: 'department' } : mapping,
      ),
    };
    expect((await plum.mapping.put(path, changed)).body.mappings).toContainEqual({
      target: 'title',
      kind: 'direct',
      source: 'department',
      apply: 'always',
    });
  });

  it('R36: is direct, constant or an expression, with a default, always or on create only, to filtered targets too', async () => {
    const pear = await makeTenant(world, 'Pear');
    const idp = await pear.connect();
    const direct = (target: string, source: string, more: object = {}) => ({
      target,
      kind: 'direct',
      source,
      apply: 'always',
      ...more,
    });
    const attributes = {
      matching: [{ source: 'userName', target: 'userName' }],
      mappings: [
        direct('userName', 'userName'),
        direct('active', 'accountEnabled'),
        direct('preferredLanguage', 'preferredLanguage', { default: 'en-GB' }),
        direct('nickName', 'mailNickname', { apply: 'create' }),
        direct('phoneNumbers[type eq "work"].value', 'telephoneNumber'),
        { target: 'userType', kind: 'constant', value: 'Employee', apply: 'always' },
        // R37: as the guide prints it, with typographic quotes and an empty default.
        {
          target: 'timezone',
          kind: 'expression',
          expression: 'Switch([country], “”, "Japan", "Asia/Tokyo", "Netherlands", "Europe/Amsterdam")',
          default: 'UTC',
          apply: 'always',
        },
        {
          target: `${ENTERPRISE}:department`,
          kind: 'expression',
          expression: 'ToUpper([department])',
          apply: 'always',
        },
      ],
    };
    const app = await makeApp(pear, world.sandbox, { attributes });
    const hina = await idp.hire('hina', {
      preferredLanguage: 'ja-JP',
      addresses: [{ type: 'work', country: 'Japan' }],
      phoneNumbers: [
        { type: 'work', value: '+81 1' },
        { type: 'home', value: '+81 2' },
      ],
      [ENTERPRISE]: { department: 'Ovens' },
    });
    const jan = await idp.hire('jan', { addresses: [{ type: 'work', country: 'Peru' }] });
    await app.assign('users', hina, jan);
    await app.turnOn();
    await world.settled();
    expect(await world.sandbox.account('hina@plum.example')).toMatchObject({
      preferredLanguage: 'ja-JP',
      nickName: 'hina',
      phoneNumbers: [{ type: 'work', value: '+81 1' }],
      userType: 'Employee',
      timezone: 'Asia/Tokyo',
      [ENTERPRISE]: { department: 'OVENS' },
    });
    expect(await world.sandbox.account('jan@plum.example')).toMatchObject({
      preferredLanguage: 'en-GB',
      timezone: 'UTC',
    });

    await idp.set(
      hina,
      { op: 'replace', path: 'userName', value: 'hina.sato@plum.example' },
      { op: 'replace', path: 'addresses[type eq "work"].country', value: 'Netherlands' },
      { op: 'remove', path: 'phoneNumbers' },
    );
    await world.settled();
    const changed = await world.sandbox.account('hina.sato@plum.example');
    expect(changed).toMatchObject({ nickName: 'hina', timezone: 'Europe/Amsterdam' });
    expect((changed.phoneNumbers ?? []).filter(({ value }: any) => value !== undefined)).toEqual([]);
  });

  it('R37: points at the character where an expression is wrong', async () => {
    const { id } = await create();
    const { targets: _, ...attributes } = await plum.mapping.ok('GET', `/apps/${id}/attributes`);
    const mappings = [
      ...attributes.mappings,
      { target: 'timezone', kind: 'expression', expression: 'Switch([country], "", "Japan" "Asia/Tokyo")' },
    ];
    const refused = await plum.mapping.put(`/apps/${id}/attributes`, { ...attributes, mappings });
    expect(refused).toMatchObject({
      status: 400,
      body: {
        code: 'mapping/expression',
        errors: [
          { field: `mappings[${attributes.mappings.length}].expression`, position: 30, message: expect.any(String) },
        ],
      },
    });
  });
});

describe('time frames', () => {
  it('R44, R45: are within 24 hours, days, any duration or never, and a deletion comes after the suspension', async () => {
    const { id } = await create();
    const path = `/apps/${id}/deprovisioning`;
    const frames = {
      turnedOff: { suspend: 'PT0S', hardDelete: 'P21D' },
      suspended: { suspend: 'P1D', hardDelete: 'P7D' },
      deleted: { suspend: null, hardDelete: 'PT36H' },
    };
    expect((await plum.mapping.put(path, frames)).body).toEqual(frames);
    expect(await plum.mapping.ok('GET', path)).toEqual(frames);
    for (const suspended of [
      { suspend: 'P7D', hardDelete: 'P7D' },
      { suspend: 'P7D', hardDelete: 'P1D' },
    ])
      expect(await plum.mapping.put(path, { ...frames, suspended })).toMatchObject({
        status: 400,
        body: { code: 'deprovisioning/order' },
      });
    expect((await plum.mapping.put(path, { ...frames, suspended: { suspend: 'P1M', hardDelete: null } })).status).toBe(
      400,
    );
  });
});
