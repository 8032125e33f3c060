import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { recordSpans } from '@tenure/eventing/testing';
import type { Connector } from '@tenure/provisioning/connector';
import { openTargets } from '../targets/targets.ts';
import { fakeApp, type Reply } from '../testing/fake-app.ts';
import { scimConnector } from './scim-connector.ts';

const targets = openTargets({ allowPrivateTargets: ['127.0.0.1'], userAgent: 'Tenure/test' });
let app: Awaited<ReturnType<typeof fakeApp>>;
let connector: Connector;
const bearer = { kind: 'bearer', token: 'let-me-in' } as const;
const connect = (credential: Parameters<typeof scimConnector>[0]['credential'] = bearer, path = '/scim/v2') =>
  scimConnector({ url: `${app.origin}${path}`, credential, targets, used: ['userName', 'title'], timeoutMs: 300 });

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
const nothing = { mark: null, values: {} };

describe('what an app is asked', () => {
  it('tests with one account (R34)', async () => {
    app.willAnswer(list(ada), list());
    expect(await connector.test()).toEqual({
      kind: 'ok',
      value: { request: 'GET /Users?count=1', status: 200, filters: 'honoured' },
    });
    expect(app.asked.slice(0, 1)).toMatchObject([
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
    const sought = { target: 'userName', value: 'ada+x@plum.example' };
    const entra = connect(bearer, '/scim/v2/?aadOptscim062020');
    expect(await entra.find('account', sought)).toEqual({
      kind: 'ok',
      value: [
        {
          kind: 'account',
          id: 'a-1',
          label: 'ada@plum.example',
          mark: 'account-1',
          values: { userName: ada.userName },
        },
      ],
    });
    expect(await entra.find('account', sought)).toEqual({ kind: 'ok', value: [] });
    expect(app.asked[0]!.url).toBe(`/scim/v2/Users?aadOptscim062020&filter=${encodeURIComponent(filter)}`);
  });

  it('makes a span without its URL, which may quote a person, and sends no trace to the app', async () => {
    const recorded = recordSpans();
    app.willAnswer(list(ada), { status: 503 }, cutOff);
    for (let call = 1; call <= 3; call++)
      await connector.find('account', { target: 'userName', value: 'ada@plum.example' });
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
    app.willAnswer(page(group('a'), group('b')), page(group('c')), page(group('a'), group('b')), page());
    const listed = (...ids: string[]) => ids.map((id) => ({ id, displayName: `Group ${id}` }));
    const first = await connector.entitlements('Groups');
    const next = first.kind === 'ok' ? first.value.next : undefined;
    expect(first).toEqual({ kind: 'ok', value: { items: listed('a', 'b'), next: expect.any(String) } });
    expect(await connector.entitlements('Groups', next)).toEqual({ kind: 'ok', value: { items: listed('c') } });
    expect(app.asked[1]!.url).toBe('/scim/v2/Groups?startIndex=3&count=100&excludedAttributes=members');
    // One that announces more than it gives is not complete, and nobody must be taken for missing by it (R88).
    await connector.entitlements('Groups');
    expect(await connector.entitlements('Groups', next)).toMatchObject({ kind: 'unavailable' });
  });

  it('R88: a list that turns in a circle is a failure and no end', async () => {
    const page: Reply = { status: 200, body: { totalResults: 9, Resources: [ada, { ...ada, id: 'a-2' }] } };
    app.willAnswer(page, page);
    const first = await connector.list('account');
    expect(first).toMatchObject({ kind: 'ok', value: { items: [{ id: 'a-1' }, { id: 'a-2' }] } });
    const next = first.kind === 'ok' ? first.value.next : undefined;
    expect(await connector.list('account', next)).toMatchObject({ kind: 'unavailable' });
  });

  it('creates, reads, changes, suspends and deletes', async () => {
    app.willAnswer(
      { status: 201, body: ada },
      { status: 200, body: ada },
      { status: 404 },
      { status: 404 },
      { status: 200, body: ada },
      { status: 204 },
      { status: 204 },
      { status: 404 },
    );
    const values = { userName: 'ada@plum.example' };
    expect(await connector.create('account', { mark: 'account-1', values })).toMatchObject({
      kind: 'ok',
      value: { id: 'a-1' },
    });
    expect(app.asked[0]!.body).toMatchObject({ userName: 'ada@plum.example', externalId: 'account-1' });
    expect(await connector.get('account', 'a-1')).toMatchObject({ kind: 'ok', value: { id: 'a-1' } });
    expect(await connector.get('account', 'a/2')).toMatchObject({ kind: 'gone' });
    expect(await connector.update('account', 'a-1', [{ target: 'title', from: 'Ms', to: 'Dr' }])).toEqual({
      kind: 'ok',
      value: undefined,
    });
    expect(await connector.setActive('a-1', false)).toEqual({ kind: 'ok', value: undefined });
    expect(await connector.delete('account', 'a-1')).toEqual({ kind: 'ok', value: undefined });
    expect(await connector.delete('account', 'a-1')).toEqual({ kind: 'ok', value: undefined });
    expect(app.asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /scim/v2/Users',
      'GET /scim/v2/Users/a-1',
      'GET /scim/v2/Users/a%2F2',
      'GET /scim/v2/ServiceProviderConfig',
      'PATCH /scim/v2/Users/a-1',
      'PATCH /scim/v2/Users/a-1',
      'DELETE /scim/v2/Users/a-1',
      'DELETE /scim/v2/Users/a-1',
    ]);
    expect(app.asked[4]!.body).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'title', value: 'Dr' }],
    });
    expect(app.asked[5]!.body.Operations).toEqual([{ op: 'replace', path: 'active', value: false }]);
  });

  it('finds groups by name, and changes their members', async () => {
    app.willAnswer(
      list({ id: 'g-1', displayName: 'sales "and" marketing' }, { id: 'g-2', displayName: 'Sales "and" Marketing' }),
      { status: 204 },
    );
    const found = await connector.find('group', { target: 'displayName', value: 'Sales "and" Marketing' });
    expect(found).toMatchObject({ kind: 'ok', value: [{ id: 'g-1' }, { id: 'g-2', label: 'Sales "and" Marketing' }] });
    expect(decodeURIComponent(app.asked[0]!.url)).toBe(
      '/scim/v2/Groups?filter=displayName eq "Sales \\"and\\" Marketing"&excludedAttributes=members',
    );
    await connector.changeMembers('g-2', ['a-1'], ['a-2']);
    expect(app.asked[1]!.body.Operations).toEqual([
      { op: 'add', path: 'members', value: [{ value: 'a-1' }] },
      { op: 'remove', path: 'members[value eq "a-2"]' },
    ]);
    expect(await connector.changeMembers('g-2', [], [])).toMatchObject({ kind: 'ok' });
  });

  it('R61: asks the group who is in it, and never the account', async () => {
    const group = (...ids: string[]) => ({ id: 'g', displayName: 'G', members: ids.map((value) => ({ value })) });
    app.willAnswer({ status: 200, body: group('a-1') }, { status: 200, body: group('a-1') });
    expect(await connector.isMember('g', 'a-1')).toEqual({ kind: 'ok', value: 'yes' });
    expect(await connector.isMember('g', 'a-2')).toEqual({ kind: 'ok', value: 'no' });
  });

  it('R61: a group that hides its members is asked by a filter, which is believed only where it can say no', async () => {
    const hidden: Reply = { status: 200, body: { id: 'g', displayName: 'G' } };
    const hit = list({ id: 'g' });
    app.willAnswer(hidden, list(), hit, hidden, hit, hidden, { status: 400 });
    expect(await connect().isMember('g', 'a-1')).toEqual({ kind: 'ok', value: 'yes' });
    expect(await connect().isMember('g', 'a-1')).toEqual({ kind: 'ok', value: 'unseen' });
    expect(await connect().isMember('g', 'a-1')).toEqual({ kind: 'ok', value: 'unseen' });
  });

  it('R91: a number is as good an id as a text, and goes back as it came', async () => {
    app.willAnswer(list({ ...ada, id: 42 }), { status: 204 });
    const numbered = connect();
    const found = await numbered.find('account', { target: 'userName', value: 'ada@plum.example' });
    expect(found).toMatchObject({ kind: 'ok', value: [{ id: '42' }] });
    await numbered.changeMembers('7', ['42'], []);
    expect(app.asked[1]!.body.Operations).toEqual([{ op: 'add', path: 'members', value: [{ value: 42 }] }]);
  });

  it('R91: notices an app that ignores filters', async () => {
    app.willAnswer(list(ada), list(ada));
    expect(await connector.test()).toMatchObject({ kind: 'ok', value: { filters: 'ignored' } });
  });

  it('R91: notices an app that refuses filters', async () => {
    app.willAnswer(list(ada), { status: 400, body: { scimType: 'invalidFilter' } });
    expect(await connector.test()).toMatchObject({ kind: 'ok', value: { filters: 'refused' } });
  });

  it('R96: cuts off an answer without end, and believes its status', async () => {
    const endless: Reply = { status: 201, body: { text: 'x'.repeat(5 * 1024 * 1024) } };
    app.willAnswer(endless, { ...endless, status: 200 }, { ...endless, status: 200 });
    expect(await connector.create('account', nothing)).toMatchObject({ kind: 'unknown' });
    expect(await connector.setActive('a-1', false)).toEqual({ kind: 'ok', value: undefined });
    expect(await connector.get('account', 'a-1')).toMatchObject({ kind: 'refused', code: 'app/answer-too-large' });
  });

  it('R96: leaves out whom it can give no id that can be kept', async () => {
    app.willAnswer(list({ ...ada, id: 'a\u0000' }, { ...ada, id: 'a\ud800' }, { ...ada, id: 2 ** 60 }, ada));
    const found = await connector.find('account', { target: 'userName', value: 'ada@plum.example' });
    expect(found).toMatchObject({ kind: 'ok', value: [{ id: 'a-1' }] });
  });
});

describe('R93: an app that can’t change a part', () => {
  const whole = { ...ada, nickName: 'Lady', meta: { version: 'W/"3"' }, groups: [{ value: 'g' }] };
  const changes = [{ target: 'title', from: null, to: 'Dr' }];

  it('is sent the whole object, with what it holds besides, as long as nobody else changed it', async () => {
    app.willAnswer(
      { status: 200, body: { patch: { supported: false } } },
      { status: 200, body: whole },
      { status: 412 },
    );
    app.willAnswer({ status: 200, body: { ...whole, nickName: 'Countess' } }, { status: 200, body: whole });
    expect(await connect().update('account', 'a-1', changes)).toMatchObject({ kind: 'ok' });
    expect(app.asked.map(({ method }) => method)).toEqual(['GET', 'GET', 'PUT', 'GET', 'PUT']);
    expect(app.asked[4]!.headers['if-match']).toBe('W/"3"');
    expect(app.asked[4]!.body).toEqual({ ...ada, nickName: 'Countess', title: 'Dr' });
  });

  it.each([405, 501])('and says so with %i is sent the whole object from then on', async (status) => {
    app.willAnswer({ status: 404 }, { status }, { status: 200, body: whole }, { status: 200, body: whole });
    app.willAnswer({ status: 200, body: whole }, { status: 200, body: whole });
    const learning = connect();
    expect(await learning.update('account', 'a-1', changes)).toMatchObject({ kind: 'ok' });
    expect(await learning.setActive('a-1', false)).toMatchObject({ kind: 'ok' });
    expect(app.asked.map(({ method }) => method)).toEqual(['GET', 'PATCH', 'GET', 'PUT', 'GET', 'PUT']);
    expect(app.asked[5]!.body).toMatchObject({ active: false, nickName: 'Lady' });
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
    expect(await connector.create('account', nothing)).toEqual({
      kind: status === 429 ? 'throttled' : 'unavailable',
      reason: 'Later',
    });
  });

  it('Retry-After is honoured, as seconds and as a date', async () => {
    app.willAnswer(
      scimError(429, 'Slow', { 'retry-after': '17' }),
      scimError(503, 'Slow', { 'retry-after': new Date(Date.now() + 60_000).toUTCString() }),
    );
    expect(await connector.test()).toMatchObject({ kind: 'throttled', afterMs: 17_000 });
    const dated = await connector.test();
    expect(dated.kind === 'unavailable' && dated.afterMs).toBeGreaterThan(57_000);
    const resets = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '9' };
    app.willAnswer(scimError(429, 'Slow', resets));
    expect(await connector.test()).toMatchObject({ kind: 'throttled', afterMs: 9000 });
  });

  it('any other 4xx: refused, with what the app said in one short line', async () => {
    app.willAnswer(
      scimError(409, `userName\n${'x'.repeat(1000)}`),
      { status: 400, body: '<html><title>Bad things</title>' },
      { status: 422, body: { errors: [{ message: 'No such country' }] } },
      scimError(404, 'Gone'),
    );
    const taken = await connector.create('account', nothing);
    expect(taken).toMatchObject({ kind: 'conflict', reason: expect.stringMatching(/^userName x/) });
    expect('reason' in taken && taken.reason.length).toBeLessThan(310);
    const patching = connect();
    app.willAnswer();
    const update = () => patching.setActive('a-1', true);
    expect(await connector.get('account', 'a-1')).toMatchObject({ kind: 'refused', status: 400, reason: 'Bad things' });
    expect(await connector.get('account', 'a-1')).toMatchObject({ kind: 'refused', reason: 'No such country' });
    expect(await update()).toMatchObject({ kind: 'gone' });
  });

  it('R96: an app that repeats our token, or gives text that can’t be kept, does no harm', async () => {
    const base64 = Buffer.from('let-me-in').toString('base64');
    app.willAnswer(
      scimError(400, `Bad header: Bearer let-me-in (${base64})`),
      list({ ...ada, userName: 'let-me-in', title: 'a\u0000\ud800b' }),
      scimError(400, '😀'.repeat(500)),
    );
    expect(await connector.get('account', 'a-1')).toMatchObject({ reason: 'Bad header: Bearer … (…)' });
    const found = await connector.find('account', { target: 'userName', value: 'let-me-in' });
    expect(found).toMatchObject({ value: [{ label: '…', values: { userName: '…', title: 'a\ufffd\ufffdb' } }] });
    const cut = await connector.get('account', 'a-1');
    expect('reason' in cut && cut.reason.isWellFormed()).toBe(true);
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
    expect(await connector.create('account', nothing)).toMatchObject({ kind: 'unknown' });
  });

  it.each<[string, Reply]>([
    ['cut off', cutOff],
    ['silent', silence],
  ])('%s: of a change nobody knows, and a question did nothing', async (_, reply) => {
    app.willAnswer({ status: 404 }, reply, reply);
    const repeating = connect();
    expect(await repeating.setActive('a-1', false)).toMatchObject({ kind: 'unknown' });
    expect(await repeating.get('account', 'a-1')).toMatchObject({ kind: 'unavailable' });
  });

  it('no connection: nothing was created', async () => {
    const nobody = scimConnector({ url: 'http://127.0.0.1:1/scim', credential: bearer, targets });
    expect(await nobody.create('account', nothing)).toEqual({
      kind: 'unavailable',
      reason: 'The app could not be reached (ECONNREFUSED).',
    });
    const forbidden = scimConnector({ url: 'https://10.0.0.1/scim', credential: bearer, targets });
    expect(await forbidden.create('account', nothing)).toMatchObject({
      kind: 'unavailable',
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
    expect(await patient.test()).toMatchObject({ kind: 'refused', reason: expect.stringContaining('more than') });
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
    app.willAnswer({ status: 200, body: ada });
    await connect({ kind: 'basic', username: 'ada', password: 'pässword' }).get('account', 'a-1');
    expect(app.asked[0]!.headers.authorization).toBe(`Basic ${Buffer.from('ada:pässword').toString('base64')}`);
  });

  it('with client credentials, whose token is kept until it expires', async () => {
    app.willAnswer(token('t-1'), { status: 200, body: ada }, { status: 200, body: ada });
    const signedIn = connect(oauth());
    await signedIn.get('account', 'a-1');
    await signedIn.get('account', 'a-1');
    expect(app.asked.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/token', `Basic ${Buffer.from('id:s%3Aecret').toString('base64')}`],
      ['/scim/v2/Users/a-1', 'Bearer t-1'],
      ['/scim/v2/Users/a-1', 'Bearer t-1'],
    ]);
    expect(Object.fromEntries(new URLSearchParams(app.asked[0]!.body as string))).toEqual({
      grant_type: 'client_credentials',
      scope: 'scim',
    });
  });

  it('asks for a new token once where the kept one is refused, and for one that is about to expire', async () => {
    app.willAnswer(
      token('t-1'),
      { status: 401 },
      token('t-2', 1),
      { status: 200, body: ada },
      token('t-3'),
      { status: 401 },
      token('t-4'),
      { status: 401 },
    );
    const signedIn = connect(oauth());
    expect(await signedIn.get('account', 'a-1')).toMatchObject({ kind: 'ok' });
    expect(await signedIn.get('account', 'a-1')).toMatchObject({ kind: 'unauthorized' });
    expect(app.asked).toHaveLength(8);
  });

  it('tells what the token endpoint said', async () => {
    app.willAnswer(
      { status: 400, body: { error: 'invalid_client', error_description: 'Secret expired' } },
      { status: 503 },
      { status: 404 },
    );
    const signedIn = connect(oauth());
    expect(await signedIn.create('account', nothing)).toEqual({
      kind: 'unauthorized',
      reason: 'Token endpoint: Secret expired',
    });
    expect(await signedIn.create('account', nothing)).toMatchObject({ kind: 'unavailable' });
    // Not an account that is gone.
    expect(await signedIn.get('account', 'a-1')).toMatchObject({ kind: 'unauthorized' });
  });
});
