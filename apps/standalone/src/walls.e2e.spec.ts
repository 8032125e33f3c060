import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { client, type Client } from './testing/client.ts';
import { apiRoutes } from './testing/api-routes.ts';
import { furnished, idsFor } from './testing/furnished.ts';
import { makeTenant, testWorld, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

type Route = { method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'; path: string };
type Ids = Record<string, string>;

/** Every route that the system describes. */
const describedRoutes = async (): Promise<Route[]> => {
  const { paths } = await client(world.url()).ok('GET', '/openapi.json');
  return Object.entries<object>(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase() as Route['method'], path })),
  );
};

/** Those of admins: below a tenant, or tenants themselves. */
const adminRoutes = async () =>
  (await describedRoutes()).filter(
    ({ path }) => /^\/(directory|mapping|audit)\/v1\//.test(path) && path !== '/mapping/v1/oauth/callback',
  );
const nameOf = ({ method, path }: Route) => `${method} ${path}`;

const filled = (path: string, ids: Ids) => path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? 'nobody');

describe('the description of the API', () => {
  it('has every route of the outside contract that is built, with its methods', async () => {
    const described = new Set(
      (await describedRoutes()).map(({ method, path }) => `${method} ${path.replace(/\{\w+\}/g, '{}')}`),
    );
    expect(apiRoutes.filter((route) => !described.has(route))).toEqual([]);
  });

  it('is OpenAPI 3.1, the same under each segment, and describes each answer', async () => {
    const whole = await client(world.url()).ok('GET', '/openapi.json');
    expect(whole).toMatchObject({
      openapi: '3.1.0',
      info: { title: expect.any(String), version: expect.any(String) },
      components: { schemas: { Problem: expect.any(Object) } },
    });
    for (const segment of ['scim', 'directory', 'mapping', 'audit']) {
      expect(await client(world.url()).ok('GET', `/${segment}/openapi.json`)).toEqual(whole);
      expect((await client(world.url()).get(`/${segment}/health/ready`)).status).toBe(200);
      expect((await client(world.url()).get(`/${segment}/metrics`)).text).toContain('# TYPE');
    }
    const methods = new Set(Object.values<any>(whole.paths).flatMap((operations) => Object.keys(operations)));
    expect([...methods].toSorted()).toEqual(['delete', 'get', 'patch', 'post', 'put']);
    const operations = Object.values<any>(whole.paths).flatMap((byMethod) => Object.values<any>(byMethod));
    const operationIds = operations.map(({ operationId }) => operationId);
    expect(operationIds.filter((each, index) => operationIds.indexOf(each) < index)).toEqual([]);
    const admin = (await adminRoutes()).map(({ method, path }) => whole.paths[path][method.toLowerCase()]);
    expect(admin.filter(({ summary, responses }) => summary === undefined || responses.default === undefined)).toEqual(
      [],
    );
    for (const [path, byMethod] of Object.entries<any>(whole.paths))
      for (const { parameters } of Object.values<any>(byMethod))
        expect(parameters.filter((each: any) => each.in === 'path').map(({ name }: any) => `{${name}}`)).toEqual(
          path.match(/\{\w+\}/g) ?? [],
        );
  });
});

describe('keys', () => {
  /** api.md, Keys: what a route that changes something needs at least, where that is not a super admin. */
  const adminsToo = [
    /^(POST|PUT|DELETE) .*\/connections(\/|$)/,
    /^(POST|PUT|PATCH|DELETE) .*\/users(\/\{id\})?$/,
    /^(PUT|DELETE) .*\/(schemas|resource-types)\//,
    /^(POST|PUT|DELETE) .*\/resources\//,
    /^POST .*\/(jit|sign-in)$/,
    /^(PUT|DELETE) .*\/assignments\//,
    /^POST .*\/accounts\/(\{id\}\/)?(approve|reject|retry|adopt|rematch)$/,
    /^POST .*\/threshold\/release$/,
    /^POST .*\/pushes\/\{id\}\/(link|retry)$/,
    /^POST .*\/queue\/act$/,
    // Of the queue's own jobs; others ask for a super admin once they are found.
    /^POST \/mapping\/.*\/jobs\/\{id\}\/cancel$/,
    /^POST .*\/(drifts\/(repair|ignore)|foreign\/adopt)$/,
  ];
  const auditorsToo = /^POST .*\/export$/;
  const forRoot = [
    'POST /directory/v1/tenants',
    'GET /directory/v1/tenants/{tenantId}',
    'PUT /directory/v1/tenants/{tenantId}',
    'POST /directory/v1/tenants/{tenantId}/admins',
  ];
  const forRootAlone = (name: string) =>
    name.endsWith(' /directory/v1/tenants') || /\/v1\/(parked|anchor)\b/.test(name);

  it('of each role open what they should on every route: no key 401, an auditor reads, an admin does the daily work, root only what is root’s', async () => {
    const { id, ids, addAdmin } = await furnished(world, 'ada-of-roles');
    const keys: Record<string, Client> = {
      nobody: client(world.url()),
      wrong: client(world.url(), 'a-key-that-is-none'),
      root: world.root(),
    };
    for (const role of ['auditor', 'admin', 'super_admin'])
      keys[role] = client(world.url(), (await addAdmin(`${role}@plum.example`, role)).key);
    // Nothing is changed by the looks: bodies are such as nobody can mean, and ids those of nobody.
    const statusOf = async (who: string, { method, path }: Route) => {
      const nobodys = { tenantId: id, kind: 'users' };
      return (
        await keys[who]!.call(
          method,
          filled(path, method === 'GET' ? idsFor(path, ids) : nobodys),
          method === 'GET' ? undefined : { nonsense: true },
        )
      ).status;
    };
    const shut = (status: number) => status === 403;
    const wrong: string[] = [];
    for (const route of await adminRoutes()) {
      const name = nameOf(route);
      const isRead = route.method === 'GET';
      const opens: Record<string, boolean> = {
        root: forRoot.includes(name) || forRootAlone(name),
        auditor: (isRead && !forRootAlone(name)) || auditorsToo.test(name),
        admin:
          !forRootAlone(name) && (isRead || auditorsToo.test(name) || adminsToo.some((pattern) => pattern.test(name))),
        super_admin: !forRootAlone(name),
      };
      for (const who of ['nobody', 'wrong'])
        if ((await statusOf(who, route)) !== 401) wrong.push(`${name} answers ${who}`);
      for (const [who, open] of Object.entries(opens)) {
        const status = await statusOf(who, route);
        if (shut(status) === open || status === 401 || status >= 500)
          wrong.push(`${name} answers ${who} with ${status}`);
        if (isRead && open && who === 'auditor' && status !== 200) wrong.push(`${name} answers ${who} with ${status}`);
      }
    }
    expect(wrong).toEqual([]);
    for (const who of ['auditor', 'super_admin']) expect((await keys[who]!.get('/clock')).status).toBe(403);
    expect((await keys.root!.get('/clock')).status).toBe(200);
  });
});

describe('tenants', () => {
  it('are walled off from each other: another’s ids are 404 on every route, its keys, tokens and cursors are of no use', async () => {
    const plum = await furnished(world, 'ada-of-plum');
    const pear = await makeTenant(world, 'Pear');
    const pearIdp = await pear.connect();
    const pearApp = await pear.mapping.ok('POST', '/apps', { name: 'Pear app', preset: 'scim' });
    await world.settled();
    const sue = client(world.url(), pear.superAdmin.key);

    // Her key, the other's tenant in the path; and her own tenant with the other's ids below it.
    const own: Ids = { ...plum.ids, tenantId: pear.id };
    const ownApp: Ids = { ...own, appId: pearApp.id };
    const wrong: string[] = [];
    const expect404 = async (route: Route, ids: Ids) => {
      const { status, text } = await sue.call(
        route.method,
        filled(route.path, ids),
        route.method === 'GET' || route.method === 'DELETE' ? undefined : {},
      );
      // 400: the body was refused before anybody looked; 204: nothing of theirs was there to take away.
      if (status !== 404 && !(status === 400 && route.method !== 'GET'))
        wrong.push(`${nameOf(route)}: ${status} ${text.slice(0, 80)}`);
    };
    for (const route of await adminRoutes()) {
      if (!route.path.includes('{tenantId}')) continue;
      await expect404(route, idsFor(route.path, plum.ids));
      if (/\{(id|appId)\}/.test(route.path)) await expect404(route, idsFor(route.path, own));
      if (/\{appId\}.*\{id\}/.test(route.path) && !route.path.includes('{kind}'))
        await expect404(route, idsFor(route.path, ownApp));
    }
    expect(wrong).toEqual([]);

    // Nothing of Plum was changed by that.
    expect(await plum.directory.ok('GET', `/users/${plum.ada}`)).toMatchObject({ version: 1 });
    expect(await plum.app.get()).toMatchObject({ state: 'on' });
    expect(await plum.app.accountOf(plum.ada)).toMatchObject({ id: plum.account.id, status: 'provisioned' });

    // Lists are one's own.
    for (const [api, path] of [
      [pear.directory, '/users'],
      [pear.directory, '/groups'],
      [pear.directory, '/connections'],
      [pear.directory, '/admins'],
      [pear.mapping, '/apps'],
      [pear.mapping, '/accounts'],
      [pear.mapping, '/timers'],
      [pear.mapping, `/accounts?user=${plum.ada}`],
      [pear.audit, '/entries'],
      [pear.audit, `/entries?user=${plum.ada}`],
    ] as [Client, string][]) {
      const { text } = await api.get(path);
      for (const id of Object.values(plum.ids)) expect(text).not.toContain(id);
    }

    // Tokens: neither connection opens with the other's, in either direction of the path.
    const scim = (tenantId: string, connectionId: string, token: string) =>
      client(`${world.url()}/scim/${tenantId}/${connectionId}/v2`, token).get('/Users');
    expect((await scim(pear.id, plum.idp.id, plum.idp.token)).status).toBe(401);
    expect((await scim(plum.id, plum.idp.id, pearIdp.token)).status).toBe(401);
    expect((await scim(plum.id, pearIdp.id, pearIdp.token)).status).toBe(401);
    expect((await scim(plum.id, plum.idp.id, pear.superAdmin.key)).status).toBe(401);
    expect((await client(world.url(), plum.idp.token).get(`/directory/v1/tenants/${plum.id}/users`)).status).toBe(401);
    for (const path of [`/Users/${plum.ada}`, `/Groups/${plum.group}`]) {
      expect((await pearIdp.scim.get(path)).status).toBe(404);
      expect((await pearIdp.scim.delete(path)).status).toBe(404);
    }
    const strangers = await pearIdp.group('Strangers');
    await pearIdp.join(strangers, plum.ada);
    expect((await pearIdp.scim.ok('GET', `/Groups/${strangers}`)).members ?? []).toEqual([]);

    // The same names and external ids are free in both.
    expect(
      (
        await pearIdp.scim.post('/Users', {
          schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
          userName: 'ada-of-plum@plum.example',
        })
      ).status,
    ).toBe(201);

    // A cursor of one is none of the other's.
    for (const name of ['bob', 'cy', 'dan']) await plum.idp.hire(name);
    const first = await plum.idp.scim.ok('GET', '/Users?cursor=&count=1');
    expect((await plum.idp.scim.get(`/Users?cursor=${first.nextCursor}&count=1`)).status).toBe(200);
    expect(await pearIdp.scim.get(`/Users?cursor=${first.nextCursor}&count=1`)).toMatchObject({
      status: 400,
      body: { scimType: 'invalidCursor' },
    });
    const page = await plum.directory.ok('GET', '/users?limit=1');
    const { text } = await pear.directory.get(`/users?limit=100&cursor=${encodeURIComponent(page.nextCursor)}`);
    expect(text).not.toContain(plum.ada);
  });
});
