import { request as open, type IncomingHttpHeaders } from 'node:http';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testSystem, type TestSystem } from './testing/system.ts';
import { makeTenant, operations, person, type IdentityProvider, type Tenant } from './testing/world.ts';

let system: TestSystem;
let tenant: Tenant;
let idp: IdentityProvider;
let ada: string;

beforeAll(async () => {
  system = await testSystem();
  tenant = await makeTenant(system);
  idp = await tenant.connect();
  ada = await idp.hire('ada');
});
afterAll(() => system?.close());

type Told = { status: number; headers: IncomingHttpHeaders; text: string };
type Sent = { body?: string | Buffer; chunked?: boolean; headers?: Record<string, string> };

/** As the bytes say: no client between that tidies URLs and headers. */
const send = (
  method: string,
  path: string,
  { body, chunked = false, headers = {} }: Sent = {},
  { scimUrl, token } = idp,
) =>
  new Promise<Told>((resolve, reject) => {
    const { hostname, port, pathname } = new URL(scimUrl);
    const length = body === undefined || chunked ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const type = body === undefined ? {} : { 'content-type': 'application/scim+json' };
    const request = open(
      {
        hostname,
        port,
        method,
        path: pathname + path,
        headers: { authorization: `Bearer ${token}`, ...type, ...length, ...headers },
      },
      (reply) => {
        let text = '';
        reply
          .setEncoding('utf8')
          .on('data', (part: string) => (text += part))
          .on('end', () => resolve({ status: reply.statusCode!, headers: reply.headers, text }));
      },
    );
    request.on('error', reject);
    request.end(body);
  });

/** RFC 7644 §3.12: whatever is refused is a SCIM error of the same status. */
const expectError = ({ status, headers, text }: Told, wanted: number, scimType?: string) => {
  expect({ status, text }).toMatchObject({ status: wanted });
  expect(headers['content-type']).toMatch(/^application\/scim\+json/);
  expect(JSON.parse(text)).toMatchObject({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(wanted),
    detail: expect.any(String),
    ...(scimType && { scimType }),
  });
};

describe('paths below a base URL', () => {
  it.each([
    '/Users',
    '/users',
    '/USERS/',
    '//Users',
    '/Users?',
    '/Users?x&',
    '/Users?aadOptscim062020',
    '/Users?aadOptscim062020&count=5&',
    '?aadOptscim062020/Users',
    '?aadOptscim062020/Users?count=5',
    '/Users?STARTINDEX=0&Count=5',
  ])('GET %s lists users', async (path) => {
    const { status, headers, text } = await send('GET', path);
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^application\/scim\+json/);
    const { startIndex, Resources } = JSON.parse(text);
    expect(startIndex).toBe(1);
    expect(Resources.map(({ id }: { id: string }) => id)).toContain(ada);
  });

  it.each([
    '/serviceproviderconfig',
    '/RESOURCETYPES/user',
    '/schemas/URN:ietf:params:scim:schemas:core:2.0:user',
    '',
    '/',
    '/?',
    '/groups/?',
  ])('GET %s is served', async (path) => {
    expect(await send('GET', path)).toMatchObject({ status: 200 });
  });

  it.each([
    '/Nope',
    '/Users/a/b',
    '/Users/%00',
    '/Users/%zz',
    '/Users/%FF',
    '/Users/..',
    '/Users/%2e%2e',
    '/Users/a.b',
    '/Users/a%2Fb',
    '/Users/%F0%9F%A6%8A',
    `/Users/${'a'.repeat(101)}`,
    `/Users/${'a'.repeat(5000)}`,
    '/Schemas/x',
    '/ResourceTypes/x',
    '/Users/constructor',
    '/constructor',
    '/__proto__',
  ])('GET %s is 404', async (path) => {
    expectError(await send('GET', path), 404);
  });

  it.each(['PUT', 'PATCH', 'DELETE'])('%s of an odd id is 404', async (method) => {
    const body =
      method === 'PUT'
        ? JSON.stringify(person('odd'))
        : method === 'PATCH'
          ? JSON.stringify(operations({ op: 'remove', path: 'title' }))
          : undefined;
    for (const id of ['%00', '%zz', 'a.b', 'x'.repeat(600), 'nobody'])
      for (const type of ['Users', 'Groups']) expectError(await send(method, `/${type}/${id}`, { body }), 404);
  });

  it.each([
    ['/Users', 'GET, HEAD, POST, OPTIONS', ['PUT', 'PATCH', 'DELETE']],
    ['/Groups/some-id', 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS', ['POST']],
    ['/.search', 'POST, OPTIONS', ['GET', 'PUT', 'PATCH', 'DELETE']],
    ['/Users/.search', 'POST, OPTIONS', ['GET', 'PUT', 'PATCH', 'DELETE']],
    ['/Bulk', 'POST, OPTIONS', ['GET', 'PUT', 'PATCH', 'DELETE']],
    ['/Schemas', 'GET, HEAD, OPTIONS', ['POST', 'PUT', 'PATCH', 'DELETE']],
    ['/ServiceProviderConfig', 'GET, HEAD, OPTIONS', ['POST', 'PUT', 'PATCH', 'DELETE']],
    ['/ResourceTypes/User', 'GET, HEAD, OPTIONS', ['POST', 'PUT', 'PATCH', 'DELETE']],
    ['/', 'GET, HEAD, OPTIONS', ['POST', 'PUT', 'PATCH', 'DELETE']],
  ])('%s allows %s; another method is 405', async (path, allow, methods) => {
    for (const method of methods) {
      const told = await send(method, path, { ...(method !== 'DELETE' && { body: '{}' }) });
      expectError(told, 405);
      expect(told.headers.allow).toBe(allow);
    }
    expect(await send('OPTIONS', path)).toMatchObject({ status: 204, headers: { allow } });
    if (allow.includes('HEAD')) expect((await send('HEAD', path)).status).not.toBe(405);
  });

  it('/Me is 501 with every method (§3.11)', async () => {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) expectError(await send(method, '/me'), 501);
  });

  it('HEAD tells what GET would, without a body', async () => {
    const [head, get] = [await send('HEAD', `/Users/${ada}`), await send('GET', `/Users/${ada}`)];
    expect(head).toMatchObject({
      status: 200,
      text: '',
      headers: { etag: get.headers.etag, 'content-type': get.headers['content-type'] },
    });
  });
});

describe('where a resource is (RFC 7643 §3.1)', () => {
  it('says meta.location, Content-Location wherever one is shown, and Location when it was created', async () => {
    const made = await send('POST', '/Users?attributes=meta', { body: JSON.stringify(person('noor')) });
    const { location } = JSON.parse(made.text).meta;
    expect(made.headers).toMatchObject({ location, 'content-location': location });
    const path = location.slice(idp.scimUrl.length);
    const answers = [
      await send('GET', path),
      await send('GET', `${path}?attributes=userName`),
      await send('PUT', path, { body: JSON.stringify(person('noor')) }),
      await send('PATCH', path, { body: JSON.stringify(operations({ op: 'replace', path: 'title', value: 'Baker' })) }),
    ];
    for (const { status, headers } of answers) expect([status, headers['content-location']]).toEqual([200, location]);
  });
});

describe('bodies', () => {
  it.each([
    '',
    '[]',
    'null',
    '"x"',
    '7',
    '{',
    '{"a":1,"a":2}',
    '{"__proto__":{"x":1}}',
    '{"name":{"constructor":{}}}',
    '{"userName":"a","USERNAME":"b"}',
    '{"a":'.repeat(100_000),
  ])('%.30s is 400 invalidSyntax', async (body) => {
    expectError(await send('POST', '/Users', { body }), 400, 'invalidSyntax');
    expectError(await send('PATCH', `/Users/${ada}`, { body }), 400, 'invalidSyntax');
  });

  it('are 400 invalidValue with text that cannot be stored', async () => {
    for (const text of ['\\ud800', '\\u0000'])
      expectError(await send('POST', '/Users', { body: `{"userName":"${text}"}` }), 400, 'invalidValue');
  });

  it('that are not UTF-8, or absent, are 400', async () => {
    expectError(await send('POST', '/Users', { body: Buffer.from([0x22, 0xff, 0x22]) }), 400, 'invalidSyntax');
    expectError(await send('POST', '/Users'), 400, 'invalidSyntax');
    expectError(await send('POST', '/Users/.search'), 400, 'invalidSyntax');
  });

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/scim+json;charset=UTF-8',
    'APPLICATION/SCIM+JSON',
  ])('are taken as %s', async (type) => {
    expectError(await send('POST', '/Users', { body: '{}', headers: { 'content-type': type } }), 400, 'invalidValue');
  });

  it.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'are 415 as %s',
    async (type) => {
      const told = await send('POST', '/Users', { body: '{}', headers: { 'content-type': type } });
      expectError(told, 415);
      expect(told.text).toContain('application/scim+json');
    },
  );

  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['GZIP, identity', gzipSync],
    ['made-up', gzipSync],
  ])('are 415 with the content coding %s, and told that none is taken (RFC 9110 §15.5.16)', async (coding, encode) => {
    for (const chunked of [false, true])
      for (const path of ['/Users', '/Groups', '/Bulk', '/.search']) {
        const told = await send('POST', path, {
          body: encode(Buffer.from(JSON.stringify(person('coded')))),
          chunked,
          headers: { 'content-encoding': coding },
        });
        expectError(told, 415);
        expect(told.headers['accept-encoding']).toBe('identity');
        expect(told.text).toContain('codings');
      }
  });

  it('are taken with the coding identity; without a body no coding is minded', async () => {
    expect(await send('POST', '/.search', { body: '{}', headers: { 'content-encoding': 'Identity' } })).toMatchObject({
      status: 200,
    });
    for (const method of ['GET', 'HEAD', 'OPTIONS'])
      expect((await send(method, '/Users', { headers: { 'content-encoding': 'gzip' } })).status).toBeLessThan(300);
  });

  it('are 413 beyond ten MiB, whether they tell their length or not', async () => {
    const body = Buffer.alloc(10 * 1024 * 1024 + 1, ' ');
    for (const chunked of [false, true]) expectError(await send('POST', '/Users', { body, chunked }), 413);
  });
});

describe('a page (§3.4.2.4)', () => {
  const enormous = '9'.repeat(20);
  const list = async (path: string) => JSON.parse((await send('GET', path)).text);

  it.each(['/Users', '/Groups', '', '/Users?filter=emails%20co%20%22plum%22', '/?sortBy=id'])(
    'of %s has at most what there is, however large the count',
    async (path) => {
      const [usual, larger] = [
        await list(path),
        await list(`${path}${path.includes('?') ? '&' : '?'}count=${enormous}`),
      ];
      expect(larger).toEqual(usual);
    },
  );

  it.each(['/Users', '/Groups', '', '/Users?filter=emails%20co%20%22plum%22'])(
    'of %s beyond the end is empty and has the total, however large the startIndex',
    async (path) => {
      const { totalResults } = await list(path);
      expect(await list(`${path}${path.includes('?') ? '&' : '?'}startIndex=${enormous}`)).toMatchObject({
        totalResults,
        itemsPerPage: 0,
        Resources: [],
      });
    },
  );
});

describe('a single resource (§3.4.1)', () => {
  it('minds no parameters of lists, whatever they say, but which attributes are wanted', async () => {
    const lists = '?count=abc&startIndex=x&sortOrder=up&sortBy=nothing&filter=%28garbage&cursor=none';
    expect(JSON.parse((await send('GET', `/Users/${ada}${lists}`)).text)).toEqual(
      JSON.parse((await send('GET', `/Users/${ada}`)).text),
    );
    const patch = JSON.stringify(operations({ op: 'add', path: 'nickName', value: 'Countess' }));
    for (const told of [
      await send('GET', `/Users/${ada}${lists}&attributes=userName`),
      await send('PATCH', `/Users/${ada}${lists}&attributes=userName`, { body: patch }),
    ])
      expect([told.status, Object.keys(JSON.parse(told.text))]).toEqual([200, ['schemas', 'id', 'userName']]);
    expectError(await send('GET', `/Users${lists}`), 400);
  });
});

describe('versions (§3.14)', () => {
  it('are the ETag and meta.version; a known one is 304 without a body', async () => {
    const { headers, text } = await send('GET', `/Users/${ada}`);
    expect(JSON.parse(text).meta.version).toBe(headers.etag);
    for (const known of [headers.etag!, `"x", ${headers.etag}`, '*'])
      expect(await send('GET', `/Users/${ada}`, { headers: { 'if-none-match': known } })).toMatchObject({
        status: 304,
        text: '',
        headers: { etag: headers.etag },
      });
    expect(await send('GET', `/Users/${ada}`, { headers: { 'if-none-match': 'W/"99"' } })).toMatchObject({
      status: 200,
    });
  });

  it('are others when a user comes into a group or leaves it, which If-Match does not mind', async () => {
    const version = async () => (await send('GET', `/Users/${ada}`)).headers.etag!;
    const alone = await version();
    const groupId = await idp.group('Readers', ada);
    const among = await version();
    expect(among).not.toBe(alone);
    expect(await send('GET', `/Users/${ada}`, { headers: { 'if-none-match': alone } })).toMatchObject({ status: 200 });
    expect(await send('GET', `/Users/${ada}`, { headers: { 'if-none-match': among } })).toMatchObject({ status: 304 });
    const patch = (title: string) => JSON.stringify(operations({ op: 'replace', path: 'title', value: title }));
    expect(
      await send('PATCH', `/Users/${ada}`, { body: patch('Reader'), headers: { 'if-match': among } }),
    ).toMatchObject({ status: 200 });
    expectError(await send('PATCH', `/Users/${ada}`, { body: patch('Writer'), headers: { 'if-match': among } }), 412);
    expect(await send('PATCH', `/Users/${ada}`, { body: patch('Writer'), headers: { 'if-match': '*' } })).toMatchObject(
      { status: 200 },
    );
    await idp.leave(groupId, ada);
    expect(await version()).toMatch(/^W\/"\d+"$/);
  });

  it('are asked for by PUT and DELETE too; what is deleted is 404 from then on', async () => {
    const id = await idp.hire('brief');
    expectError(
      await send('PUT', `/Users/${id}`, { body: JSON.stringify(person('brief')), headers: { 'if-match': 'W/"9"' } }),
      412,
    );
    expectError(await send('DELETE', `/Users/${id}`, { headers: { 'if-match': '"9"' } }), 412);
    expect(await send('DELETE', `/Users/${id}`, { headers: { 'if-match': 'W/"1"' } })).toMatchObject({
      status: 204,
      text: '',
    });
    for (const [method, body] of [
      ['GET'],
      ['DELETE'],
      ['PUT', JSON.stringify(person('brief'))],
      ['PATCH', JSON.stringify(operations({ op: 'remove', path: 'title' }))],
    ] as const)
      expectError(await send(method, `/Users/${id}`, { body }), 404);
  });
});

describe('If-None-Match of a write (RFC 9110 §13.1.2)', () => {
  const body = (title: string) => JSON.stringify(operations({ op: 'replace', path: 'title', value: title }));

  it('is 412 where the resource stands at such a version, or at any', async () => {
    const id = await idp.hire('none-match');
    const groupId = await idp.group('None match', id);
    for (const path of [`/Users/${id}`, `/Groups/${groupId}`]) {
      const { headers, text } = await send('GET', path);
      for (const known of ['*', headers.etag!, `"x", ${headers.etag}`]) {
        const none = { 'if-none-match': known };
        expectError(await send('PUT', path, { body: text, headers: none }), 412);
        expectError(
          await send('PATCH', path, {
            body: JSON.stringify(operations({ op: 'replace', path: 'externalId', value: 'changed' })),
            headers: none,
          }),
          412,
        );
        expectError(await send('DELETE', path, { headers: none }), 412);
      }
      expect(await send('GET', path)).toMatchObject({ status: 200, text });
    }
  });

  it('lets other versions be written; what is refused anyway is refused the same', async () => {
    const path = `/Users/${await idp.hire('other-match')}`;
    expect(await send('PATCH', path, { body: body('Baker'), headers: { 'if-none-match': 'W/"7"' } })).toMatchObject({
      status: 200,
    });
    expectError(await send('PATCH', path, { body: '{', headers: { 'if-none-match': '*' } }), 400);
    expectError(await send('PATCH', '/Users/nobody', { body: body('Baker'), headers: { 'if-none-match': '*' } }), 404);
    expect(await send('DELETE', path, { headers: { 'if-match': '*', 'if-none-match': 'W/"1"' } })).toMatchObject({
      status: 204,
    });
  });
});

describe('a cursor', () => {
  it('has unreserved characters only, is good at another connection for nothing, and opens nothing without a token (1.7 characters, 1.7 guidance)', async () => {
    const [one, other] = [await tenant.connect(), await tenant.connect()];
    for (const name of ['a', 'b', 'c']) await one.hire(`cursor-${name}`);
    const first = await send('GET', '/Users?cursor=&count=1', {}, one);
    const { nextCursor } = JSON.parse(first.text);
    expect(nextCursor).toMatch(/^[\w.~-]+$/);
    expectError(await send('GET', `/Users?cursor=${nextCursor}`, {}, other), 400, 'invalidCursor');
    expectError(await send('GET', `/Groups?cursor=${nextCursor}`, {}, one), 400, 'invalidCursor');
    expectError(await send('GET', `/?cursor=${nextCursor}`, {}, one), 400, 'invalidCursor');
    expect(await send('GET', `/Users?cursor=${nextCursor}`, {}, one)).toMatchObject({ status: 200 });
    await tenant.directory.ok('DELETE', `/connections/${one.id}/token?confirm=true`);
    expectError(await send('GET', `/Users?cursor=${nextCursor}`, {}, one), 401);
  });
});

describe('who asks', () => {
  it('needs the token of the connection: else 401 that says how, on every path but discovery', async () => {
    for (const authorization of ['', 'Bearer wrong', 'Basic YTpi', `Bearer ${idp.token}x`]) {
      for (const path of ['/Users', '/Nope', '/Me', '/', '/Bulk']) {
        const told = await send('GET', path, { headers: { authorization } });
        expectError(told, 401);
        expect(told.headers['www-authenticate']).toMatch(/^Bearer/);
        // RFC 6750 §3.1: only a token can be invalid.
        expect(told.headers['www-authenticate']?.includes('invalid_token')).toBe(authorization.startsWith('Bearer'));
      }
    }
    expectError(await send('GET', '/Schemas', { headers: { authorization: 'Bearer wrong' } }), 401);
  });

  it('is served 64 at once, the next 64 wait, the others are told when to come again (2.8 overload, O12)', async () => {
    const answers = await Promise.all(Array.from({ length: 400 }, () => send('GET', '/Users?count=1')));
    const refused = answers.filter(({ status }) => status !== 200);
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(128);
    for (const told of refused) {
      expectError(told, 429);
      expect(told.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    }
    expect(await send('GET', '/Users?count=1')).toMatchObject({ status: 200 });
  });

  it('is held to the rate limit of the connection', async () => {
    const limited = await tenant.connect('generic', { rateLimit: { perSecond: 0.1, burst: 3 } });
    const answers = [];
    for (let sent = 0; sent < 5; sent++) answers.push(await send('GET', '/Users?count=0', {}, limited));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429]);
    expect(Number(answers.at(-1)!.headers['retry-after'])).toBeGreaterThan(1);
    expect(await send('GET', '/Users?count=0')).toMatchObject({ status: 200 });
  });
});
