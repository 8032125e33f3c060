import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Outcome } from '@tenure/provisioning/connector';
import { describeWithLdap, ldapSuite } from '../testing/ldap-server.ts';

const value = <Value>(outcome: Outcome<Value>): Value => {
  if (outcome.kind !== 'ok') throw new Error(`${outcome.kind}: ${outcome.reason}`);
  return outcome.value;
};

describeWithLdap('an LDAP directory (needs OpenLDAP)', () => {
  let suite: Awaited<ReturnType<typeof ldapSuite>>;
  let ldap: ReturnType<typeof suite.connector>;
  let count = 0;

  beforeAll(async () => {
    suite = await ldapSuite();
    ldap = suite.connector();
  });
  afterAll(() => suite.close());

  const person = async (more: Record<string, string | null> = {}) => {
    const uid = `person-${(count += 1)}`;
    const values = { uid, cn: `Person ${count}`, sn: 'Person', ...more };
    const account = value(await ldap.create('account', { mark: `acc-${count}`, values }));
    return { ...account, uid, dn: `uid=${uid},${suite.base}` };
  };

  it('R93 passes the test of the connection, and says what was asked', async () => {
    expect(await ldap.test()).toEqual({
      kind: 'ok',
      value: {
        request: `search ${suite.base} and ${suite.groupBase} as ${suite.accounts.service.dn}`,
        filters: 'honoured',
      },
    });
  });

  it('R93 describes the attributes that its own schema allows', async () => {
    const { targets, can, sources } = value(await ldap.describe());
    const named = (name: string) => targets.account.find((target) => target.name === name);
    expect(named('sn')).toMatchObject({ mandatory: true, multiValued: true, compare: 'ignoreCase' });
    expect(named('displayName')).toMatchObject({ mandatory: false, multiValued: false, type: 'string' });
    expect(named('manager')).toMatchObject({ type: 'reference', compare: 'dn', refersTo: 'account' });
    expect(named('jpegPhoto')).toMatchObject({ type: 'binary', matchable: false });
    expect(named('userPassword')).toMatchObject({ read: false });
    expect(named('sAMAccountName')).toBeUndefined();
    expect(can).toMatchObject({ conditional: true, groups: true, members: 'list', find: 'honoured' });
    expect(sources).toMatchObject([{ id: 'groups', kind: 'group' }]);
  });

  it('R93 creates an account below its container, with its mark, and knows it by an id that is no DN', async () => {
    const ada = await person({ mail: 'ada@example.org', description: null });
    expect(ada).toMatchObject({
      kind: 'account',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      mark: `acc-${count}`,
      active: true,
      values: { uid: [ada.uid], mail: ['ada@example.org'], description: null, manager: null },
    });
    expect(Date.parse(ada.createdAt!)).not.toBeNaN();
    expect(await suite.read(ada.dn)).toMatchObject({ uid: ada.uid, entryUUID: ada.id });
    expect(value(await ldap.get('account', ada.id))).toMatchObject({ id: ada.id, version: ada.version });
    expect(value(await ldap.find('account', { target: 'mail', value: 'ADA@example.org' }))).toMatchObject([
      { id: ada.id },
    ]);
  });

  it('R93 says that a name or a unique value is taken, and what else the directory says', async () => {
    const ada = await person({ mail: 'taken@example.org' });
    const again = (values: Record<string, string>) => ldap.create('account', { mark: 'x', values });
    expect(await again({ uid: ada.uid, cn: 'A', sn: 'B' })).toMatchObject({ kind: 'conflict' });
    expect(await again({ uid: 'other', cn: 'A', sn: 'B', mail: 'taken@example.org' })).toMatchObject({
      kind: 'conflict',
      reason: expect.stringMatching(/unique/),
    });
    expect(await again({ uid: 'other', cn: 'A' })).toMatchObject({
      kind: 'refused',
      code: 'app/refused',
      status: 65,
      reason: expect.stringMatching(/requires attribute 'sn'/),
    });
    expect(await again({ cn: 'A', sn: 'B' })).toMatchObject({ kind: 'refused', code: 'app/name-missing' });
    expect(await again({ uid: 'other', cn: 'A', sn: 'B', noSuchThing: 'x' })).toMatchObject({
      kind: 'refused',
      status: 17,
    });
  });

  it('R93 changes attributes, takes empty texts and null for no value, and edits lists', async () => {
    const ada = await person({ mail: 'one@example.org', description: 'x' });
    const update = async (...changes: Parameters<typeof ldap.update>[2]) =>
      value(await ldap.update('account', ada.id, changes));
    await update({ target: 'sn', to: ['Lovelace'] }, { target: 'description', to: '' }, { target: 'title', to: null });
    await update({ target: 'mail', add: ['two@example.org', 'one@example.org'], remove: ['three@example.org'] });
    await update({ target: 'mail', add: [], remove: ['one@example.org'] });
    const { sn, description, mail } = value(await ldap.get('account', ada.id)).values;
    expect({ sn, description, mail }).toEqual({ sn: ['Lovelace'], description: null, mail: ['two@example.org'] });
  });

  it('R93 renames the entry when the value of its template changes, and stays the same account', async () => {
    const ada = await person();
    const uid = `renamed-${count}`;
    value(
      await ldap.update('account', ada.id, [
        { target: 'uid', to: [uid] },
        { target: 'sn', to: ['Byron'] },
      ]),
    );
    expect(await suite.read(`uid=${uid},${suite.base}`)).toMatchObject({ uid, sn: 'Byron', entryUUID: ada.id });
    // A second time there is nothing left to do.
    value(await ldap.update('account', ada.id, [{ target: 'uid', to: [uid] }]));
    const other = await person();
    expect(await ldap.update('account', ada.id, [{ target: 'uid', to: [other.uid] }])).toMatchObject({
      kind: 'conflict',
    });
    expect(await ldap.update('account', ada.id, [{ target: 'uid', to: null }])).toMatchObject({
      kind: 'refused',
      code: 'app/name-missing',
    });
  });

  it('R93 leaves an entry where somebody moved it, and moves it when its own container changes', async () => {
    const [first, second, third] = ['first', 'second', 'third'].map((ou) => `ou=${ou},${suite.base}`);
    for (const dn of [first, second, third]) await suite.admin.add(dn!, { objectClass: 'organizationalUnit' });
    const byUnit = suite.connector({ template: `uid={uid},ou={ou},${suite.base}`, used: ['uid', 'ou'] });
    const values = { uid: 'mover', cn: 'M', sn: 'M', ou: 'first' };
    const { id } = value(await byUnit.create('account', { mark: 'm', values }));

    await suite.admin.modifyDN(`uid=mover,${first}`, `uid=mover,${third}`);
    value(await byUnit.update('account', id, [{ target: 'uid', to: ['moved'] }]));
    expect(await suite.read(`uid=moved,${third}`)).toMatchObject({ entryUUID: id });

    value(await byUnit.update('account', id, [{ target: 'ou', to: ['second'] }]));
    expect(await suite.read(`uid=moved,${second}`)).toMatchObject({ entryUUID: id, ou: 'second' });
  });

  it('R93 changes an entry only while it has the version that was seen', async () => {
    const ada = await person();
    const change = [{ target: 'sn', to: ['Changed'] }];
    value(await ldap.update('account', ada.id, change, ada.version));
    expect(await ldap.update('account', ada.id, change, ada.version)).toMatchObject({ kind: 'stale' });
  });

  it('R93 suspends by a lock, which a new password would lift, and lifts it itself', async () => {
    const ada = await person();
    value(await ldap.setActive(ada.id, false));
    expect(value(await ldap.get('account', ada.id)).active).toBe(false);
    expect(await suite.read(ada.dn)).toMatchObject({ pwdAccountLockedTime: '000001010000Z' });
    value(await ldap.update('account', ada.id, [{ target: 'userPassword', to: 'a new secret' }]));
    expect(value(await ldap.get('account', ada.id)).active).toBe(false);
    value(await ldap.setActive(ada.id, true));
    value(await ldap.setActive(ada.id, true));
    expect(value(await ldap.get('account', ada.id)).active).toBe(true);
  });

  it.each([
    ['locked', 'open'],
    ['locked', undefined],
  ])('R93 suspends by an attribute of one’s choice: %s, else %s', async (off, on) => {
    const disable = {
      kind: 'attribute',
      attribute: 'employeeType',
      value: off,
      ...(on && { activeValue: on }),
    } as const;
    const own = suite.connector({ disable });
    const uid = `by-attribute-${on}`;
    const { id, active } = value(await own.create('account', { mark: null, values: { uid, cn: 'A', sn: 'A' } }));
    const read = async () => (await suite.read(`uid=${uid},${suite.base}`))?.employeeType;
    expect([active, await read()]).toEqual([true, on]);
    value(await own.setActive(id, false));
    expect([value(await own.get('account', id)).active, await read()]).toEqual([false, off]);
    value(await own.setActive(id, true));
    expect([value(await own.get('account', id)).active, await read()]).toEqual([true, on]);
  });

  it('R93 deletes an account, and is content where it is gone already', async () => {
    const ada = await person();
    value(await ldap.delete('account', ada.id));
    value(await ldap.delete('account', ada.id));
    expect(await ldap.get('account', ada.id)).toMatchObject({ kind: 'gone' });
    expect(await ldap.update('account', ada.id, [{ target: 'sn', to: ['x'] }])).toMatchObject({ kind: 'gone' });
    expect(await ldap.setActive(ada.id, false)).toMatchObject({ kind: 'gone' });
    expect(await ldap.get('account', 'uid=no,id')).toMatchObject({ kind: 'gone' });
  });

  it('R90 refers to other accounts by their ids, and finds by them', async () => {
    const [boss, ada] = [await person(), await person()];
    value(await ldap.update('account', ada.id, [{ target: 'manager', to: [boss.id] }]));
    expect(value(await ldap.get('account', ada.id)).values.manager).toEqual([boss.id]);
    expect(await suite.read(ada.dn)).toMatchObject({ manager: boss.dn });
    expect(value(await ldap.find('account', { target: 'manager', value: boss.id }))).toMatchObject([{ id: ada.id }]);
    expect(
      await ldap.update('account', ada.id, [{ target: 'manager', to: ['00000000-0000-4000-8000-000000000000'] }]),
    ).toMatchObject({ kind: 'refused', code: 'app/reference-missing' });
  });

  // The test server mends `manager` by itself, and `secretary` not at all.
  it.each(['manager', 'secretary'])('R90 keeps a %s who is renamed, and none who is deleted', async (target) => {
    const own = suite.connector({ used: ['uid', 'cn', 'sn', target] });
    const [boss, ada, bob] = [await person(), await person(), await person()];
    for (const { id } of [ada, bob]) value(await own.update('account', id, [{ target, to: [boss.id] }]));
    const renamed = `${boss.uid} renamed`;
    value(await own.update('account', boss.id, [{ target: 'uid', to: [renamed] }]));
    expect((await suite.read(ada.dn))?.[target]).toBe(`uid=${renamed},${suite.base}`);
    expect(value(await own.get('account', bob.id)).values[target]).toEqual([boss.id]);
    value(await own.delete('account', boss.id));
    expect((await suite.read(ada.dn))?.[target]).not.toBe(`uid=${renamed},${suite.base}`);
    value(await own.update('account', ada.id, [{ target, from: [boss.id], to: null }]));
    expect(value(await own.get('account', ada.id)).values[target]).toBeNull();
  });

  it('R89 makes, renames and deletes groups, which begin with a stand-in for their first member', async () => {
    const made = value(await ldap.create('group', { mark: null, values: { displayName: 'Team, Blue' } }));
    expect(made).toMatchObject({ kind: 'group', label: 'Team, Blue' });
    expect(value(await ldap.members(made.id))).toEqual({ items: [] });
    value(await ldap.update('group', made.id, [{ target: 'displayName', to: 'Team # Red' }]));
    expect(value(await ldap.find('group', { target: 'displayName', value: 'team # red' }))).toMatchObject([
      { id: made.id, label: 'Team # Red', values: { displayName: 'Team # Red' } },
    ]);
    expect(value(await ldap.entitlements('groups')).items).toContainEqual({ id: made.id, displayName: 'Team # Red' });
    value(await ldap.delete('group', made.id));
    expect(await ldap.get('group', made.id)).toMatchObject({ kind: 'gone' });
  });

  it('R61 gives and takes memberships, of the last member too, and does it twice without harm', async () => {
    const [ada, bob] = [await person(), await person()];
    const group = await suite.addGroup(`members-${count}`);
    const isMember = async (id: string) => value(await ldap.isMember(group.id, id));
    const missing = '00000000-0000-4000-8000-000000000000';

    expect(await isMember(ada.id)).toBe('no');
    expect(value(await ldap.changeMembers(group.id, [ada.id, missing], []))).toEqual({ missing: [missing] });
    value(await ldap.changeMembers(group.id, [ada.id, bob.id], [missing]));
    expect([await isMember(ada.id), await isMember(bob.id)]).toEqual(['yes', 'yes']);
    expect(new Set(value(await ldap.members(group.id)).items)).toEqual(new Set([ada.id, bob.id]));
    // What stood in for the first member went with its arrival.
    expect((await suite.read(group.dn))?.member).toEqual(expect.not.arrayContaining([suite.base]));

    value(await ldap.changeMembers(group.id, [], [ada.id]));
    value(await ldap.changeMembers(group.id, [], [ada.id, bob.id]));
    expect([await isMember(ada.id), await isMember(bob.id)]).toEqual(['no', 'no']);
    expect((await suite.read(group.dn))?.member).toBe(suite.base);
    expect(await ldap.changeMembers(missing, [ada.id], [])).toMatchObject({ kind: 'gone' });
    expect(await ldap.isMember(missing, ada.id)).toMatchObject({ kind: 'gone' });
  });

  it.each(['groupOfNames', 'groupOfUniqueNames'])(
    'R61 leaves no name behind in a %s, which the next account of that name would inherit',
    async (objectClass) => {
      const own = suite.connector({ group: { objectClass } });
      const ada = await person();
      const group = value(await own.create('group', { mark: null, values: { displayName: `heirs-${count}` } }));
      value(await own.changeMembers(group.id, [ada.id], []));
      value(await own.update('account', ada.id, [{ target: 'uid', to: [`heir-${count}`] }]));
      expect(value(await own.isMember(group.id, ada.id))).toBe('yes');
      const heir = value(await ldap.create('account', { mark: null, values: { uid: ada.uid, cn: 'H', sn: 'H' } }));
      expect(value(await own.isMember(group.id, heir.id))).toBe('no');

      value(await own.delete('account', ada.id));
      const again = { uid: `heir-${count}`, cn: 'H', sn: 'H' };
      const next = value(await ldap.create('account', { mark: null, values: again }));
      expect(value(await own.isMember(group.id, next.id))).toBe('no');
      expect(value(await own.members(group.id))).toEqual({ items: [] });
    },
  );

  it('R93 hits only accounts, never groups or containers', async () => {
    const group = await suite.addGroup(`only-${(count += 1)}`);
    expect(await ldap.get('account', group.id)).toMatchObject({ kind: 'gone' });
    expect(value(await ldap.find('account', { target: 'ou', value: 'people' }))).toEqual([]);
    const entry = await suite.read(suite.base);
    expect(await ldap.delete('account', String(entry!.entryUUID))).toMatchObject({ kind: 'ok' });
    expect(await suite.read(suite.base)).toBeDefined();
  });
});
