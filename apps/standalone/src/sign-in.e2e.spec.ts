import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { browser, type Browser, type Shown } from './testing/browser.ts';
import { CLIENT_ID, openIdProvider, type OpenIdProvider } from './testing/openid-provider.ts';
import { testSystem, type TestSystem } from './testing/system.ts';
import { makeTenant, type Tenant } from './testing/world.ts';

const BEGUN = '__Host-tenure-sign-in';

let system: TestSystem;
let plum: Tenant;
let pear: Tenant;
let provider: OpenIdProvider;
beforeAll(async () => {
  [system, provider] = await Promise.all([testSystem(), openIdProvider()]);
  plum = await makeTenant(system);
  pear = await makeTenant(system, 'Pear', { primaryDomain: 'pear.example', domains: ['pear.example'] });
  await provider.start('first', system.url());
  await system.restart({
    ...provider.settings,
    TENURE_PUBLIC_URL: system.url(),
    TENURE_OIDC_ROLES: JSON.stringify({
      'plum-auditors': { tenant: plum.id, role: 'auditor' },
      'plum-admins': { tenant: plum.id, role: 'super_admin' },
      'pear-admins': { tenant: pear.id, role: 'admin' },
    }),
  });
});
afterAll(async () => {
  await system?.close();
  await provider?.close();
});
beforeEach(async () => {
  await system.database.query('delete from sign_in.tries');
  provider.state.agrees = true;
});

const at = (path: string) => `${system.url()}${path}`;
/** Somebody whom the provider knows, and who sits down at a browser. */
const sitsDown = (name: string, claims: Record<string, unknown> = {}): Browser => {
  provider.accounts.set(name, { name: `${name} of the provider`, groups: ['plum-auditors'], ...claims });
  provider.state.at = name;
  return browser();
};
const signIn = (chrome: Browser, query = ''): Promise<Shown> => chrome.open(at(`/auth/login${query}`));
const me = (chrome: Browser) => chrome.fetch(at('/auth/v1/me'));
const signedIn = async (name: string, claims?: Record<string, unknown>): Promise<Browser> => {
  const chrome = sitsDown(name, claims);
  const shown = await signIn(chrome);
  if (!shown.text.includes('You are signed in')) throw new Error(shown.text);
  return chrome;
};
/** Everything but the last step: where the provider sends the browser back to. */
const untilCallback = async (chrome: Browser, query = ''): Promise<URL> =>
  new URL((await chrome.open(at(`/auth/login${query}`), at('/auth/callback'))).url);
const adminsOf = async ({ directory }: Tenant): Promise<any[]> => (await directory.ok('GET', '/admins')).items;

describe('sign-in through an OpenID provider (R110)', () => {
  it('sends the browser there with PKCE, state and nonce, and back to where it wanted to go', async () => {
    const chrome = sitsDown('ada', { groups: ['others', 'plum-admins'], email: 'ada@plum.example' });
    const begun = await chrome.send(at('/auth/login?returnTo=/auth?page=2'));
    const url = new URL(begun.headers.get('location')!);
    expect(url.href.startsWith(provider.issuer)).toBe(true);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: CLIENT_ID,
      redirect_uri: at('/auth/callback'),
      scope: 'openid profile email',
      code_challenge_method: 'S256',
      state: expect.stringMatching(/^.{20,}$/),
      nonce: expect.stringMatching(/^.{20,}$/),
    });
    const { attributes } = chrome.set.find(({ name }) => name === BEGUN)!;
    expect(attributes).toMatch(/Secure; HttpOnly; SameSite=Lax; Max-Age=300/);

    const shown = await chrome.open(at('/auth/login?returnTo=/auth?page=2'));
    expect(shown.url).toBe(at('/auth?page=2'));
    expect(shown.text).toContain('super_admin');
    expect((await me(chrome)).body).toMatchObject({
      kind: 'session',
      tenant: plum.id,
      role: 'super_admin',
      name: 'ada of the provider',
      can: expect.arrayContaining(['apps.write']),
    });
    expect(chrome.cookie(system.url(), BEGUN)).toBeUndefined();
  });

  it('makes an admin of them, who is in the list and in the audit', async () => {
    const chrome = await signedIn('bea', { email: 'bea@plum.example' });
    const { id } = (await me(chrome)).body;
    expect(await adminsOf(plum)).toContainEqual(
      expect.objectContaining({
        id,
        role: 'auditor',
        email: 'bea@plum.example',
        issuer: provider.issuer,
        lastSignInAt: expect.any(String),
      }),
    );
    await system.settled();
    const entries = (await plum.audit.ok('GET', `/entries?actor=${id}`)).items;
    expect(entries.map(({ type }: any) => type)).toEqual(expect.arrayContaining(['AdminEnrolled', 'SignedIn']));
    expect(JSON.stringify(await system.database.query('select * from audit.ledger'))).not.toContain('bea@plum');
    expect(await plum.directory.put(`/admins/${id}`, { role: 'admin' })).toMatchObject({
      status: 409,
      body: { code: 'admin/role-from-provider' },
    });
  });

  it('reads the role anew each time, and takes it away with the sessions that had it', async () => {
    const first = await signedIn('cat', { groups: ['plum-admins'] });
    const second = await signedIn('cat', { groups: ['plum-auditors'] });
    expect((await me(second)).body.role).toBe('auditor');
    provider.accounts.set('cat', { groups: [] });
    const third = browser();
    expect(await signIn(third)).toMatchObject({ status: 403, text: expect.stringContaining('sign-in/no-role') });
    for (const chrome of [first, second, third]) expect((await me(chrome)).status).toBe(401);
  });

  it('names the claim that it sought and what it found, where that stands for no role', async () => {
    const found = await signIn(sitsDown('dan', { groups: ['<i>sales</i>', 'hr'] }));
    expect(found.status).toBe(403);
    for (const text of ['<bdi>groups</bdi>', '<bdi>hr</bdi>', '&#60;i&#62;sales&#60;/i&#62;'])
      expect(found.text).toContain(text);
    const missing = await signIn(sitsDown('dan', { groups: undefined }));
    expect(missing.text).toContain('has no claim <bdi>groups</bdi>');
    expect(missing.text).not.toContain('too many groups');
  });

  it('says so where Entra left out the groups because there are too many', async () => {
    const shown = await signIn(
      sitsDown('eve', {
        groups: undefined,
        _claim_names: { groups: 'src1' },
        _claim_sources: { src1: { endpoint: 'https://graph.example/me/getMemberObjects' } },
      }),
    );
    expect(shown).toMatchObject({ status: 403, text: expect.stringContaining('too many groups') });
  });

  it('knows people by issuer and subject, never by their address', async () => {
    const claims = { email: 'shared@plum.example', groups: ['plum-auditors'] };
    const [one, two] = [await signedIn('fay', claims), await signedIn('gil', claims)];
    const [first, second] = [(await me(one)).body, (await me(two)).body];
    expect(first.id).not.toBe(second.id);
    const moved = await signedIn('fay', { ...claims, email: 'fay@elsewhere.example' });
    expect((await me(moved)).body.id).toBe(first.id);
    // Sue has a key, and somebody says to have her address.
    const other = await signedIn('hal', { ...claims, email: 'sue@plum.example' });
    expect((await me(other)).body.id).not.toBe(plum.superAdmin.id);
    expect((await me(other)).body).not.toHaveProperty('userId');
  });

  it('of several tenants takes the highest role, or the tenant that was asked for', async () => {
    const both = { groups: ['pear-admins', 'plum-auditors'] };
    const chrome = await signedIn('ivy', both);
    expect((await me(chrome)).body).toMatchObject({ tenant: pear.id, role: 'admin' });
    expect((await chrome.fetch(at(`${plum.directoryPath}/users`))).status).toBe(404);
    const other = sitsDown('ivy', both);
    await signIn(other, `?tenant=${plum.id}`);
    expect((await me(other)).body).toMatchObject({ tenant: plum.id, role: 'auditor' });
    expect((await other.fetch(at(`${pear.directoryPath}/users`))).status).toBe(404);
    expect((await me(other)).body.id).not.toBe((await me(chrome)).body.id);
    expect(await signIn(sitsDown('ivy', both), `?tenant=${randomUUID()}`)).toMatchObject({ status: 403 });
    // They still have a role elsewhere.
    expect((await me(chrome)).status).toBe(200);
  });

  it('lets nobody with an address of a consumer mail domain configure apps (R6)', async () => {
    const chrome = await signedIn('jo', { groups: ['plum-admins'], email: 'jo@gmail.com' });
    expect((await me(chrome)).body.can).not.toContain('apps.write');
    const wanted = { name: 'Wiki', preset: 'scim' };
    expect(await chrome.fetch(at(`/mapping/v1/tenants/${plum.id}/apps`), 'POST', wanted)).toMatchObject({
      status: 403,
      body: { code: 'admin/consumer-mail' },
    });
  });

  it('lets them issue tokens, whose issuer stays while the token lives (R6, R7)', async () => {
    const chrome = await signedIn('kit', { groups: ['plum-admins'] });
    const { id } = (await me(chrome)).body;
    const wanted = { name: 'By Kit', identityProviderId: 'idp', profile: 'generic' };
    const connections = at(`${plum.directoryPath}/connections`);
    const connection = (await chrome.fetch(connections, 'POST', wanted)).body;
    const issued = await chrome.fetch(`${connections}/${connection.id}/token`, 'POST', {});
    expect(issued.status).toBe(201);
    expect(await plum.directory.delete(`/admins/${id}`)).toMatchObject({
      status: 409,
      body: { code: 'admin/token-issuer' },
    });
    const lower = await signedIn('kit', { groups: ['plum-auditors'] });
    expect((await me(lower)).body).toMatchObject({ id, role: 'auditor' });
  });

  it('follows the directory where the provider vouches for the address of a user (R17)', async () => {
    const add = async (userName: string) =>
      (
        await plum.directory.ok('POST', '/users', {
          resource: { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName, displayName: 'Lea Plum' },
        })
      ).id;
    const [lea, max] = [await add('lea@plum.example'), await add('max@plum.example')];
    const chrome = await signedIn('lea', { email: 'Lea@plum.example', email_verified: true });
    const claimed = await signedIn('max', { email: 'max@plum.example', email_verified: false });
    expect((await me(chrome)).body).toMatchObject({ userId: lea, name: 'Lea Plum' });
    expect((await me(claimed)).body).not.toHaveProperty('userId');
    for (const id of [lea, max]) await plum.directory.ok('PATCH', `/users/${id}`, { resource: { active: false } });
    expect((await me(chrome)).status).toBe(401);
    expect((await me(claimed)).status).toBe(200);
    provider.state.at = 'lea';
    expect(await signIn(browser())).toMatchObject({
      status: 403,
      text: expect.stringContaining('auth/deactivated'),
    });
  });

  it('is there again for who was removed, as long as the provider says so', async () => {
    const chrome = await signedIn('moe');
    const { id } = (await me(chrome)).body;
    await plum.directory.ok('DELETE', `/admins/${id}`);
    expect((await me(chrome)).status).toBe(401);
    const again = await signedIn('moe');
    expect((await me(again)).body.id).toBe(id);
    await system.rebuild();
    expect((await me(again)).body).toMatchObject({ id, role: 'auditor' });
  });
});

describe('an answer of the provider that isn’t the one that was asked for (R110)', () => {
  const refused = (code: string) => ({ status: 422, text: expect.stringContaining(code) });
  const callback = async (chrome: Browser, change: (url: URL) => void) => {
    const url = await untilCallback(chrome);
    change(url);
    const shown = await chrome.open(url.href);
    expect((await me(chrome)).status).toBe(401);
    return shown;
  };

  it('is refused with another state', async () => {
    const chrome = sitsDown('ned');
    expect(await callback(chrome, (url) => url.searchParams.set('state', 'other'))).toMatchObject(
      refused('sign-in/failed'),
    );
  });

  it('is refused of another issuer (RFC 9207)', async () => {
    const chrome = sitsDown('ned');
    expect(await callback(chrome, (url) => url.searchParams.set('iss', 'https://evil.example'))).toMatchObject(
      refused('sign-in/failed'),
    );
  });

  it('is refused with another nonce', async () => {
    const chrome = sitsDown('ned');
    const begun = await chrome.send(at('/auth/login'));
    const asked = new URL(begun.headers.get('location')!);
    asked.searchParams.set('nonce', 'the-nonce-of-somebody-else');
    expect(await chrome.open(asked.href)).toMatchObject(refused('sign-in/failed'));
  });

  it('is refused with a code that somebody else got', async () => {
    const [victim, attacker] = [sitsDown('ned'), browser()];
    const stolen = await untilCallback(victim);
    const own = await untilCallback(attacker);
    own.searchParams.set('code', stolen.searchParams.get('code')!);
    expect(await attacker.open(own.href)).toMatchObject(refused('sign-in/failed'));
    expect(await browser().open(stolen.href)).toMatchObject(refused('sign-in/not-begun'));
  });

  it('is taken once, also where the browser kept its cookie', async () => {
    const chrome = sitsDown('ned');
    const url = await untilCallback(chrome);
    const kept = chrome.cookie(system.url(), BEGUN)!;
    expect((await chrome.open(url.href)).url).toBe(at('/auth'));
    const replay = browser();
    expect(await replay.open(url.href)).toMatchObject(refused('sign-in/not-begun'));
    replay.setCookie(system.url(), BEGUN, kept);
    expect(await replay.open(url.href)).toMatchObject(refused('sign-in/not-begun'));
    replay.setCookie(system.url(), BEGUN, `${kept.slice(0, -4)}AAAA`);
    expect(await replay.open(url.href)).toMatchObject(refused('sign-in/not-begun'));
  });

  it('is shown in the provider’s own words where it refuses', async () => {
    provider.state.agrees = false;
    const shown = await signIn(sitsDown('ned'));
    expect(shown).toMatchObject(refused('sign-in/refused'));
    expect(shown.text).toContain('&#60;b&#62;No.');
  });
});

describe('the keys of the provider (R110)', () => {
  it('may change: whoever signs in is believed by the new one, and nobody by the old', async () => {
    await signedIn('olga');
    const old = await provider.sign(await logoutClaims({ sub: 'olga' }));
    await provider.start('second', system.url());
    // The keys are asked for again a moment after they were last.
    for (;;) {
      const chrome = sitsDown('olga');
      if ((await signIn(chrome)).status === 200) break;
    }
    expect(await tell(old)).toMatchObject({ status: 400 });
  });
});

const logoutClaims = async (more: Record<string, unknown> = {}) => ({
  iss: provider.issuer,
  aud: CLIENT_ID,
  iat: Math.floor(Date.now() / 1000),
  exp: Math.floor(Date.now() / 1000) + 120,
  jti: randomUUID(),
  events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  ...more,
});
const tell = async (token: string) => {
  const response = await fetch(at('/auth/backchannel'), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ logout_token: token }).toString(),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
};

describe('who signs out at the provider (R110)', () => {
  const sessionAtProvider = async (name: string): Promise<string> => {
    const [row] = await system.database.query<{ sid: string }>({
      text: 'select provider_session as sid from sign_in.sessions where subject = $1 order by created_at desc limit 1',
      values: [name],
    });
    return row!.sid;
  };

  it('is signed out here, of that session alone where it names one', async () => {
    const [first, second] = [await signedIn('pia'), await signedIn('pia')];
    await provider.signOut('pia', await sessionAtProvider('pia'));
    expect((await me(second)).body).toMatchObject({ code: 'session/ended' });
    expect((await me(first)).status).toBe(200);
    expect(await tell(await provider.sign(await logoutClaims({ sub: 'pia' })))).toEqual({ status: 200 });
    expect((await me(first)).status).toBe(401);
    await system.settled();
    expect((await plum.audit.ok('GET', '/entries?type=SignedOut')).items[0].actor).toMatchObject({ kind: 'system' });
  });

  it('is not signed out by a token that the specification doesn’t allow', async () => {
    const chrome = await signedIn('quin');
    const sub = 'quin';
    const hourAgo = Math.floor(Date.now() / 1000) - 3600;
    const { jti: _, ...withoutJti } = await logoutClaims({ sub });
    const { exp: __, ...withoutExp } = await logoutClaims({ sub });
    const tokens: Record<string, string> = {
      'of another issuer': await provider.sign(await logoutClaims({ sub, iss: 'https://evil.example' })),
      'for another client': await provider.sign(await logoutClaims({ sub, aud: 'somebody-else' })),
      'with a nonce, as an ID token has': await provider.sign(await logoutClaims({ sub, nonce: 'n' })),
      'of no logout': await provider.sign(await logoutClaims({ sub, events: {} })),
      'of nobody': await provider.sign(await logoutClaims()),
      'of an hour ago': await provider.sign(await logoutClaims({ sub, iat: hourAgo })),
      'that has ended': await provider.sign(await logoutClaims({ sub, exp: hourAgo })),
      'without jti': await provider.sign(withoutJti),
      'without exp': await provider.sign(withoutExp),
      'signed with the client’s secret': await new SignJWT(await logoutClaims({ sub }))
        .setProtectedHeader({ alg: 'HS256' })
        .sign(new TextEncoder().encode(provider.settings.TENURE_OIDC_CLIENT_SECRET)),
      'not signed': `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(await logoutClaims({ sub }))).toString('base64url')}.`,
      'that is none': 'x',
    };
    for (const [what, token] of Object.entries(tokens))
      expect({ what, ...(await tell(token)) }).toMatchObject({
        what,
        status: 400,
        body: { error: 'invalid_request' },
      });
    expect((await me(chrome)).status).toBe(200);
  });

  it('is signed out by a token once', async () => {
    const token = await provider.sign(await logoutClaims({ sub: 'rob' }));
    expect((await tell(token)).status).toBe(200);
    const chrome = await signedIn('rob');
    expect((await tell(token)).status).toBe(400);
    expect((await me(chrome)).status).toBe(200);
  });

  it('here is asked to do so there too', async () => {
    const chrome = await signedIn('sam');
    const { body } = await chrome.fetch(at('/auth/logout'), 'POST', {});
    const url = new URL(body.providerUrl);
    expect(url.origin).toBe(provider.issuer);
    expect(url.searchParams.get('post_logout_redirect_uri')).toBe(at('/auth'));
    expect(url.searchParams.get('id_token_hint')).toMatch(/^\S+\.\S+\.\S+$/);
    const asked = await chrome.open(url.href);
    expect(asked.status).toBe(200);
    expect((await me(chrome)).status).toBe(401);
  });
});

describe('without its provider (R110)', () => {
  it('Tenure says that it can’t be reached, and links still sign in', async () => {
    await provider.close();
    await system.restart();
    const shown = await signIn(browser());
    expect(shown).toMatchObject({ status: 503, text: expect.stringContaining('sign-in/provider-unavailable') });
    const { url } = await system.root().ok('POST', '/auth/links', {});
    const chrome = browser();
    await chrome.submit(at('/auth/start'), { code: new URL(url).searchParams.get('code')! });
    expect((await me(chrome)).status).toBe(200);
    expect((await chrome.submit(at('/auth/logout'), {})).url).toBe(at('/auth'));
  });
});
