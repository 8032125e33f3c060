import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createServer, type AddressInfo } from 'node:net';
import type { Outcome } from '@tenure/provisioning/connector';
import { openTargets } from '../targets/targets.ts';
import { ldapProxy } from '../testing/ldap-proxy.ts';
import { describeWithLdap, ldapSuite, ownLdapServer } from '../testing/ldap-server.ts';

const value = <Value>(outcome: Outcome<Value>): Value => {
  if (outcome.kind !== 'ok') throw new Error(`${outcome.kind}: ${outcome.reason}`);
  return outcome.value;
};

describeWithLdap('an LDAP directory that fails (needs OpenLDAP)', () => {
  let suite: Awaited<ReturnType<typeof ldapSuite>>;
  let proxy: Awaited<ReturnType<typeof ldapProxy>>;

  beforeAll(async () => {
    suite = await ldapSuite();
    proxy = await ldapProxy(suite.url);
  });
  afterAll(async () => {
    await suite.close();
    await proxy.close();
  });

  const values = (uid: string) => ({ uid, cn: uid, sn: uid });
  const throughProxy = (more: Parameters<typeof suite.connector>[0] = {}) =>
    suite.connector({ url: proxy.url, ...more });

  it('R93 says unknown where a change was sent and cut off, whether or not it was done', async () => {
    const ldap = throughProxy();
    const { id } = value(await ldap.create('account', { mark: null, values: values('cut') }));
    const sn = async () => (await suite.read(`uid=cut,${suite.base}`))?.sn;
    const change = (to: string) => ldap.update('account', id, [{ target: 'sn', to: [to] }]);

    proxy.will({ on: 'modify', do: 'cutBefore' });
    expect([await change('lost'), await sn()]).toMatchObject([{ kind: 'unknown' }, 'cut']);
    proxy.will({ on: 'modify', do: 'cutAfter' });
    expect([await change('done'), await sn()]).toMatchObject([{ kind: 'unknown' }, 'done']);
    // The next call is signed in again: an anonymous one could not even find the account.
    expect([await change('again'), await sn()]).toMatchObject([{ kind: 'ok' }, 'again']);
  });

  it('R93 says unknown of a create whose answer was lost, and finds what was made', async () => {
    const ldap = throughProxy();
    proxy.will({ on: 'add', do: 'cutAfter' });
    expect(await ldap.create('account', { mark: 'lost-answer', values: values('lost') })).toMatchObject({
      kind: 'unknown',
    });
    expect(value(await ldap.find('account', { target: 'uid', value: 'lost' }))).toMatchObject([
      { mark: 'lost-answer' },
    ]);
  });

  it('R93 says unavailable where nothing was sent: cut while signing in', async () => {
    const ldap = throughProxy();
    proxy.will({ on: 'bind', do: 'cutBefore' });
    expect(await ldap.create('account', { mark: null, values: values('unsent') })).toMatchObject({
      kind: 'unavailable',
    });
  });

  it('R93 asks again where only a question was cut off', async () => {
    const ldap = throughProxy();
    value(await ldap.test());
    proxy.will({ on: 'search', do: 'cutBefore' });
    expect(await ldap.test()).toMatchObject({ kind: 'ok' });
  });

  it('R93 ends a call that gets no answer, and spares the others on the same connection', async () => {
    const ldap = throughProxy({ timeoutMs: 3000 });
    const { id } = value(await suite.connector().create('account', { mark: null, values: values('silent') }));
    proxy.will({ on: 'modify', do: 'swallow' });
    const [silent, read] = await Promise.all([
      ldap.update('account', id, [{ target: 'sn', to: ['never'] }]),
      ldap.get('account', id),
    ]);
    expect([silent, read]).toMatchObject([
      { kind: 'unknown', reason: expect.stringMatching(/in time/) },
      { kind: 'ok' },
    ]);
    expect(await ldap.get('account', id)).toMatchObject({ kind: 'ok' });
  });

  it('R93 uses one connection for many calls at once', async () => {
    const ldap = throughProxy();
    const before = proxy.connections();
    await Promise.all(Array.from({ length: 50 }, () => ldap.find('account', { target: 'uid', value: 'nobody' })));
    expect(proxy.connections() - before).toBe(1);
  });

  it('R93 is signed in again after its server was killed, over TLS too', async () => {
    const own = await ownLdapServer();
    const theirs = await ldapSuite(own.environment);
    const ldap = theirs.connector();
    const { id } = value(await ldap.create('account', { mark: null, values: values('tls') }));
    await own.kill();
    expect(await ldap.get('account', id)).toMatchObject({ kind: 'unavailable' });
    expect(await ldap.update('account', id, [{ target: 'sn', to: ['x'] }])).toMatchObject({ kind: 'unavailable' });
    await own.start();
    expect(await ldap.update('account', id, [{ target: 'sn', to: ['back'] }])).toEqual({
      kind: 'ok',
      value: undefined,
    });
    expect(value(await ldap.get('account', id)).values.sn).toEqual(['back']);
    await ldap.close();
    await own.close();
    await theirs.targets.close();
  });

  it('R93 speaks StartTLS, and trusts only the authority that it was given', async () => {
    expect(await suite.connector({ url: suite.url, startTls: true }).test()).toMatchObject({ kind: 'ok' });
    const name = { url: suite.ldapsUrl.replace('127.0.0.1', 'localhost') };
    expect(await suite.connector(name).test()).toMatchObject({ kind: 'ok' });
    for (const wrong of [{}, { url: suite.url, startTls: true }])
      expect(await suite.connector({ ...wrong, ca: undefined }).test()).toMatchObject({
        kind: 'unavailable',
        reason: expect.stringMatching(/certificate.*isn't trusted/),
      });
  });

  it('R93 sends no password in clear, unless the operator allows that host', async () => {
    const targets = openTargets({ allowPrivateTargets: [] });
    const reached = suite.connector({ targets });
    expect(await reached.test()).toMatchObject({
      kind: 'unavailable',
      reason: expect.stringMatching(/not a public address/),
    });
    const plain = suite.connector({ url: 'ldap://8.8.8.8', targets });
    expect(await plain.test()).toMatchObject({ kind: 'unavailable', reason: expect.stringMatching(/ldaps.*StartTLS/) });
    expect(await targets.refusalOf('ldap://8.8.8.8')).toMatch(/ldaps.*StartTLS/);
    expect(await targets.refusalOf('ldaps://8.8.8.8')).toBeUndefined();
    await targets.close();
    const password = [{ target: 'userPassword', to: 'secret' }];
    const open = suite.connector({ url: suite.url });
    const { id } = value(await open.create('account', { mark: null, values: values('clear') }));
    expect(await open.update('account', id, password)).toMatchObject({ kind: 'refused', code: 'app/tls-required' });
  });

  it('R52 says that its credentials are not accepted, without showing them', async () => {
    const { dn } = suite.accounts.service;
    for (const credential of [
      { dn, password: 'wrong' },
      { dn, password: '' },
      { dn: `cn=nobody,${suite.base}`, password: 'x' },
      { dn: 'no dn', password: 'x' },
    ])
      expect(await suite.connector({ credential: { kind: 'bind', ...credential } }).test()).toMatchObject({
        kind: 'unauthorized',
        reason: expect.not.stringContaining('wrong'),
      });
  });

  it('R93 says what the account that it signs in with may not do', async () => {
    const reader = suite.connector({ credential: { kind: 'bind', ...suite.accounts.reader } });
    expect(await reader.create('account', { mark: null, values: values('forbidden') })).toMatchObject({
      kind: 'refused',
      code: 'app/forbidden',
      status: 50,
    });
  });

  it('R93 says which base is missing', async () => {
    const wrong = suite.connector({ base: `ou=elsewhere,${suite.base}` });
    expect(await wrong.test()).toMatchObject({ kind: 'refused', code: 'app/base-missing' });
    // Else every account would seem to be gone.
    expect(await wrong.get('account', '00000000-0000-4000-8000-000000000000')).toMatchObject({ kind: 'refused' });
    const elsewhere = suite.connector({ template: `uid={uid},ou=elsewhere,${suite.base}` });
    expect(await elsewhere.create('account', { mark: null, values: values('x') })).toMatchObject({
      kind: 'refused',
      code: 'app/container-missing',
    });
  });

  it('R93 gives up on a server that speaks something else', async () => {
    const server = createServer(
      (socket) => void socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const url = `ldap://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await suite.connector({ url }).test()).toMatchObject({ kind: 'unavailable' });
    server.close();
  });

  it('R88 lists 2,500 accounts by pages, each once, and never passes off a part as the whole', async () => {
    const uids = Array.from({ length: 2500 }, (_, index) => `listed-${index}`);
    const ou = `ou=many,${suite.base}`;
    await suite.admin.add(ou, { objectClass: 'organizationalUnit' });
    await Promise.all(
      uids.map((uid) => suite.admin.add(`uid=${uid},${ou}`, { objectClass: 'inetOrgPerson', ...values(uid) })),
    );
    const read = async (ldap: ReturnType<typeof suite.connector>) => {
      const found: unknown[] = [];
      for (let cursor: string | undefined; ;) {
        const page = await ldap.list('account', cursor);
        if (page.kind !== 'ok') return page;
        found.push(...page.value.items.map((each) => (each.values.uid as string[])[0]));
        cursor = page.value.next;
        if (cursor === undefined) return found;
      }
    };
    const ldap = suite.connector({ base: ou });
    expect(((await read(ldap)) as string[]).toSorted()).toEqual(uids.toSorted());
    expect(await ldap.list('account', 'no cursor')).toMatchObject({ kind: 'refused', code: 'app/cursor-expired' });
    const limited = suite.connector({ base: ou, credential: { kind: 'bind', ...suite.accounts.limited } });
    expect(await read(limited)).toMatchObject({ kind: 'refused', code: 'app/size-limit' });
    const [first] = value(await ldap.find('account', { target: 'sn', value: 'listed-7' }));
    expect(first?.label).toBe('listed-7');

    const team = value(await ldap.create('group', { mark: null, values: { displayName: 'many' } }));
    const ids: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = value(await ldap.list('account', cursor));
      ids.push(...page.items.map(({ id }) => id));
      if ((cursor = page.next) === undefined) break;
    }
    for (let from = 0; from < 1500; from += 500)
      value(await ldap.changeMembers(team.id, ids.slice(from, from + 500), []));
    const members: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = value(await ldap.members(team.id, cursor));
      members.push(...page.items);
      if ((cursor = page.next) === undefined) break;
    }
    expect(members.toSorted()).toEqual(ids.slice(0, 1500).toSorted());
  });
});
