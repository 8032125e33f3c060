import { describe, expect, it } from '@jest/globals';
import type { ConnectorTarget } from '@tenure/provisioning/connector';
import { readAttribute } from './ldap-attributes.ts';
import { targetsOf } from './ldap-schema.ts';
import { layoutOf, readLdapUrl } from './ldap-settings.ts';
import { decode, encode, guidBytes, guidText, toInstant } from './ldap-values.ts';

const named = (name: string, more: Partial<ConnectorTarget> = {}) => ({
  ...(readAttribute(name) as ConnectorTarget),
  ...more,
});
const texts = (buffers: readonly Buffer[]) => buffers.map((each) => each.toString());

describe('a value of LDAP', () => {
  it('is sent in the form of its attribute', () => {
    expect(texts(encode(named('flag', { type: 'boolean' }), 'True'))).toEqual(['TRUE']);
    expect(texts(encode(named('until', { type: 'instant' }), '2026-12-01T02:30:45.678Z'))).toEqual(['20261201023045Z']);
    expect(texts(encode(named('postalAddress'), 'Main St 1\nBox $5'))).toEqual(['Main St 1$Box \\245']);
    expect(encode(named('jpegPhoto'), Buffer.from([0, 255]).toString('base64'))).toEqual([Buffer.from([0, 255])]);
    expect(encode(named('unicodePwd'), 'pä')[0]!.toString('utf16le')).toBe('"pä"');
    expect(texts(encode(named('mail'), ['a@b', 'a@b', '']))).toEqual(['a@b']);
    expect(encode(named('title'), null)).toEqual([]);
  });

  it('is read as it was sent, and as text that can be stored', () => {
    const back = (target: ConnectorTarget, value: Parameters<typeof encode>[1]) =>
      decode(target, encode(target, value));
    expect(back(named('postalAddress'), ['Main St 1\nBox $5 \\'])).toEqual(['Main St 1\nBox $5 \\']);
    expect(back(named('countryCode'), 49)).toBe(49);
    expect(back(named('displayName'), '\uFEFFwith a byte order mark')).toBe('\uFEFFwith a byte order mark');
    expect(decode(named('displayName'), [Buffer.from([0x41, 0xff, 0])])).toBe('A\uFFFD\uFFFD');
    expect(decode(named('countryCode'), [Buffer.from('132514944000000000')])).toBe('132514944000000000');
    expect(decode(named('mail'), [])).toBeNull();
  });

  it.each([
    ['20261201023045Z', '2026-12-01T02:30:45.000Z'],
    ['20261201023045.5Z', '2026-12-01T02:30:45.500Z'],
    ['2026120102+0200', '2026-12-01T00:00:00.000Z'],
    ['yesterday', undefined],
  ])('reads the time %s', (text, instant) => {
    expect(toInstant(text)).toBe(instant);
  });

  it('writes an objectGUID as Active Directory does', () => {
    const bytes = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
    expect(guidText(bytes)).toBe('33221100-5544-7766-8899-aabbccddeeff');
    expect(guidBytes('33221100-5544-7766-8899-aabbccddeeff')).toEqual(bytes);
  });
});

describe('a target of LDAP', () => {
  it.each([
    ['SURNAME', 'sn'],
    ['DisplayName', 'displayName'],
    ['x-Custom-Thing', 'x-custom-thing'],
    ['cn;LANG-fr', 'cn;lang-fr'],
    ['2.5.4.3', '2.5.4.3'],
  ])('%s has one spelling, %s', (written, name) => {
    expect(readAttribute(written)).toMatchObject({ name });
  });

  it.each(['', 'two words', 'objectClass', 'MEMBEROF', 'dn', 'userAccountControl', 'emails[type eq "work"].value'])(
    '%j is refused in words',
    (written) => {
      expect(readAttribute(written)).toEqual(expect.any(String));
    },
  );

  it('is described by the schema, with what it inherits', () => {
    const schema = {
      attributeTypes: [
        "( 2.5.4.41 NAME 'name' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{32768} )",
        "( 2.5.4.3 NAME ( 'cn' 'commonName' ) DESC 'with (brackets) and $' SUP name )",
        "( 1.1 NAME 'isVip' EQUALITY booleanMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.7 SINGLE-VALUE )",
        "( 1.2 NAME 'code' EQUALITY caseExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
        "( 1.3 NAME 'made' SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 NO-USER-MODIFICATION )",
        "( 1.4 NAME 'elsewhere' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
      ],
      objectClasses: [
        "( 2.5.6.6 NAME 'person' SUP top STRUCTURAL MUST cn )",
        "( 1.9 NAME 'vip' SUP person MAY ( isVip $ code $ made $ unknown ) )",
      ],
    };
    expect(targetsOf(schema, ['top', 'VIP'])).toEqual([
      expect.objectContaining({ name: 'cn', mandatory: true, multiValued: true, compare: 'ignoreCase' }),
      expect.objectContaining({ name: 'code', mandatory: false, multiValued: true, compare: 'exact' }),
      expect.objectContaining({ name: 'isvip', type: 'boolean', multiValued: false, compare: 'exact' }),
    ]);
  });
});

describe('the settings of a connection', () => {
  it.each(['http://a', 'ldap:', 'ldap://a/dc=x', 'ldaps://user@a', 'ldap://a?x', 'nonsense'])(
    '%s is no address',
    (url) => {
      expect(readLdapUrl(url)).toEqual(expect.any(String));
    },
  );

  it('know the usual ports', () => {
    expect(readLdapUrl('ldaps://Dir.example')).toMatchObject({ port: 636, isSecure: true });
    expect(readLdapUrl('ldap://[::1]')).toMatchObject({ host: '::1', port: 389, isSecure: false });
  });

  const settings = {
    url: 'ldaps://a',
    base: 'dc=x',
    template: 'uid={uid},dc=x',
    disable: { kind: 'pwdAccountLockedTime' },
  } as const;
  it.each([{ base: 'x' }, { groupBase: 'x' }, { template: 'dc=x' }, { mark: 'memberOf' }])(
    'are refused: %j',
    (wrong) => {
      expect(layoutOf({ ...settings, ...wrong })).toEqual({
        field: Object.keys(wrong)[0],
        message: expect.any(String),
      });
    },
  );
});
