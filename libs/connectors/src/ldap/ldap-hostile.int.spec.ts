import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Outcome } from '@tenure/provisioning/connector';
import { describeWithLdap, ldapSuite } from '../testing/ldap-server.ts';

const value = <Value>(outcome: Outcome<Value>): Value => {
  if (outcome.kind !== 'ok') throw new Error(`${outcome.kind}: ${outcome.reason}`);
  return outcome.value;
};

const pieces = [
  ...Array.from(',+"\\<>;=#*()&|! \n'),
  'é',
  '😀',
  'ß',
  'Ａ',
  ', ou=x',
  ')(uid=*',
  '\\2c',
  '\u00AD',
  '\u200F',
  'x',
];
const hostile = fc
  .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 12 })
  .map((parts) => parts.join(''))
  .filter((text) => /[^\s\u00AD\u200F]/.test(text));

describeWithLdap('hostile data in a directory (needs OpenLDAP)', () => {
  let suite: Awaited<ReturnType<typeof ldapSuite>>;
  beforeAll(async () => {
    suite = await ldapSuite();
  });
  afterAll(() => suite.close());

  it('R93 is made, found, renamed and deleted as any other, and hits nobody else', async () => {
    const ldap = suite.connector();
    const other = value(await ldap.create('account', { mark: 'other', values: { uid: 'x', cn: 'x', sn: 'x' } }));
    await fc.assert(
      fc.asyncProperty(hostile, hostile, async (name, next) => {
        // The names of a run must differ from one another and from `x`, by more than case and spaces.
        const [uid, renamed] = [`1${name}`, `2${next}`];
        const values = { uid, cn: name, sn: next, description: `${name}${next}` };
        const made = value(await ldap.create('account', { mark: 'm', values }));
        try {
          expect(made.values).toMatchObject({ uid: [uid], cn: [name], sn: [next], description: [`${name}${next}`] });
          const found = value(await ldap.find('account', { target: 'uid', value: uid }));
          expect(found.map(({ id }) => id)).toEqual([made.id]);
          value(await ldap.update('account', made.id, [{ target: 'uid', to: [renamed] }]));
          expect(value(await ldap.get('account', made.id)).values.uid).toEqual([renamed]);
          const group = value(await ldap.create('group', { mark: null, values: { displayName: name } }));
          value(await ldap.changeMembers(group.id, [made.id], []));
          expect(value(await ldap.isMember(group.id, made.id))).toBe('yes');
          expect(value(await ldap.isMember(group.id, other.id))).toBe('no');
          expect(value(await ldap.members(group.id)).items).toEqual([made.id]);
          value(await ldap.delete('group', group.id));
        } finally {
          value(await ldap.delete('account', made.id));
        }
      }),
      { numRuns: 40 },
    );
    expect(value(await ldap.get('account', other.id)).values.uid).toEqual(['x']);
  });

  it.each(['*', 'x*', '*)(uid=*', 'x)(|(uid=*', '\\2a', '\0', ''])('R91 finds nobody by %j', async (uid) => {
    const ldap = suite.connector();
    await ldap.create('account', { mark: null, values: { uid: 'someone', cn: 'x', sn: 'x' } });
    expect(await ldap.find('account', { target: 'uid', value: uid })).toEqual({ kind: 'ok', value: [] });
  });

  it('R93 keeps a very long value, and says so where one is too long to be sent', async () => {
    const ldap = suite.connector();
    const description = 'é'.repeat(100_000);
    const made = value(
      await ldap.create('account', { mark: null, values: { uid: 'long', cn: 'x', sn: 'x', description } }),
    );
    expect(made.values.description).toEqual([description]);
    const change = [{ target: 'description', to: 'x'.repeat(17 * 1024 * 1024) }];
    expect(await ldap.update('account', made.id, change)).toMatchObject({ kind: 'refused', code: 'app/too-large' });
    value(await ldap.delete('account', made.id));
  });
});
