import type { ConnectorTarget } from '@tenure/provisioning/connector';

const target = (name: string, more: Partial<ConnectorTarget> = {}): ConnectorTarget => ({
  name,
  type: 'string',
  multiValued: false,
  mandatory: false,
  write: 'always',
  read: true,
  compare: 'ignoreCase',
  matchable: true,
  ...more,
});

const several = { multiValued: true } as const;
const password = { read: false, matchable: false, compare: 'exact' } as const;
const person = { type: 'reference', compare: 'dn', refersTo: 'account' } as const;
const binary = { type: 'binary', compare: 'exact', matchable: false } as const;
const named = (more: Partial<ConnectorTarget>, ...names: string[]) => names.map((name) => target(name, more));

/** What people have in most directories: RFC 4519, RFC 4524, RFC 2798, and what Active Directory adds. Whether one has them, `describe` asks it. */
const known: readonly ConnectorTarget[] = [
  target('cn', { ...several, mandatory: true }),
  target('sn', { ...several, mandatory: true }),
  ...named(several, 'uid', 'givenName', 'initials', 'mail', 'title', 'ou', 'o', 'l', 'st', 'street', 'postalCode'),
  ...named(several, 'telephoneNumber', 'mobile', 'homePhone', 'pager', 'facsimileTelephoneNumber'),
  ...named(several, 'postalAddress', 'homePostalAddress', 'roomNumber', 'description', 'employeeType', 'carLicense'),
  ...named(several, 'businessCategory', 'departmentNumber', 'generationQualifier', 'physicalDeliveryOfficeName'),
  ...named({}, 'displayName', 'employeeNumber', 'preferredLanguage'),
  ...named({ ...several, ...person }, 'manager', 'secretary'),
  target('labeledURI', { ...several, compare: 'exact' }),
  target('jpegPhoto', { ...several, ...binary }),
  target('userPassword', { ...several, ...password }),
  ...named({}, 'sAMAccountName', 'userPrincipalName', 'company', 'department', 'division', 'employeeID', 'info'),
  ...named(
    {},
    'co',
    'c',
    'mailNickname',
    'wWWHomePage',
    'homeDirectory',
    'homeDrive',
    'scriptPath',
    'profilePath',
    'streetAddress',
  ),
  ...named({}, ...Array.from({ length: 15 }, (_, index) => `extensionAttribute${index + 1}`)),
  target('countryCode', { type: 'integer', compare: 'exact' }),
  target('proxyAddresses', several),
  target('assistant', person),
  target('thumbnailPhoto', binary),
  target('unicodePwd', password),
];

/** Other names of the same attributes in the standards. */
const aliases: Readonly<Record<string, string>> = {
  commonname: 'cn',
  surname: 'sn',
  userid: 'uid',
  gn: 'givenName',
  rfc822mailbox: 'mail',
  organizationalunitname: 'ou',
  organizationname: 'o',
  localityname: 'l',
  stateorprovincename: 'st',
  mobiletelephonenumber: 'mobile',
  hometelephonenumber: 'homePhone',
  pagertelephonenumber: 'pager',
  fax: 'facsimileTelephoneNumber',
  countryname: 'c',
  friendlycountryname: 'co',
};

const byName = new Map(known.map((one) => [one.name.toLowerCase(), one]));

const because = (why: string, ...names: string[]): [string, string][] =>
  names.map((name) => [name.toLowerCase(), `${name} can't be the target of a mapping: ${why}.`]);

/** Kept by the directory or by the connector itself. */
const managed = new Map([
  ...because('the object classes of new entries are set on the connection', 'objectClass'),
  ...because('the DN follows from the DN template of the connection', 'dn', 'distinguishedName'),
  ...because('accounts are disabled and enabled as the connection says', 'userAccountControl', 'pwdAccountLockedTime'),
  ...because('memberships are given by entitlements', 'member', 'uniqueMember', 'memberOf'),
  ...because('the directory sets it', 'entryUUID', 'entryDN', 'entryCSN', 'createTimestamp', 'modifyTimestamp'),
  ...because('the directory sets it', 'creatorsName', 'modifiersName', 'objectGUID', 'objectSid', 'uSNChanged'),
  ...because('the directory sets it', 'uSNCreated', 'whenCreated', 'whenChanged'),
]);

/** RFC 4512 §2.5: an attribute description, such as `cn`, `2.5.4.3` or `cn;lang-fr`. */
const DESCRIPTION = /^([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)((?:;[A-Za-z0-9-]+)*)$/;

/** The one spelling of an attribute's name, which LDAP compares without regard to case; undefined: it can't be one. */
export const attributeName = (text: string): string | undefined => {
  const [, name, options] = DESCRIPTION.exec(text) ?? [];
  if (name === undefined) return undefined;
  const lower = name.toLowerCase();
  const spelling = byName.get(aliases[lower]?.toLowerCase() ?? lower)?.name ?? lower;
  return `${spelling}${options!.toLowerCase().split(';').sort().join(';')}`;
};

/** What is known of an attribute without asking a directory. One that isn't known is taken for a text with one value. */
export const readAttribute = (text: string): ConnectorTarget | string => {
  const name = attributeName(text.trim());
  if (name === undefined) return `${text} isn't the name of an LDAP attribute.`;
  const [base = ''] = name.split(';');
  const refusal = managed.get(base.toLowerCase());
  if (refusal !== undefined) return refusal;
  return { ...(byName.get(base.toLowerCase()) ?? target(base)), name };
};

export const knownAttributes: readonly ConnectorTarget[] = known;
