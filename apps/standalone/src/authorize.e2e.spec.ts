import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { authorizationServer, browse } from './testing/authorization-server.ts';
import { testSystem, type TestSystem } from './testing/system.ts';
import { makeTenant, type Tenant } from './testing/world.ts';

let system: TestSystem;
let plum: Tenant;
type Server = Awaited<ReturnType<typeof authorizationServer>>;
const servers: Server[] = [];
const serve = async (options?: Parameters<typeof authorizationServer>[1]) => {
  const server = await authorizationServer(`${system.url()}/mapping/v1/oauth/callback`, options);
  servers.push(server);
  return server;
};
beforeAll(async () => {
  system = await testSystem();
  plum = await makeTenant(system);
});
afterAll(async () => {
  await system.close();
  for (const server of servers) await server.close();
});

const draft = async (server: Server) => {
  const { id } = await plum.mapping.ok('POST', '/apps', { name: 'Git <hub>', preset: 'scim' });
  await plum.mapping.ok('PUT', `/apps/${id}/endpoint`, { url: server.scimUrl });
  return { id, path: `/apps/${id}` };
};

describe('R97: access that an admin grants on the app’s own page', () => {
  it('ends in the same state as a pasted token, with nothing of it shown or kept in clear', async () => {
    const server = await serve();
    const { path } = await draft(server);
    const { url } = await plum.mapping.ok('POST', `${path}/authorize`, server.client);
    expect(new URL(url).searchParams.get('code_challenge_method')).toBe('S256');
    const done = await browse(url);
    expect(done).toMatchObject({ status: 200, text: expect.stringContaining('Git &#60;hub&#62;') });
    expect(await plum.mapping.ok('GET', `${path}/credentials`)).toMatchObject({
      kind: 'oauth2',
      test: { outcome: 'passed' },
    });
    expect(await plum.mapping.ok('POST', `${path}/test`)).toMatchObject({ outcome: 'passed' });
    for (const secret of [server.state.asked.at(-1)!, server.client.clientSecret])
      expect(await system.rowsWith(secret)).toEqual([]);
    expect(system.logged.join('\n')).not.toContain(server.state.asked.at(-1));
    // Whoever comes back with the same state once more is told so, and changes nothing.
    expect(await browse(done.url)).toMatchObject({ status: 404, text: expect.stringContaining('Start again') });
  });

  it('is renewed before it ends, with the refresh token that is rotated each time', async () => {
    const server = await serve({ accessTokenLifeS: 2 });
    const { path } = await draft(server);
    await browse((await plum.mapping.ok('POST', `${path}/authorize`, server.client)).url);
    const { refreshes } = server.state;
    for (const until = Date.now() + 60_000; server.state.refreshes < refreshes + 2 && Date.now() < until;) {
      expect(await plum.mapping.ok('POST', `${path}/test`)).toMatchObject({ outcome: 'passed' });
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(server.state.refreshes).toBeGreaterThanOrEqual(refreshes + 2);
  });

  it('that the app revoked is noticed', async () => {
    const server = await serve();
    const { path } = await draft(server);
    await browse((await plum.mapping.ok('POST', `${path}/authorize`, server.client)).url);
    await server.revokeAll();
    const tested = await plum.mapping.ok('POST', `${path}/test`);
    expect(tested).toMatchObject({ outcome: 'failed', status: 401 });
    expect(tested.reason).not.toContain(server.state.asked.at(-1));
  });

  it('that the admin refuses is told in the app’s words, as text', async () => {
    const server = await serve();
    server.state.agrees = false;
    const { path } = await draft(server);
    const refused = await browse((await plum.mapping.ok('POST', `${path}/authorize`, server.client)).url);
    expect(refused).toMatchObject({ status: 422, text: expect.stringContaining('The admin said &#60;b&#62;no') });
    expect((await plum.mapping.get(`${path}/credentials`)).status).toBe(404);
  });

  it('is refused for addresses that may not be reached, and for states that nobody made', async () => {
    const server = await serve();
    const { path } = await draft(server);
    const inside = { ...server.client, tokenUrl: 'https://10.0.0.1/token' };
    expect(await plum.mapping.post(`${path}/authorize`, inside)).toMatchObject({
      status: 400,
      body: { code: 'endpoint/private', errors: [{ field: 'tokenUrl' }] },
    });
    expect(await browse(`${system.url()}/mapping/v1/oauth/callback?state=x&code=y`)).toMatchObject({ status: 404 });
    const incomplete = { ...server.client, clientSecret: undefined };
    expect((await plum.mapping.post(`${path}/authorize`, incomplete)).body.errors).toMatchObject([
      { field: 'clientSecret' },
    ]);
  });
});
