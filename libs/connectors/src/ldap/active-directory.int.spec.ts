import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Outcome } from '@tenure/provisioning/connector';
import { describeWithLdap, ldapSuite } from '../testing/ldap-server.ts';

const value = <Value>(outcome: Outcome<Value>): Value => {
  if (outcome.kind !== 'ok') throw new Error(`${outcome.kind}: ${outcome.reason}`);
  return outcome.value;
};

describeWithLdap('Active Directory, as far as OpenLDAP can be it (needs OpenLDAP)', () => {
  let suite: Awaited<ReturnType<typeof ldapSuite>>;
  let ad: ReturnType<typeof suite.connector>;

  beforeAll(async () => {
    suite = await ldapSuite();
    ad = suite.connector({
      activeDirectory: true,
      idAttribute: 'entryUUID',
      objectClasses: ['top', 'person', 'organizationalPerson', 'inetOrgPerson', 'extensibleObject'],
      disable: { kind: 'userAccountControl' },
      template: `cn={cn},${suite.base}`,
      used: ['cn', 'sAMAccountName'],
    });
  });
  afterAll(() => suite.close());

  const passwordOf = (entry: Awaited<ReturnType<typeof suite.read>>) =>
    Buffer.from(entry!.unicodePwd as Buffer).toString('utf16le');

  it('R93 gives a new account a password and enables it last; flags suspend it', async () => {
    const dn = `cn=Lovelace\\2c Ada,${suite.base}`;
    const values = { cn: 'Lovelace, Ada', sn: 'Lovelace', sAMAccountName: 'ada' };
    const { id, active } = value(await ad.create('account', { mark: '17', values }));
    const entry = await suite.read(dn);
    expect(active).toBe(true);
    expect(entry).toMatchObject({ sAMAccountName: 'ada', userAccountControl: '512', employeeNumber: '17' });
    expect(passwordOf(entry)).toMatch(/^"[\w-]{32}aA1!"$/);

    value(await ad.setActive(id, false));
    expect(await suite.read(dn)).toMatchObject({ userAccountControl: '514' });
    expect(value(await ad.get('account', id)).active).toBe(false);
    value(await ad.update('account', id, [{ target: 'unicodePwd', to: 'Correct horse' }]));
    expect(passwordOf(await suite.read(dn))).toBe('"Correct horse"');
    value(await ad.setActive(id, true));
    expect(await suite.read(dn)).toMatchObject({ userAccountControl: '512' });
  });

  it('R93 leaves no half account behind where the password is refused', async () => {
    const values = { cn: 'Refused', sn: 'R', sAMAccountName: 'refused' };
    const plain = suite.connector({
      activeDirectory: true,
      idAttribute: 'entryUUID',
      // Without the class that has room for `unicodePwd`, only the second step is refused.
      objectClasses: ['top', 'person', 'organizationalPerson', 'inetOrgPerson'],
      disable: { kind: 'userAccountControl' },
      template: `cn={cn},${suite.base}`,
    });
    expect(await plain.create('account', { mark: null, values })).toMatchObject({ kind: 'refused' });
    await expect(suite.read(`cn=Refused,${suite.base}`)).rejects.toThrow();
  });
});
