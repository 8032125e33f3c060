import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { browser, type Browser } from './testing/browser.ts';
import { client } from './testing/client.ts';
import { later, testSystem, type TestSystem } from './testing/system.ts';
import { makeTenant, type Tenant } from './testing/world.ts';

let system: TestSystem;
let plum: Tenant;
beforeAll(async () => {
  system = await testSystem();
  plum = await makeTenant(system);
});
afterAll(() => system?.close());
beforeEach(() => system.database.query('delete from sign_in.tries'));

const at = (path: string) => `${system.url()}${path}`;

/** As a command line asks (RFC 8628): forms, and JSON back. */
const ask = async (path: string, fields: Record<string, string>): Promise<{ status: number; body: any }> => {
  const response = await fetch(at(path), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  });
  return { status: response.status, body: await response.json() };
};
type Begun = { device_code: string; user_code: string; verification_uri_complete: string };
const begin = async (name = 'tenure on ada-laptop'): Promise<Begun> =>
  (await ask('/auth/device', { client_id: 'tenure', client_name: name })).body;
const poll = ({ device_code }: Begun) =>
  ask('/auth/device/token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code,
    client_id: 'tenure',
  });
/** So much time has passed since it last asked. */
const waited = () =>
  system.database.query(`update sign_in.device_requests set asked_at = asked_at - interval '1 minute'`);

const signedIn = async (key: string): Promise<Browser> => {
  const chrome = browser();
  await chrome.submit(at('/auth/key'), { key });
  return chrome;
};
const decide = (chrome: Browser, { user_code }: Begun, decision: 'approve' | 'deny') =>
  chrome.submit(at('/auth/device/approve'), { user_code, decision });

describe('a command line that signs in by a browser (R110, RFC 8628)', () => {
  it('shows a code, waits for an admin to approve it, and gets a key that acts for that admin', async () => {
    const admin = await plum.addAdmin('ada@plum.example', 'admin');
    const answer = await ask('/auth/device', { client_id: 'tenure', client_name: 'tenure on ada-laptop' });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      device_code: expect.stringMatching(/^[\w-]{43}$/),
      user_code: expect.stringMatching(/^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$/),
      verification_uri: at('/auth/device/approve'),
      verification_uri_complete: at(`/auth/device/approve?user_code=${answer.body.user_code}`),
      expires_in: 600,
      interval: 5,
    });
    const begun = answer.body as Begun;
    expect(await poll(begun)).toEqual({ status: 400, body: { error: 'authorization_pending' } });

    const chrome = await signedIn(admin.key);
    const page = await chrome.open(begun.verification_uri_complete);
    expect(page.text).toContain(`value="${begun.user_code}"`);
    // As people type it.
    const typed = begun.user_code.toLowerCase().replace('-', ' ');
    const shown = await decide(chrome, { ...begun, user_code: typed }, 'approve');
    expect(shown).toMatchObject({ status: 200, text: expect.stringContaining('<bdi>tenure on ada-laptop</bdi>') });

    await waited();
    const granted = await poll(begun);
    expect(granted).toMatchObject({
      status: 200,
      body: { token_type: 'Bearer', expires_in: 30 * 24 * 3600, tenant: plum.id },
    });
    const key: string = granted.body.access_token;
    const { body: me } = await client(system.url(), key).get('/auth/v1/me');
    expect(me).toMatchObject({
      kind: 'key',
      role: 'admin',
      id: admin.id,
      userId: admin.userId,
      name: 'ada@plum.example',
    });
    expect(await plum.directory.ok('GET', `/keys/${granted.body.key_id}`)).toMatchObject({
      name: 'tenure on ada-laptop',
      adminId: admin.id,
      expiresAt: later(await system.now(), { days: 30 }),
    });
    expect(await system.rowsWith(key)).toEqual([]);

    await waited();
    expect(await poll(begun)).toEqual({ status: 400, body: { error: 'invalid_grant' } });
  });

  it('can do no more than the admin can, and nothing once the admin is gone', async () => {
    const bo = await plum.addAdmin('bo@plum.example', 'super_admin');
    const begun = await begin();
    await decide(await signedIn(bo.key), begun, 'approve');
    const { access_token: key } = (await poll(begun)).body;
    const role = async () => (await client(system.url(), key).get('/auth/v1/me')).body.role;
    expect(await role()).toBe('super_admin');
    await plum.directory.ok('PUT', `/admins/${bo.id}`, { role: 'auditor' });
    expect(await role()).toBe('auditor');
    await plum.directory.ok('PATCH', `/users/${bo.userId}`, { resource: { active: false } });
    for (const { mapping, directory, audit } of [plum.as(key)])
      for (const call of [mapping.get('/apps'), directory.get('/users'), audit.get('/entries')])
        expect((await call).status).toBe(401);
  });

  it('is told to slow down, and waits longer each time it didn’t', async () => {
    const begun = await begin();
    expect((await poll(begun)).body.error).toBe('authorization_pending');
    expect((await poll(begun)).body.error).toBe('slow_down');
    const interval = async () =>
      (
        await system.database.query<{ interval_s: number }>(
          'select interval_s from sign_in.device_requests order by expires_at desc limit 1',
        )
      )[0]!;
    expect(await interval()).toEqual({ interval_s: 10 });
    await waited();
    expect((await poll(begun)).body.error).toBe('authorization_pending');
  });

  it('is told that it took too long, that it was denied, that its code or grant is none', async () => {
    const [old, denied] = [await begin(), await begin()];
    const chrome = await signedIn(plum.superAdmin.key);
    expect(await decide(chrome, denied, 'deny')).toMatchObject({
      text: expect.stringContaining('Nothing was signed in'),
    });
    expect((await poll(denied)).body.error).toBe('access_denied');
    await system.database.query(`update sign_in.device_requests set expires_at = now() - interval '1 ms'`);
    expect((await poll(old)).body.error).toBe('expired_token');
    expect(await decide(chrome, old, 'approve')).toMatchObject({
      status: 404,
      text: expect.stringContaining('device/unknown'),
    });
    expect((await poll({ ...old, device_code: 'wrong' })).body.error).toBe('invalid_grant');
    const other = { grant_type: 'password', device_code: old.device_code };
    expect((await ask('/auth/device/token', other)).body.error).toBe('unsupported_grant_type');
  });

  it('is approved by nobody else than an admin who is signed in, on our own page', async () => {
    const begun = await begin();
    const anybody = browser();
    const asked = await anybody.open(begun.verification_uri_complete);
    expect(asked.url).toContain('/auth?returnTo=');
    expect(asked.text).toContain(`value="/auth/device/approve?user_code=${begun.user_code}"`);
    expect(await decide(anybody, begun, 'approve')).toMatchObject({ status: 401 });

    const machine = await plum.directory.ok('POST', '/keys', { name: 'Machine', role: 'admin' });
    for (const key of [machine.key, 'root-key-of-the-tests']) {
      const chrome = await signedIn(key);
      expect(await chrome.open(begun.verification_uri_complete)).toMatchObject({ status: 403 });
      expect(await decide(chrome, begun, 'approve')).toMatchObject({
        status: 403,
        text: expect.stringContaining('device/not-an-admin'),
      });
    }
    const sue = await signedIn(plum.superAdmin.key);
    const foreign = { user_code: begun.user_code, decision: 'approve' };
    expect(await sue.submit(at('/auth/device/approve'), foreign, 'https://evil.example')).toMatchObject({
      status: 403,
    });
    expect((await poll(begun)).body.error).toBe('authorization_pending');
  });

  it('has a name that is shown as text', async () => {
    const begun = await begin('<b>tenure</b>');
    const shown = await decide(await signedIn(plum.superAdmin.key), begun, 'deny');
    expect(shown.text).toContain('&#60;b&#62;tenure');
  });
});
