import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { client } from './testing/client.ts';
import { furnished, idsFor } from './testing/furnished.ts';
import {
  bodyText,
  hostileBodies,
  hostileInPaths,
  hostileInQueries,
  isNeverAllowed,
  scimPatchSchema,
  scimSchema,
} from './testing/hostile-inputs.ts';
import { ROOT_KEY } from './testing/system.ts';
import { testWorld, type World } from './testing/world.ts';

let world: World;
let plum: Awaited<ReturnType<typeof furnished>>;
let paths: Record<string, Record<string, any>>;
beforeAll(async () => {
  world = await testWorld();
  plum = await furnished(world, 'ada-of-plum');
  // The one whose key asks keeps it.
  plum.ids.admins = (await plum.addAdmin('eve@plum.example', 'auditor')).id;
  ({ paths } = await client(world.url()).ok('GET', '/openapi.json'));
});
afterAll(() => world?.close());

type Asked = { method: string; path: string; body?: string; allowed: (status: number) => boolean };

/** 401: nothing was asked at all, since the key is not that of the route. */
const isAnswered = (status: number) => (status < 500 && status !== 401) || status === 501;
const isRefused = (status: number) => isAnswered(status) && status >= 400;

/** Whose key opens a route; SCIM's has the token of the connection. */
const keyOf = (path: string) => {
  if (path.startsWith('/scim/')) return plum.idp.token;
  return path.startsWith('/clock') || path === '/directory/v1/tenants' ? ROOT_KEY : plum.superAdmin.key;
};

const ask = async ({ method, path, body }: Asked): Promise<{ status: number; text: string }> => {
  const response = await fetch(`${world.url()}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${keyOf(path)}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body }),
  });
  return { status: response.status, text: await response.text() };
};

const AT_ONCE = 8;
/** Those that were not answered as they should be. */
const wronglyAnswered = async (questions: Iterable<Asked>): Promise<string[]> => {
  const wrong: string[] = [];
  const waiting = questions[Symbol.iterator]();
  const askOn = async () => {
    for (let next = waiting.next(); !next.done; next = waiting.next()) {
      const { method, path, body = '', allowed } = next.value;
      const { status, text } = await ask(next.value);
      if (!allowed(status))
        wrong.push(`${method} ${path.slice(0, 300)} ${body.slice(0, 300)}: ${status} ${text.slice(0, 200)}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, askOn));
  return wrong;
};

const operations = () =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
const filled = (path: string, ids: Record<string, string>) =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? 'nobody');
const isJsonApi = (path: string) => /^\/(directory|mapping|audit)\/v1\//.test(path);

const idsOf = (path: string): Record<string, string> => ({
  ...idsFor(path, plum.ids),
  ...(path.startsWith('/scim/') && { connectionId: plum.idp.id, collection: 'ada-of-plum' }),
  ...(path.includes('{kind}') && { id: plum.ada }),
  ...(path.includes('/Users/') && { id: plum.ada }),
  ...(path.includes('/Groups/') && { id: plum.group }),
});

/** A tenant or connection that isn't there has no token either. */
const isUnauthenticated = (name: string) => name === '{tenantId}' || name === '{connectionId}';

function* inPaths(): Generator<Asked> {
  for (const { method, path } of operations())
    for (const name of path.match(/\{\w+\}/g) ?? [])
      for (const value of hostileInPaths) {
        const ids = { ...idsOf(path), [name.slice(1, -1)]: value };
        // A DELETE of what is there, by an id that happens to be right, would take it from the others.
        yield {
          method,
          path: filled(path, ids),
          ...(method !== 'GET' && { body: '{"nonsense":true}' }),
          allowed:
            isJsonApi(path) && method === 'GET'
              ? isRefused
              : isUnauthenticated(name)
                ? (status) => isAnswered(status) || status === 401
                : isAnswered,
        };
      }
}

function* inQueries(): Generator<Asked> {
  for (const { method, path, operation } of operations()) {
    const names: string[] = (operation.parameters ?? [])
      .filter((parameter: any) => parameter.in === 'query')
      .map(({ name }: any) => name);
    const target = filled(path, idsOf(path));
    const body = method === 'GET' || method === 'DELETE' ? {} : { body: '{"nonsense":true}' };
    yield { method, path: `${target}?unheardOf=1`, ...body, allowed: isJsonApi(path) ? isRefused : isAnswered };
    if (method !== 'GET' && names.length === 0) continue;
    const scim = /\/(Users|Groups|\{collection\}|v2)$/.test(path)
      ? ['filter', 'count', 'startIndex', 'cursor', 'sortBy', 'attributes']
      : [];
    for (const name of [...names, ...scim, 'unheardOf']) {
      for (const value of hostileInQueries)
        yield { method, path: `${target}?${name}=${value}`, ...body, allowed: isAnswered };
      yield { method, path: `${target}?${name}=%00`, ...body, allowed: isJsonApi(path) ? isRefused : isAnswered };
      yield { method, path: `${target}?${name}=1&${name}=2`, ...body, allowed: isAnswered };
    }
  }
}

function* inBodies(segment: string): Generator<Asked> {
  for (const { method, path, operation } of operations()) {
    if (!path.startsWith(`/${segment}`)) continue;
    const described = operation.requestBody?.content['application/json'].schema;
    const scim =
      /scim/.test(path) && /POST|PUT|PATCH/.test(method) && (method === 'PATCH' ? scimPatchSchema : scimSchema);
    const schema = described ?? scim;
    if (!schema) continue;
    for (const body of hostileBodies(schema))
      yield {
        method,
        path: filled(path, idsOf(path)),
        body: bodyText(body),
        allowed: isNeverAllowed(body) ? isRefused : isAnswered,
      };
  }
}

describe('R96: on every route of /openapi.json no input is a failure', () => {
  it('in a parameter of the path', async () => {
    expect(await wronglyAnswered(inPaths())).toEqual([]);
  });

  it('in a parameter of the query; one that nobody knows is refused', async () => {
    expect(await wronglyAnswered(inQueries())).toEqual([]);
  });

  // SCIM first, as what is asked of the others replaces tokens and settings.
  it.each(['scim', 'mapping', 'audit', 'clock', 'directory'])(
    'in a property of a body of /%s, at any depth; what cannot be stored is refused',
    async (segment) => {
      expect(await wronglyAnswered(inBodies(segment))).toEqual([]);
    },
  );

  it('and afterwards everything works on', async () => {
    await world.settled();
    const { hire, scim } = await plum.connect();
    const hired = await hire('after-all-that');
    expect((await scim.ok('GET', `/Users/${hired}`)).id).toBe(hired);
    expect((await client(world.url()).get('/health/ready')).status).toBe(200);
    expect(await plum.audit.ok('GET', '/entries?limit=1')).toMatchObject({ items: [expect.anything()] });
  });
});
