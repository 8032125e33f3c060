import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { browser, type Browser } from './testing/browser.ts';
import { client } from './testing/client.ts';
import { testSystem, type TestSystem } from './testing/system.ts';
import { makeTenant, person, type Tenant } from './testing/world.ts';

const COOKIE = '__Host-tenure';

let system: TestSystem;
let plum: Tenant;
beforeAll(async () => {
  system = await testSystem();
  plum = await makeTenant(system);
});
afterAll(() => system?.close());
// Each test has the tries of an address for itself.
beforeEach(() => system.database.query('delete from sign_in.tries'));

const at = (path: string) => `${system.url()}${path}`;
const link = (email?: string): Promise<{ url: string; expiresAt: string }> =>
  system.root().ok('POST', '/auth/links', email === undefined ? {} : { email });
const codeOf = ({ url }: { url: string }) => new URL(url).searchParams.get('code')!;

/** A browser that is signed in with a link, as the super admin or whose address it is. */
const signedIn = async (email?: string): Promise<Browser> => {
  const chrome = browser();
  const shown = await chrome.submit(at('/auth/start'), { code: codeOf(await link(email)) });
  expect({ status: shown.status, url: shown.url }).toEqual({ status: 200, url: at('/auth') });
  return chrome;
};
const me = async (chrome: Browser) => chrome.fetch(at('/auth/v1/me'));
const pathsOfServices = () => [
  `/directory/v1/tenants/${plum.id}/users`,
  `/mapping/v1/tenants/${plum.id}/apps`,
  `/audit/v1/tenants/${plum.id}/entries`,
];
const statuses = (chrome: Browser) =>
  Promise.all(pathsOfServices().map(async (path) => (await chrome.fetch(at(path))).status));
const makeOlder = (what: string) => system.database.query(`update sign_in.sessions set ${what}`);

describe('a sign-in link (R110)', () => {
  it('shows a button, and signs in when it is pressed, once', async () => {
    const made = await link();
    const chrome = browser();
    // A preview of the link in a chat burns nothing.
    for (const _ of [1, 2]) {
      const page = await chrome.open(made.url);
      expect(page.text).toContain('<button');
      expect(page.headers.get('set-cookie')).toBeNull();
    }
    const shown = await chrome.submit(at('/auth/start'), { code: codeOf(made) });
    expect(shown.text).toContain('You are signed in');
    expect(shown.text).toContain('sue@plum.example');
    expect(shown.text).toContain('super_admin');
    expect(shown.text).toContain('Plum');
    expect((await me(chrome)).body).toMatchObject({
      kind: 'session',
      tenant: plum.id,
      role: 'super_admin',
      id: plum.superAdmin.id,
      userId: plum.superAdmin.userId,
      name: 'sue@plum.example',
    });

    const again = await browser().submit(at('/auth/start'), { code: codeOf(made) });
    expect(again).toMatchObject({ status: 404, text: expect.stringContaining('link/unknown') });
  });

  it('ends after 15 minutes, and says no more of a wrong code than of an old one', async () => {
    const made = await link();
    await system.database.query(`update sign_in.links set expires_at = now() - interval '1 ms'`);
    const [old, wrong] = [
      await browser().submit(at('/auth/start'), { code: codeOf(made) }),
      await browser().submit(at('/auth/start'), { code: 'wrong' }),
    ];
    expect(old.status).toBe(404);
    expect(wrong.text).toBe(old.text);
  });

  it('is of the admin whose address is given', async () => {
    await plum.addAdmin('gus@plum.example', 'auditor');
    const chrome = await signedIn('GUS@plum.example');
    expect((await me(chrome)).body).toMatchObject({ role: 'auditor', name: 'gus@plum.example' });
    expect(await system.root().post('/auth/links', { email: 'nobody@plum.example' })).toMatchObject({
      status: 404,
      body: { code: 'admin/unknown' },
    });
    expect((await client(system.url(), plum.superAdmin.key).post('/auth/links', {})).status).toBe(403);
  });

  it('leads to a page of Tenure only', async () => {
    for (const [returnTo, to] of [
      ['/auth/device/approve?user_code=BCDF', '/auth/device/approve?user_code=BCDF'],
      ['https://evil.example/', '/auth'],
      ['//evil.example/', '/auth'],
      ['/\\evil.example/', '/auth'],
      ['/\t/evil.example/', '/auth'],
      ['/..//evil.example', '/auth'],
      ['javascript:alert(1)', '/auth'],
    ] as const) {
      const answer = await browser().fetch(at('/auth/start'), 'POST', { code: codeOf(await link()), returnTo });
      expect(answer).toMatchObject({ status: 200, body: { returnTo: to } });
    }
  });
});

describe('a session (R110)', () => {
  it('works on every service as a key does, with the rights of the admin', async () => {
    await plum.addAdmin('ann@plum.example', 'auditor');
    const chrome = await signedIn('ann@plum.example');
    expect(await statuses(chrome)).toEqual([200, 200, 200]);
    const wanted = { name: 'Wiki', preset: 'scim' };
    expect(await chrome.fetch(at(`/mapping/v1/tenants/${plum.id}/apps`), 'POST', wanted)).toMatchObject({
      status: 403,
      body: { code: 'key/role', detail: 'Requires the role super_admin; this session has the role auditor.' },
    });
  });

  it('is a cookie that no script reads and no other site sends along, and of which the database holds no copy', async () => {
    const chrome = await signedIn();
    const { value, attributes } = chrome.set.findLast(({ name }) => name === COOKIE)!;
    expect(attributes.split(';').map((attribute) => attribute.trim())).toEqual([
      'Path=/',
      'Secure',
      'HttpOnly',
      'SameSite=Lax',
    ]);
    expect(Buffer.from(value, 'base64url')).toHaveLength(32);
    expect(await system.rowsWith(value)).toEqual([]);
  });

  it('has a new id at each sign-in, whatever the browser brought along', async () => {
    const chrome = browser();
    chrome.setCookie(system.url(), COOKIE, 'planted-by-somebody-else');
    await chrome.submit(at('/auth/start'), { code: codeOf(await link()) });
    const first = chrome.cookie(system.url(), COOKIE)!;
    expect(first).not.toBe('planted-by-somebody-else');
    await chrome.submit(at('/auth/start'), { code: codeOf(await link()) });
    expect(chrome.cookie(system.url(), COOKIE)).not.toBe(first);
    const other = browser();
    for (const cookie of [first, 'planted-by-somebody-else']) {
      other.setCookie(system.url(), COOKIE, cookie);
      expect(await me(other)).toMatchObject({ status: 401, body: { code: 'session/ended' } });
    }
  });

  it('ends eight hours after it began', async () => {
    const chrome = await signedIn();
    await makeOlder(`expires_at = expires_at - interval '7 hours 50 minutes'`);
    expect((await me(chrome)).status).toBe(200);
    await makeOlder(`expires_at = expires_at - interval '10 minutes'`);
    expect((await me(chrome)).body).toMatchObject({ code: 'session/ended' });
  });

  it('ends when it wasn’t used for an hour, and is kept by using it', async () => {
    const [idle, busy] = [await signedIn(), await signedIn()];
    await makeOlder(`used_at = used_at - interval '59 minutes'`);
    const lastUse = `select count(*)::int as n from sign_in.sessions where used_at > now() - interval '1 minute'`;
    expect((await me(busy)).status).toBe(200);
    while ((await system.database.query<{ n: number }>(lastUse))[0]!.n !== 1) await sleep(10);
    await makeOlder(`used_at = used_at - interval '2 minutes'`);
    expect((await me(busy)).status).toBe(200);
    expect((await me(idle)).body).toMatchObject({ code: 'session/ended' });
  });

  it('ends at once on every service when its browser signs out, and the audit has both', async () => {
    const [chrome, other] = [await signedIn(), await signedIn()];
    const shown = await chrome.submit(at('/auth/logout'), {});
    expect(shown.url).toBe(at('/auth'));
    expect(shown.text).toContain('Sign in to Tenure');
    expect(chrome.cookie(system.url(), COOKIE)).toBeUndefined();
    chrome.setCookie(system.url(), COOKIE, chrome.set.findLast(({ value }) => value !== '')!.value);
    expect(await statuses(chrome)).toEqual([401, 401, 401]);
    expect(await statuses(other)).toEqual([200, 200, 200]);
    await system.settled();
    const [ended] = (await plum.audit.ok('GET', '/entries?type=SignedOut')).items;
    expect(ended).toMatchObject({ actor: { kind: 'admin', id: plum.superAdmin.id }, subject: { kind: 'session' } });
    const began = (await plum.audit.ok('GET', '/entries?type=SignedIn')).items;
    expect(began.map(({ subject }: any) => subject.id)).toContain(ended.subject.id);
  });

  it('ends everywhere when they sign out everywhere', async () => {
    const [chrome, other] = [await signedIn(), await signedIn()];
    await plum.addAdmin('una@plum.example', 'admin');
    const una = await signedIn('una@plum.example');
    expect(await chrome.fetch(at('/auth/logout'), 'POST', { everywhere: true })).toMatchObject({
      status: 200,
      body: {},
    });
    expect(await statuses(other)).toEqual([401, 401, 401]);
    expect((await me(una)).status).toBe(200);
  });

  it('ends with the admin, or when the person is deactivated (R17)', async () => {
    const [dee, eli] = [
      await plum.addAdmin('dee@plum.example', 'admin'),
      await plum.addAdmin('eli@plum.example', 'admin'),
    ];
    const [first, second] = [await signedIn('dee@plum.example'), await signedIn('eli@plum.example')];
    await plum.directory.ok('PATCH', `/users/${dee.userId}`, { resource: { active: false } });
    await plum.directory.ok('DELETE', `/admins/${eli.id}`);
    expect(await statuses(first)).toEqual([401, 401, 401]);
    expect(await statuses(second)).toEqual([401, 401, 401]);
  });

  it('has its admin’s present role', async () => {
    const flo = await plum.addAdmin('flo@plum.example', 'auditor');
    const chrome = await signedIn('flo@plum.example');
    await plum.directory.ok('PUT', `/admins/${flo.id}`, { role: 'admin' });
    expect((await me(chrome)).body.role).toBe('admin');
  });
});

describe('signing in with a key (R110)', () => {
  it('gives the rights of the key for as long as the key works', async () => {
    const made = await plum.directory.ok('POST', '/keys', { name: 'Screen', role: 'auditor' });
    const chrome = browser();
    const shown = await chrome.submit(at('/auth/key'), { key: made.key });
    expect(shown.text).toContain('Screen');
    expect((await me(chrome)).body).toMatchObject({ kind: 'session', role: 'auditor', keyId: made.id, name: 'Screen' });
    await plum.directory.ok('DELETE', `/keys/${made.id}`);
    expect(await statuses(chrome)).toEqual([401, 401, 401]);
  });

  it('gives an admin their own, and the root key its own until it is changed', async () => {
    const [sue, root] = [browser(), browser()];
    await sue.submit(at('/auth/key'), { key: plum.superAdmin.key });
    expect((await me(sue)).body).toMatchObject({ kind: 'session', id: plum.superAdmin.id });
    await root.submit(at('/auth/key'), { key: 'root-key-of-the-tests' });
    expect((await me(root)).body).toMatchObject({ kind: 'session', role: 'root' });
    expect((await root.fetch(at('/directory/v1/tenants'))).status).toBe(200);
    await system.database.query(`update sign_in.sessions set subject = 'of another key' where tenant_id is null`);
    await system.restart();
    expect((await me(root)).body).toMatchObject({ code: 'session/ended' });
    expect((await me(sue)).status).toBe(200);
  });

  it('refuses a wrong one', async () => {
    const chrome = browser();
    const shown = await chrome.submit(at('/auth/key'), { key: 'wrong' });
    expect(shown).toMatchObject({ status: 401, text: expect.stringContaining('unknown or was deleted') });
    expect(chrome.cookie(system.url(), COOKIE)).toBeUndefined();
  });
});

describe('what other sites cause (R110)', () => {
  const users = () => at(`/directory/v1/tenants/${plum.id}/users`);
  const wanted = { resource: person('forged') };

  it.each([
    ['without our header', { 'tenure-csrf': '' }],
    ['from another origin', { origin: 'https://evil.example' }],
    ['from the same host over another scheme', { origin: 'https://127.0.0.1' }],
    ['from nowhere', { origin: 'null' }],
  ])('is refused %s, whatever the session may', async (_, headers) => {
    const chrome = await signedIn();
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      expect(await chrome.fetch(users(), method, method === 'DELETE' ? undefined : wanted, headers)).toMatchObject({
        status: method === 'POST' ? 403 : 405,
        ...(method === 'POST' && { body: { code: 'auth/cross-site' } }),
      });
    expect((await chrome.fetch(users(), 'GET', undefined, headers)).status).toBe(200);
    expect((await chrome.fetch(users(), 'POST', wanted)).status).not.toBe(403);
  });

  it('doesn’t matter to keys, which no browser sends by itself', async () => {
    const answer = await plum.directory.post(
      '/users',
      { resource: person('by-key') },
      { origin: 'https://evil.example' },
    );
    expect(answer.status).toBe(201);
  });

  it('is refused a sign-in, so that nobody is signed in as somebody else', async () => {
    const { key } = plum.superAdmin;
    for (const [path, fields] of [
      ['/auth/key', { key }],
      ['/auth/start', { code: codeOf(await link()) }],
      ['/auth/logout', {}],
    ] as const) {
      const shown = await browser().submit(at(path), fields as Record<string, string>, 'https://evil.example');
      expect(shown).toMatchObject({ status: 403, text: expect.stringContaining('auth/cross-site') });
    }
  });

  it('gets no leave to read what it asks (no CORS)', async () => {
    const answer = await fetch(users(), {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(answer.status).toBe(405);
  });
});

describe('a page of sign-in (R110)', () => {
  it('loads and runs nothing, and shows as text what it is given', async () => {
    const hostile = '"><img src=x onerror=alert(1)>';
    const pages = [
      await browser().open(at(`/auth/start?code=${encodeURIComponent(hostile)}`)),
      await browser().open(at(`/auth?returnTo=${encodeURIComponent(`/${hostile}`)}`)),
    ];
    const made = await plum.directory.ok('POST', '/keys', { name: `<script>${hostile}`, role: 'auditor' });
    pages.push(await browser().submit(at('/auth/key'), { key: made.key }));
    for (const { text, headers } of pages) {
      expect(text).not.toMatch(/<(img|script)/);
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; style-src 'sha256-[\w+/=]+'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
      );
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    }
  });

  it('is refused over plain http on any other host than this machine', async () => {
    const { port } = new URL(system.url());
    const { request } = await import('node:http');
    const answer = await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const headers = {
        host: `tenure.example:${port}`,
        origin: `http://tenure.example:${port}`,
        'content-type': 'application/x-www-form-urlencoded',
      };
      const sent = request({ host: '127.0.0.1', port, path: '/auth/key', method: 'POST', headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => resolve({ status: response.statusCode!, text }));
      });
      sent.on('error', reject).end(`key=${plum.superAdmin.key}`);
    });
    expect(answer).toMatchObject({ status: 403, text: expect.stringContaining('auth/insecure') });
  });
});

describe('attempts to sign in (R110)', () => {
  it('are those of the address that a trusted proxy tells, and of nobody else’s word', async () => {
    const tryFrom = (address: string) =>
      browser().fetch(at('/auth/key'), 'POST', { key: 'wrong' }, { 'x-forwarded-for': address });
    const addresses = async () =>
      (await system.database.query<{ address: string }>('select address from sign_in.tries order by address')).map(
        ({ address }) => address,
      );
    await tryFrom('192.0.2.1');
    expect(await addresses()).toEqual(['127.0.0.1']);
    await system.restart({ TENURE_TRUSTED_PROXIES: 'loopback,10.0.0.0/8' });
    await tryFrom('192.0.2.1');
    await tryFrom('203.0.113.9, 192.0.2.2, 10.1.2.3');
    expect(await addresses()).toEqual(['127.0.0.1', '192.0.2.1', '192.0.2.2']);
  });

  it('are counted, and throttled per address', async () => {
    const chrome = browser();
    for (let tries = 0; tries < 30; tries++)
      expect((await chrome.submit(at('/auth/start'), { code: 'wrong' })).status).toBe(404);
    const { code } = { code: codeOf(await link()) };
    const refused = await chrome.submit(at('/auth/start'), { code });
    expect(refused).toMatchObject({ status: 429, text: expect.stringContaining('sign-in/throttled') });
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait).toBeGreaterThanOrEqual(1);
    expect(wait).toBeLessThanOrEqual(60);

    await system.database.query(`update sign_in.tries set since = since - interval '61 seconds'`);
    expect((await chrome.submit(at('/auth/start'), { code })).status).toBe(200);
    const metrics = await (await fetch(at('/metrics'))).text();
    for (const outcome of ['done', 'refused', 'throttled'])
      expect(metrics).toMatch(new RegExp(`tenure_sign_ins_total\\{.*method="link",outcome="${outcome}".*\\} [1-9]`));
  });
});
