import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readDnTemplate } from './dn-template.ts';
import { dnKey, escapeDnValue, isDn, readRdn, sameDn, splitDn, writeRdn } from './dn.ts';

/** What names are attacked with: separators, escapes, spaces at the ends, control characters, text of several bytes. */
const hostile = fc.string({
  unit: fc.constantFrom(...Array.from(',+"\\<>;=# \0\n()*é😀ßA0'), '\\2c', ', ou=x', 'cn='),
  minLength: 1,
  maxLength: 40,
});

describe('a distinguished name', () => {
  it('R93 keeps any value whole, and never lets it become another part of the name', () => {
    fc.assert(
      fc.property(hostile, hostile, (one, other) => {
        const rdn = writeRdn([
          { attribute: 'cn', value: one },
          { attribute: 'sn', value: other },
        ]);
        const dn = `${rdn},ou=people,dc=example`;
        expect(splitDn(dn)).toEqual({ rdn, parent: 'ou=people,dc=example' });
        expect(readRdn(rdn)).toEqual([
          { attribute: 'cn', value: one },
          { attribute: 'sn', value: other },
        ]);
      }),
    );
  });

  it.each([
    ['Lovelace, Ada', 'Lovelace\\2c Ada'],
    [' #1 ', '\\20\\231\\20'],
    ['a+b=c', 'a\\2bb\\3dc'],
    ['nul\0', 'nul\\00'],
    ['😀', '😀'],
  ])('writes %j as %s', (value, written) => {
    expect(escapeDnValue(value)).toBe(written);
  });

  it('is the same however it is written', () => {
    expect(sameDn('CN=Lovelace\\, Ada , OU=People', 'cn=lovelace\\2C  ada,ou=people')).toBe(true);
    expect(sameDn('cn=a+sn=b,dc=x', 'SN=B+CN=A,DC=X')).toBe(true);
    expect(sameDn('cn="Lovelace, Ada",dc=x', 'cn=Lovelace\\2c Ada,dc=x')).toBe(true);
    expect(sameDn('cn=a\\2cdc=x', 'cn=a,dc=x')).toBe(false);
    expect(dnKey('')).toBe('');
  });

  it('is told from other texts', () => {
    expect(['dc=example,dc=org', 'CN=Users, DC=corp', '2.5.4.11=a+cn=b'].filter((dn) => !isDn(dn))).toEqual([]);
    expect(['', 'example.org', 'ou=', 'ou=a,,dc=b', 'ou=a,b'].filter(isDn)).toEqual([]);
  });
});

describe('a DN template', () => {
  const rendered = (template: string, values: Record<string, string | string[] | null>) => {
    const read = readDnTemplate(template);
    return typeof read === 'string' ? read : read.render(values);
  };

  it('R93 puts values in their places, each escaped, the first of several', () => {
    expect(rendered('uid={UID},ou={ou},dc=x', { uid: ['a,b', 'c'], ou: 'R+D' })).toMatchObject({
      dn: 'uid=a\\2cb,ou=R\\2bD,dc=x',
      rdn: 'uid=a\\2cb',
      parent: 'ou=R\\2bD,dc=x',
      parts: [{ attribute: 'uid', value: 'a,b' }],
    });
  });

  it('names the values that it lacks', () => {
    expect(rendered('uid={uid},ou={ou},dc=x', { uid: '  ', ou: null })).toEqual({
      ok: false,
      missing: ['uid', 'ou'],
    });
  });

  it.each(['uid={uid', 'ou=people,uid={uid}', 'uid={u id},dc=x', '{uid},dc=x', 'uid={uid},people'])(
    'is refused in words: %s',
    (template) => {
      expect(readDnTemplate(template)).toEqual(expect.any(String));
    },
  );
});
