import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type Filter,
  type JsonObject,
  ScimProblem,
  containment,
  groupType,
  matches,
  parseFilter,
  printFilter,
  profiles,
  searchDocument,
  userType,
} from '../index.ts';
import { comparisons, filters } from '../testing/arbitraries.ts';

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const lea: JsonObject = {
  schemas: [userType.schema.id, enterprise],
  id: 'Xy-1',
  externalId: 'Ext-1',
  userName: 'Lea.Braun@oak.example',
  displayName: 'Léa "the" Braun',
  active: true,
  title: 'Baker',
  name: { familyName: 'Braun' },
  emails: [
    { type: 'work', value: 'lea@oak.example', primary: true },
    { type: 'home', value: 'lea@home.example' },
  ],
  roles: [{ value: 'ADMIN', primary: true }],
  x509Certificates: [{ value: 'QUJD' }],
  meta: { created: '2026-01-05T10:00:00+01:00', lastModified: '2026-02-01T00:00:00.1234567Z' },
  [enterprise]: { department: 'Ovens', employeeNumber: '00417', manager: { value: 'Boss-1' } },
};

const holds = (text: string, dialect = profiles.generic) => matches(parseFilter(text, userType, dialect), lea);

const complaint = (text: string, dialect = profiles.generic): string => {
  try {
    parseFilter(text, userType, dialect);
  } catch (error) {
    if (error instanceof ScimProblem && error.scimType === 'invalidFilter') return error.detail;
    throw error;
  }
  throw new Error(`"${text}" was accepted.`);
};

describe('a filter', () => {
  it.each([
    'userName eq "LEA.braun@oak.example"',
    'userName Eq "lea.braun@oak.example"',
    'USERNAME eq "lea.braun@oak.example"',
    `${userType.schema.id}:userName sw "LEA"`,
    'displayName co "\\"THE\\""',
    'displayName eq "L\\u00e9a \\"the\\" Braun"',
    'name.familyName ew "AUN"',
    'title pr',
    'name pr',
    'emails pr',
    'title ne "Cook"',
    'nickName ne "x"',
    'nickName eq null',
    'title ne null',
    'not (nickName pr)',
    'not(nickName pr)and(title pr)',
    'title gt "Aaa" and title lt "C" and title ge "baker" and title le "BAKER"',
    'emails co "oak"',
    'emails.type eq "home"',
    'emails[type eq "work" and value co "@OAK.example"]',
    'emails[type eq "work"].value eq "lea@oak.example"',
    'emails[type eq "work"].value pr',
    'emails[not (type eq "work")].value ew "home.example"',
    'emails[type eq"home"]',
    'roles[primary eq "True"].value eq "admin"',
    'active eq true',
    'active eq "True"',
    'active eq True',
    'active ne false',
    'id eq "Xy-1"',
    'meta.created eq "2026-01-05T09:00:00Z"',
    'meta.created ge "2026-01-05T09:00:00.0000000Z" and meta.created lt "2026-01-05T09:00:00.0000001Z"',
    'meta.lastModified gt "2026-02-01T00:00:00.1234566Z"',
    'meta.lastModified lt "2026-02-01T00:00:00.1234568Z"',
    'ActiVe eq true and (meta.lastModified ge "0001-01-03T00:00:00.0000000Z" and meta.lastModified le "2026-03-01T00:00:00Z")',
    `${enterprise}:department eq "ovens"`,
    `${enterprise}:manager.value eq "Boss-1"`,
    `${enterprise}:manager eq "Boss-1"`,
    'id eq "Xy-1" and manager eq "Boss-1"',
    'urn:scim:schemas:extension:enterprise:1.0:department eq "ovens"',
    'schemas eq "urn:ietf:params:scim:schemas:core:2.0:user"',
    'x509Certificates.value eq "QUJD"',
    'title eq "x" or title eq "Baker" and active eq true',
    '(title eq "Baker" or title eq "x") and not (active eq false)',
  ])('holds: %s', (text) => expect(holds(text)).toBe(true));

  it.each([
    'emails[type eq "home" and value co "@oak.example"]',
    'emails[type eq "home"].value eq "lea@oak.example"',
    'id eq "xy-1"',
    'externalId eq "ext-1"',
    'x509Certificates.value eq "qujd"',
    'nickName pr',
    'nickName eq "x"',
    'nickName gt "x"',
    'addresses pr',
    'title eq null',
    'title eq "Baker" and nickName pr or active eq false',
    'not (title eq "Baker" or nickName pr)',
    'photos[value eq null]',
  ])('does not hold: %s', (text) => expect(holds(text)).toBe(false));

  it.each([
    ['', 'An attribute expected at character 1.'],
    ['userName', 'An operator expected after "userName" at character 9.'],
    ['userName is "x"', 'An operator expected after "userName" at character 10.'],
    ['userName eq', 'A value expected at character 12.'],
    ['userName eq lea', 'A string needs quotes at character 13.'],
    ["userName eq 'lea'", 'A string needs quotes at character 13.'],
    ['userName eq "lea', 'A string without its closing quote at character 13.'],
    ['userName eq "\\q"', 'A string that is not valid JSON at character 13.'],
    ['userName eq "a\\u0000"', 'A string with characters that no value has at character 13.'],
    ['userName eq "a\ud800"', 'There are characters in it that no value has.'],
    ['userName eq 7', '"userName" is compared with a string at character 13.'],
    ['nope eq "x"', '"nope" is not an attribute at character 1.'],
    ['title pr and nope.sub eq "x"', '"nope.sub" is not an attribute at character 14.'],
    ['active gt true', '"gt" cannot be used with "active" at character 11.'],
    ['active co "t"', '"co" cannot be used with "active" at character 11.'],
    ['active eq "x"', '"active" is compared with true or false at character 11.'],
    ['x509Certificates.value gt "x"', '"gt" cannot be used with "x509Certificates.value" at character 27.'],
    ['meta.created gt "yesterday"', '"meta.created" is compared with a dateTime at character 17.'],
    ['meta.created co "2026"', '"co" cannot be used with "meta.created" at character 17.'],
    ['title gt null', '"gt" cannot be used with null at character 10.'],
    ['name eq "x"', '"name" is complex: name the sub-attribute to compare at character 9.'],
    ['name[familyName eq "x"]', '"name" is not multi-valued at character 1.'],
    ['emails.value[x eq "y"]', '"emails.value" is not multi-valued at character 1.'],
    ['emails[type eq "work"', '"]" expected at character 22.'],
    ['emails[shape eq "x"]', '"shape" is not an attribute at character 8.'],
    ['emails[type eq "work"].shape pr', '"emails" has no "shape" at character 24.'],
    ['(title pr', '")" expected at character 10.'],
    ['title pr)', '"and", "or" or the end expected at character 9.'],
    ['not title pr', '"(" expected at character 5.'],
    ['title pr xor active pr', '"and", "or" or the end expected at character 10.'],
    ['password eq "x"', '"password" cannot be filtered by at character 1.'],
    ['__proto__ eq "x"', '"__proto__" is not an attribute at character 1.'],
    ['constructor.name eq "Object"', '"constructor.name" is not an attribute at character 1.'],
  ])('%j is refused: %s', (text, detail) => expect(complaint(text)).toBe(detail));

  it('has limits in length, depth and number of conditions', () => {
    expect(complaint(`title eq "${'x'.repeat(9_000)}"`)).toBe('Longer than 8192 characters.');
    expect(complaint(`${'('.repeat(30)}title pr${')'.repeat(30)}`)).toContain('Nested deeper than 20');
    expect(complaint(Array.from({ length: 201 }, () => 'title pr').join(' or '))).toContain('More than 200 conditions');
  });

  it('P2, C12 knows `email` and finds nothing for unknown attributes where the connection says so', () => {
    expect(holds('email Co "OAK"', profiles.ping)).toBe(true);
    expect(parseFilter('nope eq "x"', userType, profiles.ping)).toEqual({ op: 'constant', value: false });
    expect(parseFilter('nope[type eq "x"].value eq "y"', userType, profiles.ping)).toEqual({
      op: 'constant',
      value: false,
    });
    expect(complaint('email co "x"')).toContain('"email" is not an attribute');
    expect(() => parseFilter('password eq "x"', userType, profiles.ping)).toThrow(ScimProblem);
  });

  it('C15 takes values without quotes only by flag', () => {
    const lax = { ...profiles.generic, unquotedFilterValues: true };
    expect(holds('userName eq Lea.Braun@oak.example', lax)).toBe(true);
    expect(holds(`${enterprise}:employeeNumber eq 00417`, lax)).toBe(true);
  });

  it('to the letter takes no booleans in quotes and no bare names of extensions', () => {
    expect(complaint('active eq "True"', profiles.strict)).toContain('true or false');
    expect(complaint('manager eq "x"', profiles.strict)).toContain('not an attribute');
  });

  it('at the root asks several types; what one lacks has no value there', () => {
    const at = (text: string, resource: JsonObject) =>
      matches(parseFilter(text, [userType, groupType], profiles.generic), resource);
    const bakers = { schemas: [groupType.schema.id], displayName: 'Bakers', members: [{ value: 'u-1' }] };
    expect(at('displayName eq "bakers"', bakers)).toBe(true);
    expect(at('userName pr', bakers)).toBe(false);
    expect(at('members[value eq "u-1"]', bakers)).toBe(true);
    expect(at('nothing.known eq "x"', bakers)).toBe(false);
    expect(at(`${userType.schema.id}:displayName eq "bakers"`, bakers)).toBe(false);
    expect(at(`${groupType.schema.id}:displayName eq "bakers"`, bakers)).toBe(true);
  });

  it('is plain JSON, and says canonically what it compares', () => {
    const filter = parseFilter('EMAILS[Type eq "work"].VALUE Eq "x"', userType, profiles.generic);
    expect(JSON.parse(JSON.stringify(filter))).toEqual(filter);
    expect(printFilter(filter)).toBe('emails[type eq "work" and value eq "x"]');
    expect(parseFilter('manager eq "x"', userType, profiles.generic)).toEqual({
      op: 'eq',
      attribute: { path: `${enterprise}:manager.value`, type: 'string', caseExact: true, multiValued: false },
      value: 'x',
    });
  });

  it('printed and parsed is the same', () => {
    fc.assert(
      fc.property(filters, (filter) =>
        expect(parseFilter(printFilter(filter), userType, profiles.strict)).toEqual(filter),
      ),
    );
  });

  it('never fails with anything but a ScimProblem', () => {
    const pieces = fc.constantFrom(
      'userName',
      'emails',
      '[',
      ']',
      '(',
      ')',
      '"',
      '"x"',
      ' ',
      'eq',
      'and',
      'not',
      'or',
      'pr',
      '.',
      ':',
      '\\',
      'value',
      '__proto__',
      'true',
      '7',
      'urn:x:2.0',
      '\u0000',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces, { maxLength: 20 }).map((list) => list.join('')),
        ),
        (text) => {
          try {
            matches(parseFilter(text, userType, profiles.ping), lea);
          } catch (error) {
            expect(error).toBeInstanceOf(ScimProblem);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('the search form', () => {
  it('is folded unless case matters, with instants in UTC and no secrets', () => {
    expect(searchDocument(userType, { ...lea, password: 'x' })).toMatchObject({
      id: 'Xy-1',
      userName: 'lea.braun@oak.example',
      displayName: 'léa "the" braun',
      emails: [{ type: 'work', value: 'lea@oak.example', primary: true }, { type: 'home' }],
      meta: { created: '2026-01-05T09:00:00.000000000Z', lastModified: '2026-02-01T00:00:00.123456700Z' },
      [enterprise]: { department: 'ovens', manager: { value: 'Boss-1' } },
    });
    expect(searchDocument(userType, { ...lea, password: 'x' })).not.toHaveProperty('password');
  });

  it.each<[string, JsonObject | undefined]>([
    ['userName eq "LEA"', { userName: 'lea' }],
    ['active eq true', { active: true }],
    ['name.givenName eq "Lea"', { name: { givenName: 'lea' } }],
    ['emails.value eq "A@x"', { emails: [{ value: 'a@x' }] }],
    ['emails[type eq "work" and value eq "A@x"]', { emails: [{ type: 'work', value: 'a@x' }] }],
    ['emails.type eq "work" and emails.value eq "a@x"', { emails: [{ type: 'work' }, { value: 'a@x' }] }],
    [`${enterprise}:manager eq "Boss-1"`, { [enterprise]: { manager: { value: 'Boss-1' } } }],
    [
      `${enterprise}:department eq "X" and ${enterprise}:division eq "Y"`,
      { [enterprise]: { department: 'x', division: 'y' } },
    ],
    ['schemas eq "urn:X"', { schemas: ['urn:x'] }],
    ['title eq "a" and title eq "b"', undefined],
    ['title eq null', undefined],
    ['title co "a"', undefined],
    ['title eq "a" and title co "b"', undefined],
    ['title eq "a" or title eq "b"', undefined],
    ['emails[type eq "a" and type eq "b"]', undefined],
    ['not (title eq "a")', undefined],
  ])('%s is contained as %j', (text, expected) => {
    expect(containment(parseFilter(text, userType, profiles.generic))).toEqual(expected);
  });

  /** PostgreSQL's `@>` on jsonb, as far as SCIM's shapes go. */
  const contains = (document: unknown, wanted: unknown): boolean => {
    if (Array.isArray(wanted))
      return Array.isArray(document) && wanted.every((one) => document.some((element) => contains(element, one)));
    if (typeof wanted !== 'object' || wanted === null) return document === wanted;
    return (
      typeof document === 'object' &&
      document !== null &&
      Object.entries(wanted).every(([name, one]) => contains((document as JsonObject)[name], one))
    );
  };

  it('contains what a filter asks for exactly when the filter matches', () => {
    const conjunction: fc.Arbitrary<Filter> = fc
      .array(comparisons, { minLength: 2, maxLength: 3 })
      .map((list) => ({ op: 'and', filters: list }));
    fc.assert(
      fc.property(fc.oneof(comparisons, conjunction), (filter) => {
        const wanted = containment(filter);
        if (wanted) expect(contains(searchDocument(userType, lea), wanted)).toBe(matches(filter, lea));
      }),
      { numRuns: 1_000 },
    );
  });
});
