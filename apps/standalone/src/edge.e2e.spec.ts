import { execFile } from 'node:child_process';
import { request as open, type IncomingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testSystem, type TestSystem } from './testing/system.ts';
import { makeTenant, operations, person, SCIM_GROUP, type IdentityProvider, type Tenant } from './testing/world.ts';

let system: TestSystem;
let plum: Tenant;
let idp: IdentityProvider;
beforeAll(async () => {
  system = await testSystem();
  plum = await makeTenant(system);
  idp = await plum.connect();
});
afterAll(() => system?.close());

type Told = { status: number; headers: IncomingHttpHeaders; text: string };
type Sent = { token?: string; body?: string | Buffer; chunked?: boolean; headers?: Record<string, string> };

/** Without a client between that tidies headers. With `length` the body is announced and never sent. */
const send = (
  method: string,
  url: string,
  { token, body, chunked, headers = {}, length }: Sent & { length?: number },
) =>
  new Promise<Told>((resolve, reject) => {
    const sent = body === undefined ? length : chunked ? undefined : Buffer.byteLength(body);
    const request = open(
      url,
      {
        method,
        headers: {
          'content-type': 'application/json',
          ...(sent !== undefined && { 'content-length': String(sent) }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...headers,
        },
      },
      (reply) => {
        let text = '';
        reply
          .setEncoding('utf8')
          .on('data', (part: string) => (text += part))
          .on('end', () => {
            resolve({ status: reply.statusCode!, headers: reply.headers, text });
            if (length !== undefined) request.destroy();
          });
      },
    );
    request.on('error', reject);
    if (length === undefined) request.end(body);
    else request.flushHeaders();
  });

const MIB = 1024 * 1024;
const LONGEST_BLOCK_MS = 200;

describe('R96: who sends a request is known before its body is read', () => {
  it.each([
    ['POST', '/directory/v1/tenants', 401],
    ['POST', '/directory/v1/tenants/{t}/users', 401],
    ['PUT', '/directory/v1/tenants/{t}/app-roles', 401],
    ['POST', '/mapping/v1/tenants/{t}/apps', 401],
    ['POST', '/clock', 401],
    ['POST', '/scim/{t}/{c}/v2/Users', 401],
    ['PUT', '/scim/{t}/{c}/v2/Groups/some-id', 401],
    ['POST', '/scim/{t}/{c}/v2/Bulk', 401],
    ['POST', '/scim/{t}/{c}/v2/anything/groups', 401],
    ['POST', '/anything/groups', 404],
    ['POST', '/directory/v1/nothing', 404],
    ['POST', '/audit/v1/tenants/{t}/entries', 405],
    ['POST', '/health/ready', 405],
  ])('%s %s answers %i to nobody without waiting for a body', async (method, path, status) => {
    const url = `${system.url()}${path.replace('{t}', plum.id).replace('{c}', idp.id)}`;
    for (const token of [undefined, 'wrong'])
      expect(await send(method, url, { length: 31 * MIB, ...(token !== undefined && { token }) })).toMatchObject({
        status,
      });
  });

  it('a query that looks like discovery opens nothing', async () => {
    for (const path of ['/Users?x=/v2/Schemas/', '/Users?/v2/ServiceProviderConfig?', '/Groups?x=/v2/ResourceTypes'])
      expect((await send('GET', `${idp.scimUrl}${path}`, {})).status).toBe(401);
    const made = await send('POST', `${idp.scimUrl}/Users?x=/v2/Schemas/`, { body: JSON.stringify(person('mallory')) });
    expect(made.status).toBe(401);
    for (const path of ['/Schemas', '/ResourceTypes/User', '/ServiceProviderConfig'])
      expect((await send('GET', `${idp.scimUrl}${path}`, {})).status).toBe(200);
  });

  it('large bodies without a token are drained, and the client reads its answer', async () => {
    const body = Buffer.alloc(31 * MIB, ' ');
    for (const chunked of [false, true])
      for (const url of [`${system.url()}/anything/groups`, `${idp.scimUrl}/Groups`])
        expect([401, 404]).toContain((await send('POST', url, { body, chunked })).status);
  });
});

describe('the size of a body follows the route', () => {
  const tooLarge = async (url: string, token: string, limit: number, named: string) => {
    for (const chunked of [false, true]) {
      const told = await send('POST', url, { token, chunked, body: Buffer.alloc(limit + 1, ' ') });
      expect({ status: told.status, text: told.text }).toMatchObject({ status: 413 });
      expect(JSON.parse(told.text).detail).toContain(named);
    }
  };

  it('1 MiB for one resource, 10 MiB for bulk, 32 MiB for groups', async () => {
    await tooLarge(`${idp.scimUrl}/Users?groups/=`, idp.token, MIB, '1 MiB');
    await tooLarge(`${idp.scimUrl}/.search`, idp.token, MIB, '1 MiB');
    await tooLarge(`${idp.scimUrl}/Bulk`, idp.token, 10 * MIB, 'maxPayloadSize');
    await tooLarge(`${idp.scimUrl}/Groups`, idp.token, 32 * MIB, '32 MiB');
  });

  it('10 MiB for the JSON APIs', async () => {
    await tooLarge(`${system.url()}${plum.directoryPath}/users`, plum.superAdmin.key, 10 * MIB, '10 MiB');
  });

  it('nothing for what no route takes: it is answered without a look at the body', async () => {
    const told = await send('POST', `${idp.scimUrl}/anything/groups`, { token: idp.token, length: 31 * MIB });
    expect(told.status).toBe(404);
    expect((await send('PUT', `${idp.scimUrl}/Users`, { token: idp.token, body: '{not JSON' })).status).toBe(405);
  });
});

describe('what is in a body has limits that name the field', () => {
  const field = ({ body }: { body: any }) => body.errors?.[0]?.field;

  it('strings, lists, values in all', async () => {
    const long = await plum.directory.post('/users', { resource: person('x', { title: 'x'.repeat(70_000) }) });
    expect([long.status, field(long)]).toEqual([400, 'resource.title']);
    const many = await plum.mapping.post('/apps', { name: 'x', preset: Array(1001).fill('scim') });
    expect([many.status, field(many)]).toEqual([400, 'preset']);
    const emails = Array.from({ length: 1001 }, (_, index) => ({ value: `a${index}@plum.example` }));
    const scim = await idp.scim.post('/Users', person('many', { emails }));
    expect(scim).toMatchObject({ status: 400, body: { scimType: 'invalidValue' } });
    expect(scim.body.detail).toContain('emails');
    const group = { schemas: [SCIM_GROUP], displayName: 'x'.repeat(70_000) };
    expect((await idp.scim.post('/Groups', group)).body.detail).toContain('displayName');
  });

  it('a resource does not grow beyond 1 MiB, nor an attribute beyond 1,000 values, by many small changes', async () => {
    const id = await idp.hire('grows');
    const add = (values: object[], attribute = 'emails') =>
      idp.scim.patch(`/Users/${id}`, operations({ op: 'add', path: attribute, value: values }));
    const emails = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => ({ value: `a${from + index}@plum.example` }));
    expect((await add(emails(0, 900))).status).toBe(200);
    const beyond = await add(emails(900, 200));
    expect(beyond).toMatchObject({ status: 400, body: { detail: expect.stringContaining('emails') } });
    const photos = (from: number) =>
      Array.from({ length: 15 }, (_, index) => ({
        value: `https://plum.example/${from + index}/${'x'.repeat(60_000)}`,
      }));
    expect((await add(photos(0), 'photos')).status).toBe(200);
    expect((await add(photos(15), 'photos')).status).toBe(413);
    expect((await idp.scim.ok('GET', `/Users/${id}`)).emails).toHaveLength(901);
  });
});

describe('R96: no request holds up the others', () => {
  /** From a process of its own, so that neither the making of a body nor its sending takes time of the system's. */
  const sendApart = async (url: string, token: string, method: string, makeBody: string): Promise<number> => {
    const script = `const [url, token, method] = process.argv.slice(1);
      const headers = { 'content-type': 'application/scim+json', authorization: 'Bearer ' + token };
      const answer = await fetch(url, { method, headers, body: ${makeBody} });
      await answer.arrayBuffer();
      process.stdout.write(String(answer.status));`;
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '-e',
      script,
      url,
      token,
      method,
    ]);
    return Number(stdout);
  };

  /** In ms of this process's own work, which is what others take of the machine not: the most between two ticks of a timer that wants to tick all the time. */
  const longestBlock = async (work: () => Promise<unknown>): Promise<number> => {
    const spent = () => {
      const { user, system: kernel } = process.cpuUsage();
      return (user + kernel) / 1000;
    };
    let longest = 0;
    let last = { at: performance.now(), spent: spent() };
    const timer = setInterval(() => {
      const now = { at: performance.now(), spent: spent() };
      longest = Math.max(longest, Math.min(now.at - last.at, now.spent - last.spent));
      last = now;
    }, 1);
    await work();
    clearInterval(timer);
    return longest;
  };

  const group = (members: string) => `JSON.stringify({
    schemas: ['${SCIM_GROUP}'], displayName: 'Large', members: ${members} })`;
  const many = (element: string) => `Array.from({ length: 100000 }, (_, index) => (${element}))`;

  it.each([
    ['a group of 100,000 members', '/Groups', 'POST', group(many("{ value: 'm' + index }")), 201],
    [
      'a group of which the last member is none',
      '/Groups',
      'POST',
      group(`[...${many("{ value: 'm' + index }")}.slice(1), {}]`),
      400,
    ],
    [
      'a PATCH with an operation for each of 100,000',
      '/Groups/{id}',
      'PATCH',
      `JSON.stringify({ Operations: ${many("{ op: 'add', path: 'members', value: [{ value: 'm' + index }] }")} })`,
      200,
    ],
    ['31 MB of empty lists', '/Groups', 'POST', `'[' + '[],'.repeat(10e6) + '[]]'`, 400],
    ['31 MB of one string', '/Groups', 'POST', `'"' + 'x'.repeat(31e6) + '"'`, 400],
    ['31 MB of spaces', '/Groups', 'POST', `' '.repeat(31e6)`, 400],
    [
      '9 MB of bulk',
      '/Bulk',
      'POST',
      `JSON.stringify({ Operations: ${many("{ method: 'POST', path: '/Users', data: {} }")} })`,
      400,
    ],
  ])('%s', async (_, path, method, body, status) => {
    const id = await idp.group(`Group ${_}`);
    const url = `${idp.scimUrl}${path.replace('{id}', id)}?attributes=id`;
    // Once for the compiler, and to have answered what has to be. The best of eight counts, and the bound is generous: parsed at
    // once, these took 300 to 5,000 ms.
    expect(await sendApart(url, idp.token, method, body)).toBe(status);
    const blocks = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      blocks.push(await longestBlock(() => sendApart(url, idp.token, method, body)));
      if (blocks.at(-1)! < LONGEST_BLOCK_MS) break;
    }
    expect(Math.min(...blocks)).toBeLessThan(LONGEST_BLOCK_MS);
  });
});
