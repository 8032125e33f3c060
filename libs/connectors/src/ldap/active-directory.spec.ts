import { afterEach, describe, expect, it } from '@jest/globals';
import { openTargets } from '../targets/targets.ts';
import { fakeDirectory, type FakeAnswer, type FakeEntry, type FakeQuestion } from '../testing/fake-directory.ts';
import { ldapConnector } from './ldap-connector.ts';
import { guidBytes } from './ldap-values.ts';

const GROUP = '33221100-5544-7766-8899-aabbccddeeff';
const guid = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const base = 'DC=corp,DC=example';
const groupDn = `CN=Team,${base}`;
const entry = (dn: string, id: string, attributes: FakeEntry['attributes'] = {}): FakeEntry => ({
  dn,
  attributes: { objectGUID: [guidBytes(id)], ...attributes },
});
const group = (attributes: FakeEntry['attributes'] = {}) => entry(groupDn, GROUP, attributes);
const user = (number: number, attributes: FakeEntry['attributes'] = {}) =>
  entry(`CN=User ${number},${base}`, guid(number), attributes);
const forGroups = ({ filter }: { filter: string }) => /objectclass=group\)/i.test(filter);

describe('Active Directory, where it is unlike others', () => {
  let stop: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const each of stop.toReversed()) await each();
    stop = [];
  });

  const directory = async (answer: (question: FakeQuestion) => FakeAnswer) => {
    const server = await fakeDirectory(answer);
    const targets = openTargets({ allowPrivateTargets: ['127.0.0.1'] });
    const ldap = ldapConnector({
      url: server.url,
      base,
      groupBase: base,
      template: `CN={cn},${base}`,
      disable: { kind: 'userAccountControl' },
      activeDirectory: true,
      credential: { kind: 'bind', dn: 'tenure@corp.example', password: 'secret' },
      targets,
      used: ['cn', 'sAMAccountName'],
    });
    stop.push(server.close, targets.close, ldap.close);
    return { ldap, asked: server.asked };
  };

  it('R93 reads a group of 3,200 members in the ranges that it comes in', async () => {
    const dns = Array.from({ length: 3200 }, (_, index) => `CN=User ${index},${base}`);
    const { ldap } = await directory((question) => {
      if (question.kind !== 'search') return {};
      if (!forGroups(question)) return { entries: [user(Number(/User (\d+)/.exec(question.base)![1]))] };
      const wanted = question.attributes.find((name) => name.startsWith('member'))!;
      const from = Number(/range=(\d+)/.exec(wanted)?.[1] ?? 0);
      const part = dns.slice(from, from + 1500);
      const to = from + part.length >= dns.length ? '*' : from + part.length - 1;
      return { entries: [group({ member: [], [`member;range=${from}-${to}`]: part })] };
    });
    const ids = new Set<string>();
    for (let cursor: string | undefined; ;) {
      const page = await ldap.members(GROUP, cursor);
      if (page.kind !== 'ok') throw new Error(page.reason);
      page.value.items.forEach((id) => ids.add(id));
      cursor = page.value.next;
      if (cursor === undefined) break;
    }
    expect(ids.size).toBe(3200);
  });

  it('R88 goes on after an empty page, and ends with the last one', async () => {
    const { ldap } = await directory((question) => {
      if (question.kind !== 'search') return {};
      if (question.cookie === '') return { entries: [user(1)], cookie: 'two' };
      if (question.cookie === 'two') return { cookie: 'three' };
      return { entries: [user(2)] };
    });
    const first = await ldap.list('account');
    if (first.kind !== 'ok') throw new Error(first.reason);
    const second = await ldap.list('account', first.value.next);
    if (second.kind !== 'ok') throw new Error(second.reason);
    expect([...first.value.items, ...second.value.items].map(({ id }) => id)).toEqual([guid(1), guid(2)]);
    expect(second.value.next).toBeUndefined();
  });

  it('R93 asks for no computers, which are users there, too', async () => {
    const { ldap, asked } = await directory(() => ({}));
    await ldap.list('account');
    expect(asked).toMatchObject([{ filter: '(&(&(objectclass=user)(!(objectclass=computer))))' }]);
  });

  it('R93 takes a tombstone for gone', async () => {
    const { ldap } = await directory(() => ({ entries: [user(1, { isDeleted: ['TRUE'] })] }));
    expect(await ldap.get('account', guid(1))).toMatchObject({ kind: 'gone' });
    expect(await ldap.delete('account', guid(1))).toMatchObject({ kind: 'ok' });
  });

  it('R61 sees that a primary group has a member whom it does not list', async () => {
    const { ldap } = await directory((question) => {
      if (question.kind !== 'search') return {};
      if (forGroups(question)) return { entries: [group({ primaryGroupToken: ['513'] })] };
      const isPerson = /user/i.test(question.filter);
      return { entries: isPerson ? [user(1, { primaryGroupID: ['513'] })] : [] };
    });
    expect(await ldap.isMember(GROUP, guid(1))).toEqual({ kind: 'ok', value: 'yes' });
  });

  it.each([
    ['in already', 68, 'add'],
    ['out already', 53, 'delete'],
  ])('R61 is content with a member who is %s (%i)', async (_, code, operation) => {
    const { ldap, asked } = await directory((question) => {
      if (question.kind === 'modify') return { code };
      if (forGroups(question)) return { entries: [group()] };
      if (question.filter.includes('member=')) return { entries: operation === 'add' ? [group()] : [] };
      return { entries: [user(1)] };
    });
    const [add, remove] = operation === 'add' ? [[guid(1)], []] : [[], [guid(1)]];
    expect(await ldap.changeMembers(GROUP, add, remove)).toEqual({ kind: 'ok', value: { missing: [] } });
    expect(asked.filter(({ kind }) => kind === 'modify')).toMatchObject([{ dn: groupDn, changes: [{ operation }] }]);
  });

  it('R93 leaves the other flags of an account as they are', async () => {
    const { ldap, asked } = await directory((question) =>
      question.kind === 'search' ? { entries: [user(1, { userAccountControl: ['66048'] })] } : {},
    );
    expect(await ldap.setActive(guid(1), false)).toMatchObject({ kind: 'ok' });
    expect(asked.at(-1)).toMatchObject({
      changes: [
        { operation: 'delete', values: ['66048'] },
        { operation: 'add', values: ['66050'] },
      ],
    });
  });

  it('R93 compares the version by itself', async () => {
    const { ldap } = await directory((question) =>
      question.kind === 'search' ? { entries: [user(1, { uSNChanged: ['8'], cn: ['User 1'] })] } : {},
    );
    const change = [{ target: 'sn', to: 'x' }];
    expect(await ldap.update('account', guid(1), change, '7')).toMatchObject({ kind: 'stale' });
    expect(await ldap.update('account', guid(1), change, '8')).toMatchObject({ kind: 'ok' });
  });

  it('R93 makes no account over a connection that is not encrypted', async () => {
    const { ldap } = await directory(() => ({}));
    expect(await ldap.create('account', { mark: null, values: { cn: 'Ada' } })).toMatchObject({
      kind: 'refused',
      code: 'app/tls-required',
    });
  });
});
