import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Connector, Outcome, Page, Remote } from '@tenure/provisioning/connector';
import { describeWithLdap, ldapSuite } from '../testing/ldap-server.ts';

const value = <Value>(outcome: Outcome<Value>): Value => {
  if (outcome.kind !== 'ok') throw new Error(`${outcome.kind}: ${outcome.reason}`);
  return outcome.value;
};

describeWithLdap('R89: groups that are pushed to an LDAP directory (needs OpenLDAP)', () => {
  let suite: Awaited<ReturnType<typeof ldapSuite>>;
  let ldap: Connector;
  let count = 0;
  beforeAll(async () => {
    suite = await ldapSuite();
    ldap = suite.connector();
  });
  afterAll(() => suite.close());

  const people = (size: number) =>
    Promise.all(
      Array.from({ length: size }, async () => {
        const uid = `pushed-${(count += 1)}`;
        return value(await ldap.create('account', { mark: uid, values: { uid, cn: uid, sn: 'P' } })).id;
      }),
    );
  const make = async (displayName: string) =>
    value(await ldap.create('group', { mark: 'a push', values: { displayName } }));
  const all = async <Item>(page: (cursor?: string) => Promise<Outcome<Page<Item>>>): Promise<Item[]> => {
    const items: Item[] = [];
    for (let cursor: string | undefined; ;) {
      const { items: some, next } = value(await page(cursor));
      items.push(...some);
      cursor = next;
      if (cursor === undefined) return items;
    }
  };

  it('are made once: a name that is taken is told, whatever its letters', async () => {
    const made = await make('Bakers, North');
    expect(made).toMatchObject({
      kind: 'group',
      values: { displayName: 'Bakers, North' },
      createdAt: expect.any(String),
    });
    expect(made.mark).toBeUndefined();
    expect(await ldap.create('group', { mark: null, values: { displayName: 'bakers, north' } })).toMatchObject({
      kind: 'conflict',
    });
    expect(value(await ldap.get('group', made.id))).toMatchObject({ id: made.id, label: 'Bakers, North' });
  });

  it('keep their members when they are renamed, and can’t take the name of another', async () => {
    const [ada, bob] = (await people(2)) as [string, string];
    const [team, other] = [await make('Team 1'), await make('Team 2')];
    value(await ldap.changeMembers(team.id, [ada, bob], []));
    value(await ldap.update('group', team.id, [{ target: 'displayName', from: 'Team 1', to: 'Team = 1' }]));
    expect(new Set(await all((cursor) => ldap.members(team.id, cursor)))).toEqual(new Set([ada, bob]));
    expect(
      await ldap.update('group', team.id, [{ target: 'displayName', from: 'Team = 1', to: 'Team 2' }]),
    ).toMatchObject({ kind: 'conflict' });
    value(await ldap.delete('group', other.id));
    value(await ldap.delete('group', other.id));
  });

  it('take several hundred members at once, twice without harm, and are read page by page', async () => {
    const members = await people(620);
    const { membersPerCall } = value(await ldap.describe()).limits;
    const team = await make('Everybody');
    for (let from = 0; from < members.length; from += membersPerCall)
      for (let twice = 0; twice < 2; twice++)
        value(await ldap.changeMembers(team.id, members.slice(from, from + membersPerCall), []));
    const shown = await all((cursor) => ldap.members(team.id, cursor));
    expect([shown.length, new Set(shown)]).toEqual([members.length, new Set(members)]);
    value(await ldap.changeMembers(team.id, [], members.slice(0, membersPerCall)));
    value(await ldap.changeMembers(team.id, [], members.slice(membersPerCall)));
    expect(await all((cursor) => ldap.members(team.id, cursor))).toEqual([]);
    expect((await suite.read(`cn=Everybody,${suite.groupBase}`))?.member).toBe(suite.base);
  });

  it('are listed without accounts and containers', async () => {
    const team = await make('Listed');
    const labels = (await all<Remote>((cursor) => ldap.list('group', cursor))).map(({ kind, id }) => [kind, id]);
    expect(labels).toContainEqual(['group', team.id]);
    expect(labels.every(([kind]) => kind === 'group')).toBe(true);
  });
});
