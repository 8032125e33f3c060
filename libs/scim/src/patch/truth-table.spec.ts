import { describe, expect, it } from '@jest/globals';
import {
  type JsonObject,
  type ScimType,
  ScimProblem,
  parsePatch,
  patchSchema,
  profiles,
  userSchema,
  userType,
} from '../index.ts';
import { patched } from '../testing/index.ts';

/** RFC 7644 §3.5.2 row by row, as `idp-wire.md` §1.8 sums it up. */

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const ines: JsonObject = {
  schemas: [userSchema.id, enterprise],
  id: 'u-7',
  userName: 'ines@elm.example',
  name: { givenName: 'Ines', familyName: 'Prado' },
  emails: [
    { type: 'work', value: 'ines@elm.example', primary: true },
    { type: 'home', value: 'ines@home.example' },
  ],
  phoneNumbers: [{ type: 'work', value: '+34 600' }],
  [enterprise]: { department: 'Ovens', manager: { value: 'u-1', $ref: '../Users/u-1' } },
};

const patch = (...operations: JsonObject[]) => patched(userType, ines, operations);
const strictly = (...operations: JsonObject[]) => patched(userType, ines, operations, profiles.strict);

const refusal = (act: () => unknown): [number, ScimType | undefined] => {
  try {
    act();
  } catch (error) {
    if (error instanceof ScimProblem) return [error.status, error.scimType];
    throw error;
  }
  throw new Error('It was not refused.');
};

describe('add', () => {
  it('without a path merges the value attribute by attribute', () => {
    const { resource, changed } = patch({
      op: 'add',
      value: { title: 'Baker', emails: [{ type: 'other', value: 'i@x.example' }], name: { middleName: 'Sol' } },
    });
    expect(changed).toEqual(['name', 'title', 'emails']);
    expect(resource).toMatchObject({
      title: 'Baker',
      name: { givenName: 'Ines', familyName: 'Prado', middleName: 'Sol' },
    });
    expect(resource.emails).toHaveLength(3);
  });

  it('without a path merges an extension by its URN and lists its schema', () => {
    const bare = { schemas: [userSchema.id], userName: 'jo@elm.example' };
    const { resource } = patched(userType, bare, [{ op: 'add', value: { [enterprise]: { costCenter: '12' } } }]);
    expect(resource).toEqual({
      schemas: [userSchema.id, enterprise],
      userName: 'jo@elm.example',
      [enterprise]: { costCenter: '12' },
    });
    expect(patch({ op: 'add', value: { [enterprise]: { costCenter: '12' } } }).resource[enterprise]).toMatchObject({
      department: 'Ovens',
      costCenter: '12',
    });
  });

  it('sets a simple attribute, absent or present', () => {
    expect(patch({ op: 'add', path: 'title', value: 'Baker' }).resource.title).toBe('Baker');
    expect(patch({ op: 'add', path: 'userName', value: 'prado@elm.example' }).resource.userName).toBe(
      'prado@elm.example',
    );
  });

  it('changes nothing with an equal value', () => {
    const { resource, changed } = patch({ op: 'add', path: 'userName', value: 'ines@elm.example' });
    expect(changed).toEqual([]);
    expect(resource).toBe(ines);
  });

  it.each([
    ['an array', [{ type: 'other', value: 'i@x.example' }]],
    ['a single object', { type: 'other', value: 'i@x.example' }],
  ])('appends %s to a multi-valued attribute', (_, value) => {
    expect(patch({ op: 'add', path: 'emails', value }).resource.emails).toEqual([
      ...(ines.emails as JsonObject[]),
      { type: 'other', value: 'i@x.example' },
    ]);
  });

  it('skips values that are there, also when they say less', () => {
    expect(
      patch({
        op: 'add',
        path: 'emails',
        value: [{ type: 'work', value: 'ines@elm.example' }, { value: 'ines@home.example' }],
      }).changed,
    ).toEqual([]);
  });

  it('takes the primary flag from the others', () => {
    const { resource } = patch({
      op: 'add',
      path: 'emails',
      value: [{ type: 'other', value: 'i@x.example', primary: true }],
    });
    expect((resource.emails as JsonObject[]).map(({ primary }) => primary)).toEqual([false, undefined, true]);
  });

  it('takes the primary flag from a value that it names without it as well', () => {
    const emails: JsonObject[] = [
      { type: 'work', value: 'a@x.example' },
      { type: 'home', value: 'b@x.example', primary: true },
    ];
    const add: JsonObject = {
      op: 'add',
      path: 'emails',
      value: [
        { type: 'home', value: 'b@x.example' },
        { type: 'work', value: 'a@x.example', primary: true },
      ],
    };
    for (const profile of [profiles.generic, profiles.strict])
      expect(
        (patched(userType, { ...ines, emails }, [add], profile).resource.emails as JsonObject[]).map(
          ({ primary }) => primary,
        ),
      ).toEqual([true, false]);
  });

  it('merges sub-attributes into a complex attribute', () => {
    expect(patch({ op: 'add', path: 'name', value: { middleName: 'Sol' } }).resource.name).toEqual({
      givenName: 'Ines',
      familyName: 'Prado',
      middleName: 'Sol',
    });
  });

  it('makes the element that a filter describes when none matches (Entra, E8)', () => {
    const { resource } = patch({
      op: 'add',
      path: 'addresses[type eq "work" and primary eq true].locality',
      value: 'Vigo',
    });
    expect(resource.addresses).toEqual([{ type: 'work', primary: true, locality: 'Vigo' }]);
  });

  it('answers noTarget instead where the connection is strict (C1), or the filter is no conjunction of eq', () => {
    expect(refusal(() => strictly({ op: 'add', path: 'addresses[type eq "work"].locality', value: 'Vigo' }))).toEqual([
      400,
      'noTarget',
    ]);
    expect(refusal(() => patch({ op: 'add', path: 'emails[type eq "x" or type eq "y"].value', value: 'a' }))).toEqual([
      400,
      'noTarget',
    ]);
    expect(refusal(() => patch({ op: 'add', path: 'emails[value co "z"].display', value: 'a' }))).toEqual([
      400,
      'noTarget',
    ]);
    expect(refusal(() => patch({ op: 'add', path: 'emails[type eq "x" and type eq "y"].value', value: 'a' }))).toEqual([
      400,
      'noTarget',
    ]);
  });
});

describe('replace', () => {
  it('without a path replaces each key', () => {
    const { resource, changed } = patch({ op: 'replace', value: { userName: 'p@elm.example', phoneNumbers: [] } });
    expect(changed).toEqual(['userName', 'phoneNumbers']);
    expect(resource).not.toHaveProperty('phoneNumbers');
  });

  it('of an absent attribute adds it', () => {
    expect(patch({ op: 'replace', path: 'nickName', value: 'Nes' }).resource.nickName).toBe('Nes');
  });

  it('of a complex attribute leaves what is not mentioned', () => {
    expect(patch({ op: 'replace', path: 'name', value: { familyName: 'Sanz' } }).resource.name).toEqual({
      givenName: 'Ines',
      familyName: 'Sanz',
    });
  });

  it('of a multi-valued attribute replaces the whole set', () => {
    expect(patch({ op: 'replace', path: 'emails', value: [{ value: 'new@elm.example' }] }).resource.emails).toEqual([
      { value: 'new@elm.example' },
    ]);
  });

  it('changes nothing when the set is the same in another order', () => {
    expect(
      patch({ op: 'replace', path: 'emails', value: [...(ines.emails as JsonObject[])].reverse() }).changed,
    ).toEqual([]);
  });

  it('of filtered values replaces every match, or its sub-attribute', () => {
    const both = 'emails[value ew ".example"]';
    expect(patch({ op: 'replace', path: `${both}.display`, value: 'Ines' }).resource.emails).toEqual(
      (ines.emails as JsonObject[]).map((one) => ({ ...one, display: 'Ines' })),
    );
    expect(
      patch({ op: 'replace', path: 'emails[type eq "home"]', value: { type: 'other', value: 'o@elm.example' } })
        .resource.emails,
    ).toEqual([(ines.emails as JsonObject[])[0], { type: 'other', value: 'o@elm.example' }]);
    const again = { op: 'replace', path: 'emails[type eq "home"]', value: { value: 'o@elm.example' } };
    expect(patch(again, again).resource.emails).toEqual([
      (ines.emails as JsonObject[])[0],
      { type: 'home', value: 'o@elm.example' },
    ]);
  });

  it('of filtered values with the same makes one of them (RFC 7643 §2.4)', () => {
    const emails = [
      { type: 'work', value: 'a@x.example' },
      { type: 'work', value: 'b@x.example' },
    ];
    expect(
      patched(userType, { ...ines, emails }, [
        { op: 'replace', path: 'emails[type eq "work"]', value: { type: 'work', value: 'c@x.example' } },
      ]).resource.emails,
    ).toEqual([{ type: 'work', value: 'c@x.example' }]);
  });

  it('of filtered values without a match: noTarget when strict, otherwise created (C1)', () => {
    const operation = { op: 'replace', path: 'phoneNumbers[type eq "mobile"].value', value: '+34 611' };
    expect(refusal(() => strictly(operation))).toEqual([400, 'noTarget']);
    expect(patch(operation).resource.phoneNumbers).toEqual([
      { type: 'work', value: '+34 600' },
      { type: 'mobile', value: '+34 611' },
    ]);
  });

  it.each([null, '', []])('with %j unassigns', (value) => {
    expect(patch({ op: 'replace', path: `${enterprise}:department`, value }).resource[enterprise]).toEqual({
      manager: { value: 'u-1', $ref: '../Users/u-1' },
    });
  });

  it('of a required attribute with nothing is refused', () => {
    expect(refusal(() => patch({ op: 'replace', path: 'userName', value: '' }))).toEqual([400, 'invalidValue']);
  });

  it('of a reference forgets the $ref of the one before', () => {
    expect(
      patch({ op: 'replace', path: `${enterprise}:manager`, value: { value: 'u-2' } }).resource[enterprise],
    ).toMatchObject({ manager: { value: 'u-2' } });
    expect(
      (patch({ op: 'replace', path: `${enterprise}:manager.value`, value: 'u-2' }).resource[enterprise] as JsonObject)
        .manager,
    ).toEqual({ value: 'u-2' });
  });
});

describe('remove', () => {
  it('without a path has no target', () => {
    expect(refusal(() => patch({ op: 'remove' }))).toEqual([400, 'noTarget']);
  });

  it('unassigns an attribute, all values of it', () => {
    expect(patch({ op: 'remove', path: 'emails' })).toMatchObject({ changed: ['emails'] });
    expect(patch({ op: 'remove', path: 'emails', value: '' })).toMatchObject({ changed: ['emails'] });
    expect(patch({ op: 'remove', path: 'name.givenName' }).resource.name).toEqual({ familyName: 'Prado' });
    expect(patch({ op: 'remove', path: 'title' }).changed).toEqual([]);
  });

  it.each(['userName', 'id', 'meta', 'groups', `${enterprise}:manager.displayName`])(
    'refuses %s: required or read-only',
    (path) => {
      expect(refusal(() => patch({ op: 'remove', path }))).toEqual([400, 'mutability']);
    },
  );

  it('drops the elements that match, and with the last one the attribute', () => {
    expect(patch({ op: 'remove', path: 'emails[type eq "home"]' }).resource.emails).toEqual([
      (ines.emails as JsonObject[])[0],
    ]);
    expect(patch({ op: 'remove', path: 'phoneNumbers[type eq "work"]' }).resource).not.toHaveProperty('phoneNumbers');
  });

  it('succeeds without a change when nothing matches (C6)', () => {
    expect(patch({ op: 'remove', path: 'emails[type eq "fax"]' })).toEqual({ resource: ines, changed: [] });
  });

  it('drops only the sub-attribute, and the element that says nothing without it', () => {
    expect(patch({ op: 'remove', path: 'emails[type eq "work"].primary' }).resource.emails).toEqual([
      { type: 'work', value: 'ines@elm.example' },
      { type: 'home', value: 'ines@home.example' },
    ]);
    expect(patch({ op: 'remove', path: 'emails[type eq "work"].value' }).resource.emails).toEqual([
      { type: 'home', value: 'ines@home.example' },
    ]);
  });

  it('of a whole extension takes its attributes and its schema', () => {
    const { resource, changed } = patch({ op: 'remove', path: enterprise });
    expect(resource.schemas).toEqual([userSchema.id]);
    expect(changed).toEqual([`${enterprise}:department`, `${enterprise}:manager`]);
  });
});

describe('any operation', () => {
  it('on a read-only attribute is refused, but an echo among others is ignored (O5, O8)', () => {
    expect(refusal(() => patch({ op: 'replace', path: 'id', value: 'u-8' }))).toEqual([400, 'mutability']);
    const echo = {
      op: 'replace',
      value: { id: 'u-7', meta: { version: 'W/"3"' }, groups: [], schemas: [], displayName: 'Ines P.' },
    };
    expect(patch(echo).changed).toEqual(['displayName']);
    expect(refusal(() => strictly(echo))).toEqual([400, 'mutability']);
  });

  it.each([
    'emails[',
    'emails[type eq]',
    'emails[type eq "work"',
    'emails[type eq "work"].',
    'emails[type eq "work"] value',
    'na me',
    'name[givenName eq "x"]',
    'emails[shape eq "x"]',
    '%zz%20x',
    '%ff',
    '"x"',
  ])('refuses the malformed path %j', (path) => {
    expect(refusal(() => patch({ op: 'replace', path, value: 'x' }))).toEqual([400, 'invalidPath']);
  });

  it.each(['name.', '.name', 'name..givenName', 'name.givenName.x', '1st', '-x', 'emails/0', 'urn:'])(
    'refuses %j, which is no path of RFC 7644 §3.5.2, though nothing is known by it',
    (path) => {
      expect(refusal(() => patch({ op: 'replace', path, value: 'x' }))).toEqual([400, 'invalidPath']);
      expect(patch({ op: 'replace', value: { [path]: 'x' } }).changed).toEqual([]);
    },
  );

  it.each([
    'badge',
    '/badge',
    'badge.$ref',
    'badge[type eq "work"].value',
    'http://schemas.example/2006/11/ADSCIM/2.0/Group',
    'urn:example:acme:2.0:User',
  ])('ignores %j, which is a path that leads nowhere (C3)', (path) => {
    expect(patch({ op: 'replace', path, value: 'x' }).changed).toEqual([]);
  });

  it('on an unknown attribute is ignored, or refused where the connection is strict (C3)', () => {
    expect(patch({ op: 'add', path: 'urn:example:acme:2.0:User:badge', value: '9' }).changed).toEqual([]);
    expect(refusal(() => strictly({ op: 'add', path: 'badge', value: '9' }))).toEqual([400, 'invalidPath']);
  });

  it('with two primary values is refused when strict; otherwise the last wins', () => {
    const operation = {
      op: 'add',
      path: 'emails',
      value: [
        { value: 'a@x.example', primary: true },
        { value: 'b@x.example', primary: true },
      ],
    };
    expect(refusal(() => strictly(operation))).toEqual([400, 'invalidValue']);
    expect((patch(operation).resource.emails as JsonObject[]).filter(({ primary }) => primary)).toEqual([
      { value: 'b@x.example', primary: true },
    ]);
  });

  it.each([
    ['no operations', { schemas: [patchSchema] }, 'invalidSyntax'],
    ['operations that are no array', { schemas: [patchSchema], Operations: {} }, 'invalidSyntax'],
    [
      'another message',
      { schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations: [] },
      'invalidSyntax',
    ],
  ])('needs an envelope: %s', (_, body, scimType) => {
    expect(refusal(() => parsePatch(userType, body, profiles.generic))).toEqual([400, scimType]);
  });

  it.each([
    [{ op: 'move', path: 'title', value: 'x' }, 'invalidSyntax'],
    [{ path: 'title', value: 'x' }, 'invalidSyntax'],
    [{ op: 'add', path: 'title' }, 'invalidValue'],
    [{ op: 'add', path: 7, value: 'x' }, 'invalidPath'],
    [{ op: 'add', value: 'x' }, 'invalidValue'],
    [{ op: 'replace', path: 'active', value: 'perhaps' }, 'invalidValue'],
    [{ op: 'replace', path: 'emails', value: [[{ value: 'x' }]] }, 'invalidValue'],
  ] as [JsonObject, string][])('%j is refused', (operation, scimType) => {
    expect(refusal(() => patch(operation))).toEqual([400, scimType]);
  });

  it('is applied in sequence, all or none, and leaves what it was given alone', () => {
    const before = JSON.stringify(ines);
    const { resource } = patch(
      { op: 'add', path: 'title', value: 'Baker' },
      { op: 'replace', path: 'title', value: 'Cook' },
      { op: 'remove', path: 'emails' },
      { op: 'add', path: 'emails', value: [{ value: 'x@x.example' }] },
    );
    expect(resource).toMatchObject({ title: 'Cook', emails: [{ value: 'x@x.example' }] });
    expect(
      refusal(() => patch({ op: 'add', path: 'title', value: 'Baker' }, { op: 'remove', path: 'userName' })),
    ).toEqual([400, 'mutability']);
    expect(JSON.stringify(ines)).toBe(before);
  });

  it('is refused when together they would go through too many values', () => {
    const roles = Array.from({ length: 5_000 }, (_, at) => ({ value: `r${at}` }));
    const operations = Array.from({ length: 50 }, (_, at) => ({ op: 'remove', path: `roles[value eq "x${at}"]` }));
    expect(() => patched(userType, { ...ines, roles }, operations)).toThrow(expect.objectContaining({ status: 413 }));
  });

  it('that is undone by a later one is no change', () => {
    expect(patch({ op: 'add', path: 'title', value: 'Baker' }, { op: 'remove', path: 'title' })).toEqual({
      resource: ines,
      changed: [],
    });
  });
});
