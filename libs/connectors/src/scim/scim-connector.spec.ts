import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { recordSpans } from '@tenure/eventing/testing';
import type { Connector } from '@tenure/provisioning';
import { openTargets } from '../targets/targets.ts';
import { fakeApp, type Reply } from '../testing/fake-app.ts';
import { scimConnector } from './scim-connector.ts';

const targets = openTargets({ allowPrivateTargets: ['127.0.0.1'], userAgent: 'Tenure/test' });
let app: Awaited<ReturnType<typeof fakeApp>>;
let connector: Connector;
const bearer = { kind: 'bearer', token: 'let-me-in' } as const;
const connect = (credential: Parameters<typeof scimConnector>[0]['credential'] = bearer, path = '/scim/v2') =>
  scimConnector({ url: `${app.origin}${path}`, credential, targets, timeoutMs: 300 });

beforeAll(async () => {
  app = await fakeApp();
  connector = connect();
});
beforeEach(() => app.reset());
afterAll(async () => {
  await targets.close();
  await app.close();
});

const list = (...Resources: object[]): Reply => ({
  status: 200,
  body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'], totalResults: Resources.length, Resources },
});
const ada = { id: 'a-1', externalId: 'account-1', userName: 'ada@plum.example' };
const cutOff: Reply = (response) => response.destroy();
const silence: Reply = () => undefined;

describe('what an app is asked', () => {
  it('tests with one account (R34)', async () => {
    app.willAnswer(list(ada));
    expect(await connector.test()).toEqual({ kind: 'ok', value: { status: 200 } });
    expect(app.asked).toMatchObject([
      {
        method: 'GET',
        url: '/scim/v2/Users?count=1',
        headers: { authorization: 'Bearer let-me-in', 'user-agent': 'Tenure/test' },
      },
    ]);
  });

  it('matches with a filter (R38), and keeps the query of the endpoint', async () => {
    app.willAnswer(list(ada), { status: 200, body: { totalResults: 0 } });
    const filter = 'userName eq "ada+x@plum.example"';
    const entra = connect(bearer, '/scim/v2/?aadOptscim062020');
    expect(await entra.find({ filter })).toEqual({
      kind: 'ok',
      value: [{ remoteId: 'a-1', externalId: 'account-1', resource: ada }],
    });
    expect(await entra.find({ filter })).toEqual({ kind: 'ok', value: [] });
    expect(app.asked[0]!.url).toBe(`/scim/v2/Users?aadOptscim062020&filter=${encodeURIComponent(filter)}`);
  });

  it('makes a span without its URL, which may quote a person, and sends no trace to the app', async () => {
    const recorded = recordSpans();
    app.willAnswer(list(ada), { status: 503 }, cutOff);
    for (let call = 1; call <= 3; call++) await connector.find({ filter: 'userName eq "ada@plum.example"' });
    const { hostname, port } = new URL(app.origin);
    const common = { 'http.request.method': 'GET', 'server.address': hostname, 'server.port': Number(port) };
    expect(recorded.ended().map(({ name, attributes }) => [name, attributes])).toEqual([
      ['GET', { ...common, 'http.response.status_code': 200 }],
      ['GET', { ...common, 'http.response.status_code': 503, 'error.type': '503' }],
      ['GET', { ...common, 'error.type': 'no answer' }],
    ]);
    expect(app.asked.filter(({ headers }) => 'traceparent' in headers)).toEqual([]);
    await recorded.stop();
  });

  it('R58: lists its groups page by page, however many the app gives at once', async () => {
    const group = (id: string) => ({ id, displayName: `Group ${id}` });
    const page = (...Resources: object[]): Reply => ({ status: 200, body: { totalResults: 3, Resources } });
    app.willAnswer(page(group('a'), group('b')), page(group('c')), page());
    const listed = (...ids: string[]) =>
      ids.map((id) => ({ kind: 'group', value: `Group ${id}`, displayName: `Group ${id}` }));
    expect(await connector.listEntitlements(1)).toEqual({
      kind: 'ok',
      value: { items: listed('a', 'b'), total: 3, next: 3 },
    });
    expect(await connector.listEntitlements(3)).toEqual({ kind: 'ok', value: { items: listed('c'), total: 3 } });
    // One that says there are more and gives none is not asked for ever.
    expect(await connector.listEntitlements(3)).toEqual({ kind: 'ok', value: { items: [], total: 3 } });
    expect(app.asked[1]!.url).toBe('/scim/v2/Groups?startIndex=3&count=100&excludedAttributes=members');
  });

  it('creates, reads, changes, suspends and deletes', async () => {
    app.willAnswer(
      { status: 201, body: ada },
      { status: 200, body: ada },
      { status: 404 },
      { status: 200, body: ada },
      { status: 204 },
      { status: 204 },
      { status: 404 },
    );
    expect(await connector.create({ userName: 'ada@plum.example' })).toMatchObject({
      kind: 'ok',
      value: { remoteId: 'a-1' },
    });
    expect(await connector.get('a-1')).toMatchObject({ kind: 'ok', value: { remoteId: 'a-1' } });
    expect(await connector.get('a/2')).toEqual({ kind: 'ok', value: undefined });
    expect(await connector.update('a-1', [{ op: 'replace', path: 'title', value: 'Dr' }])).toEqual({
      kind: 'ok',
      value: undefined,
    });
    expect(await connector.setActive('a-1', false)).toEqual({ kind: 'ok', value: undefined });
    expect(await connector.delete('a-1')).toEqual({ kind: 'ok', value: undefined });
    expect(await connector.delete('a-1')).toEqual({ kind: 'ok', value: undefined });
    expect(app.asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /scim/v2/Users',
      'GET /scim/v2/Users/a-1',
      'GET /scim/v2/Users/a%2F2',
      'PATCH /scim/v2/Users/a-1',
      'PATCH /scim/v2/Users/a-1',
      'DELETE /scim/v2/Users/a-1',
      'DELETE /scim/v2/Users/a-1',
    ]);
    expect(app.asked[3]!.body).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'title', value: 'Dr' }],
    });
    expect(app.asked[4]!.body.Operations).toEqual([{ op: 'replace', path: 'active', value: false }]);
  });

  it('finds a group by its exact name, and changes its members', async () => {
    app.willAnswer(
      list({ id: 'g-1', displayName: 'sales "and" marketing' }, { id: 'g-2', displayName: 'Sales "and" Marketing' }),
      { status: 204 },
    );
    expect(await connector.findGroup('Sales "and" Marketing')).toEqual({
      kind: 'ok',
      value: { id: 'g-2', displayName: 'Sales "and" Marketing' },
    });
    expect(decodeURIComponent(app.asked[0]!.url)).toBe(
      '/scim/v2/Groups?filter=displayName eq "Sales \\"and\\" Marketing"',
    );
    await connector.changeGroupMembers('g-2', ['a-1'], ['a-2']);
    expect(app.asked[1]!.body.Operations).toEqual([
      { op: 'add', path: 'members', value: [{ value: 'a-1' }] },
      { op: 'remove', path: 'members[value eq "a-2"]' },
    ]);
    expect(await connector.changeGroupMembers('g-2', [], [])).toMatchObject({ kind: 'ok' });
  });
});

describe('what came of it', () => {
  const scimError = (status: number, detail: string, headers = {}): Reply => ({
    status,
    headers,
    body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: String(status), detail },
  });

  it('401: the credentials are not accepted any more (R52)', async () => {
    app.willAnswer(scimError(401, 'Invalid authentication'));
    expect(await connector.setActive('a-1', true)).toEqual({ kind: 'unauthorized', reason: 'Invalid authentication' });
  });

  it.each([408, 429, 500, 503])('%i: again later', async (status) => {
    app.willAnswer(scimError(status, 'Later'));
    expect(await connector.create({})).toEqual({ kind: 'retry', reason: 'Later' });
  });

  it('Retry-After is honoured, as seconds and as a date', async () => {
    app.willAnswer(
      scimError(429, 'Slow', { 'retry-after': '17' }),
      scimError(503, 'Slow', { 'retry-after': new Date(Date.now() + 60_000).toUTCString() }),
    );
    expect(await connector.test()).toMatchObject({ kind: 'retry', afterSeconds: 17 });
    const dated = await connector.test();
    expect(dated.kind === 'retry' && dated.afterSeconds).toBeGreaterThan(57);
  });

  it('any other 4xx: refused, with what the app said in one short line', async () => {
    app.willAnswer(
      scimError(409, `userName\n${'x'.repeat(1000)}`),
      { status: 400, body: '<html>' },
      scimError(404, 'Gone'),
    );
    const taken = await connector.create({});
    expect(taken).toMatchObject({ kind: 'refused', status: 409, reason: expect.stringMatching(/^userName x/) });
    expect('reason' in taken && taken.reason.length).toBeLessThan(310);
    expect(await connector.update('a-1', [{ op: 'remove', path: 'title' }])).toEqual({
      kind: 'refused',
      status: 400,
      reason: 'The app answered 400.',
    });
    expect(await connector.update('a-1', [{ op: 'remove', path: 'title' }])).toEqual({
      kind: 'refused',
      status: 404,
      reason: 'Gone',
    });
  });

  it('a redirect is not followed', async () => {
    app.willAnswer({ status: 302, headers: { location: 'http://169.254.169.254/' } });
    expect(await connector.test()).toMatchObject({ kind: 'refused', status: 302 });
    expect(app.asked).toHaveLength(1);
  });

  it('an answer that is no SCIM is refused', async () => {
    app.willAnswer({ status: 200, body: '<html>Sign in</html>' });
    expect(await connector.test()).toMatchObject({ kind: 'refused', status: 200 });
  });

  it.each<[string, Reply]>([
    ['cut off', cutOff],
    ['silent', silence],
    ['a proxy whose app is silent', { status: 504 }],
    ['201 without an id', { status: 201, body: {} }],
  ])('%s: nobody knows whether an account was created', async (_, reply) => {
    app.willAnswer(reply);
    expect(await connector.create({})).toMatchObject({ kind: 'unknown' });
  });

  it.each<[string, Reply]>([
    ['cut off', cutOff],
    ['silent', silence],
  ])('%s: what may be repeated is', async (_, reply) => {
    app.willAnswer(reply);
    expect(await connector.setActive('a-1', false)).toMatchObject({ kind: 'retry' });
  });

  it('no connection: nothing was created', async () => {
    const nobody = scimConnector({ url: 'http://127.0.0.1:1/scim', credential: bearer, targets });
    expect(await nobody.create({})).toEqual({ kind: 'retry', reason: 'The app could not be reached (ECONNREFUSED).' });
    const forbidden = scimConnector({ url: 'https://10.0.0.1/scim', credential: bearer, targets });
    expect(await forbidden.create({})).toMatchObject({
      kind: 'retry',
      reason: expect.stringContaining('not a public address'),
    });
  });

  it('an endless answer is not read to its end', async () => {
    app.willAnswer((response) => {
      response.writeHead(200);
      const pour = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        if (!response.destroyed) response.once('drain', pour);
      };
      pour();
    });
    const patient = scimConnector({ url: app.origin, credential: bearer, targets, timeoutMs: 10_000 });
    expect(await patient.test()).toMatchObject({ kind: 'retry', reason: expect.stringContaining('more than') });
  });
});

describe('how Tenure signs in (R25)', () => {
  const oauth = () =>
    ({
      kind: 'oauth2',
      tokenUrl: `${app.origin}/token`,
      clientId: 'id',
      clientSecret: 's:ecret',
      scope: 'scim',
    }) as const;
  const token = (access_token: string, expires_in = 3600): Reply => ({
    status: 200,
    body: { access_token, expires_in, token_type: 'Bearer' },
  });

  it('with a user name and a password', async () => {
    app.willAnswer(list());
    await connect({ kind: 'basic', username: 'ada', password: 'pässword' }).test();
    expect(app.asked[0]!.headers.authorization).toBe(`Basic ${Buffer.from('ada:pässword').toString('base64')}`);
  });

  it('with client credentials, whose token is kept until it expires', async () => {
    app.willAnswer(token('t-1'), list(), list());
    const signedIn = connect(oauth());
    await signedIn.test();
    await signedIn.test();
    expect(app.asked.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/token', `Basic ${Buffer.from('id:s%3Aecret').toString('base64')}`],
      ['/scim/v2/Users?count=1', 'Bearer t-1'],
      ['/scim/v2/Users?count=1', 'Bearer t-1'],
    ]);
    expect(app.asked[0]!.body).toBe('grant_type=client_credentials&scope=scim');
  });

  it('asks for a new token once where the kept one is refused, and for one that is about to expire', async () => {
    app.willAnswer(
      token('t-1'),
      { status: 401 },
      token('t-2', 1),
      list(),
      token('t-3'),
      { status: 401 },
      token('t-4'),
      { status: 401 },
    );
    const signedIn = connect(oauth());
    expect(await signedIn.test()).toMatchObject({ kind: 'ok' });
    expect(await signedIn.test()).toMatchObject({ kind: 'unauthorized' });
    expect(app.asked).toHaveLength(8);
  });

  it('tells what the token endpoint said', async () => {
    app.willAnswer(
      { status: 400, body: { error: 'invalid_client', error_description: 'Secret expired' } },
      { status: 503 },
      { status: 404 },
    );
    const signedIn = connect(oauth());
    expect(await signedIn.create({})).toEqual({ kind: 'unauthorized', reason: 'Token endpoint: Secret expired' });
    expect(await signedIn.create({})).toMatchObject({ kind: 'retry' });
    // Not an account that is gone.
    expect(await signedIn.get('a-1')).toMatchObject({ kind: 'unauthorized' });
  });
});
