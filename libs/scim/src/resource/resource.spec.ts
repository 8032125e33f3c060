import { describe, expect, it } from '@jest/globals';
import {
  type JsonObject,
  ScimProblem,
  type ScimType,
  groupType,
  parseBody,
  parseResource,
  pathsOf,
  profiles,
  replaceResource,
  tenureUserSchema,
  userSchema,
  userType,
  withoutHidden,
} from '../index.ts';
import { ownType } from '../testing/index.ts';

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const minimal = { schemas: [userSchema.id], userName: 'kai@ash.example' };

const parse = (body: unknown, settings = profiles.generic) => parseResource(userType, body, settings);
const strictly = (body: unknown) => parse(body, profiles.strict);

const refusal = (act: () => unknown): ScimType | undefined => {
  try {
    act();
  } catch (error) {
    if (error instanceof ScimProblem && error.status === 400) return error.scimType;
    throw error;
  }
  throw new Error('It was not refused.');
};

describe('the body of a POST', () => {
  it('gets canonical names, whatever the case of its own', () => {
    const { resource } = parse({
      Schemas: [userSchema.id.toUpperCase()],
      USERNAME: 'kai@ash.example',
      name: { GivenName: 'Kai' },
      [enterprise.toLowerCase()]: { DEPARTMENT: 'Logs' },
    });
    expect(resource).toEqual({
      schemas: [userSchema.id, enterprise],
      userName: 'kai@ash.example',
      name: { givenName: 'Kai' },
      [enterprise]: { department: 'Logs' },
    });
  });

  it('parses to the same when parsed again', () => {
    const { resource } = parse({ ...minimal, active: 'True', emails: { value: 'a@x.example' }, manager: 'u-1' });
    expect(parse(resource)).toEqual({ resource, notes: [] });
  });

  it('drops nulls, empty lists and what clients may not set', () => {
    expect(
      parse({
        ...minimal,
        id: 'mine',
        meta: { version: 'x' },
        groups: [{ value: 'g' }],
        title: null,
        emails: [],
        roles: [null, {}],
        name: { givenName: null },
      }).resource,
    ).toEqual(minimal);
    expect(
      parse({ ...minimal, [tenureUserSchema.id]: { accountType: 'managed', archived: 'False' } }).resource,
    ).toMatchObject({ [tenureUserSchema.id]: { archived: false } });
  });

  it('must have what is required', () => {
    expect(refusal(() => parse({ schemas: [userSchema.id] }))).toBe('invalidValue');
    expect(refusal(() => parse({ ...minimal, userName: '' }))).toBe('invalidValue');
    expect(refusal(() => strictly({ ...minimal, userName: '' }))).toBe('invalidValue');
    expect(refusal(() => parseResource(groupType, { schemas: [groupType.schema.id] }, profiles.generic))).toBe(
      'invalidValue',
    );
  });

  it('has one primary value at most: the last, or none when strict', () => {
    const emails = [
      { value: 'a@x.example', primary: true },
      { value: 'b@x.example', primary: true },
    ];
    expect(parse({ ...minimal, emails })).toEqual({
      resource: {
        ...minimal,
        emails: [
          { value: 'a@x.example', primary: false },
          { value: 'b@x.example', primary: true },
        ],
      },
      notes: [{ code: 'second-primary', attribute: 'emails' }],
    });
    expect(refusal(() => strictly({ ...minimal, emails }))).toBe('invalidValue');
  });

  it('keeps each value of a list once', () => {
    expect(parse({ ...minimal, roles: [{ value: 'A' }, { value: 'A' }, { value: 'B' }] }).resource.roles).toEqual([
      { value: 'A' },
      { value: 'B' },
    ]);
  });

  it.each<[string, JsonObject, string]>([
    ['an unknown attribute (C3)', { shoeSize: 43 }, 'unknown-attribute'],
    ['an unknown sub-attribute', { name: { nick: 'K' } }, 'unknown-attribute'],
    ['an unknown extension', { 'urn:example:x': { a: 1 } }, 'unknown-attribute'],
    ['booleans as text (C7)', { active: 'TRUE' }, 'boolean-as-string'],
    ['a number for a string', { title: 7 }, 'number-as-string'],
    ['an object for a list (L4)', { emails: { value: 'a@x.example' } }, 'single-as-list'],
    ['text for an object', { emails: ['a@x.example'] }, 'plain-value'],
    ['a wrapped value (E26)', { displayName: [{ value: 'Kai' }] }, 'wrapped-value'],
    ['a bare name of an extension (E10)', { department: 'Logs' }, 'bare-extension-attribute'],
    ['an object of the core schema', { [userSchema.id]: { title: 'Cook' } }, 'core-as-extension'],
  ])('may have %s, which is noted; to the letter it is refused', (_, oddity, code) => {
    const { notes } = parse({ ...minimal, ...oddity });
    expect(notes.map((one) => one.code)).toEqual([code]);
    expect(JSON.stringify(notes)).not.toMatch(/43|Kai|a@x|TRUE/);
    if (code !== 'boolean-as-string') expect(refusal(() => strictly({ ...minimal, ...oddity }))).toBe('invalidValue');
  });

  it.each<JsonObject>([
    { active: 'yes' },
    { active: 1 },
    { name: 'Kai' },
    { emails: [['a']] },
    { title: { a: 1 } },
    { title: { value: 'Cook', type: 'work' } },
    { title: ['a', 'b'] },
    { title: true },
    { [enterprise]: 'x' },
    { userName: 'a', USERname: 'b' },
  ])('must fit its schema: %j is refused', (oddity) => {
    expect(['invalidValue', 'invalidSyntax']).toContain(refusal(() => parse({ ...minimal, ...oddity })));
  });

  it('has base64 where the schema says binary, when read to the letter (RFC 7643 §2.3.6)', () => {
    const certificate = (value: string) => ({ ...minimal, x509Certificates: [{ value }] });
    for (const value of ['aGk=', 'aGk', 'aGkh', '']) expect(strictly(certificate(value)).notes).toEqual([]);
    for (const value of ['-12.1', 'aGk!', 'a', 'aG=k']) {
      expect(refusal(() => strictly(certificate(value)))).toBe('invalidValue');
      expect(parse(certificate(value)).resource).toEqual(certificate(value));
    }
  });

  it('means the same where what is of the core schema stands in an object of its name', () => {
    const { userName, schemas } = minimal;
    expect(
      parse({ schemas, [userSchema.id.toUpperCase()]: { USERNAME: userName, emails: [{ value: 'a@x.example' }] } })
        .resource,
    ).toEqual({ ...minimal, emails: [{ value: 'a@x.example' }] });
    expect(refusal(() => parse({ ...minimal, [userSchema.id]: { userName } }))).toBe('invalidSyntax');
  });

  it('names its schemas; to the letter ours and only ours', () => {
    expect(parse({ userName: 'kai@ash.example' }).notes).toEqual([{ code: 'missing-schemas', attribute: 'schemas' }]);
    expect(refusal(() => strictly({ userName: 'kai@ash.example' }))).toBe('invalidSyntax');
    expect(refusal(() => strictly({ ...minimal, schemas: [userSchema.id, 'urn:x'] }))).toBe('invalidValue');
    expect(refusal(() => strictly({ ...minimal, schemas: [enterprise] }))).toBe('invalidValue');
    expect(strictly({ ...minimal, schemas: [userSchema.id, enterprise] })).toEqual({ resource: minimal, notes: [] });
  });

  it('names no schema twice, in whatever case, when read to the letter (RFC 7643 §3)', () => {
    const twice = { ...minimal, schemas: [userSchema.id, userSchema.id.toUpperCase()] };
    expect(refusal(() => strictly(twice))).toBe('invalidValue');
    expect(parse(twice)).toEqual({ resource: minimal, notes: [] });
  });

  it('may not write the extension of Tenure where the connection forbids it', () => {
    const body = { ...minimal, [tenureUserSchema.id]: { orgUnitPath: '/Logs' } };
    expect(parse(body, { ...profiles.generic, tenureExtension: false })).toEqual({
      resource: minimal,
      notes: [{ code: 'not-writable', attribute: `${tenureUserSchema.id}:orgUnitPath` }],
    });
  });

  it.each([null, 'text', 7, [], undefined])('is an object, not %j', (body) => {
    expect(refusal(() => parse(body))).toBe('invalidSyntax');
  });
});

describe('the body of a PUT', () => {
  const current: JsonObject = {
    schemas: [userSchema.id, enterprise, tenureUserSchema.id],
    userName: 'kai@ash.example',
    title: 'Sawyer',
    nickName: 'K',
    emails: [
      { type: 'work', value: 'kai@ash.example' },
      { type: 'home', value: 'k@x.example' },
    ],
    [enterprise]: { department: 'Logs', division: 'North' },
    [tenureUserSchema.id]: { accountType: 'managed' },
  };

  it('clears what it leaves out, but only what this connection set (C11)', () => {
    const { resource, changed } = replaceResource(userType, current, minimal, profiles.generic, [
      'title',
      `${enterprise}:department`,
    ]);
    expect(changed).toEqual(['title', `${enterprise}:department`]);
    expect(resource).toMatchObject({ nickName: 'K', [enterprise]: { division: 'North' } });
    expect(resource).not.toHaveProperty('title');
  });

  it('clears all that it leaves out where the connection says so, never what is read-only', () => {
    expect(replaceResource(userType, current, minimal, profiles.strict).resource).toEqual({
      schemas: [userSchema.id, tenureUserSchema.id],
      userName: 'kai@ash.example',
      [tenureUserSchema.id]: { accountType: 'managed' },
    });
  });

  it.each([null, []])('always clears what it names with %j', (nothing) => {
    const { changed } = replaceResource(userType, current, { ...minimal, emails: nothing }, profiles.generic);
    expect(changed).toEqual(['emails']);
    expect(replaceResource(userType, current, { ...minimal, [enterprise]: null }, profiles.generic).changed).toEqual([
      `${enterprise}:division`,
      `${enterprise}:department`,
    ]);
  });

  it('with the values that are there, in any order, changes nothing', () => {
    const same = { ...current, emails: [...(current.emails as JsonObject[])].reverse() };
    const { resource, changed } = replaceResource(userType, current, same, profiles.generic);
    expect(changed).toEqual([]);
    expect(resource).toBe(current);
  });

  it('names what it holds by the paths that `changed` and `owned` use', () => {
    expect(pathsOf(userType, current)).toEqual([
      'userName',
      'nickName',
      'title',
      'emails',
      `${enterprise}:division`,
      `${enterprise}:department`,
      `${tenureUserSchema.id}:accountType`,
    ]);
  });

  it('cannot change what is immutable, and may leave it out', () => {
    const saw = ownType(
      'Saw',
      { name: 'serial', mutability: 'immutable' },
      { name: 'size', type: 'integer' },
      {
        name: 'maker',
        type: 'complex',
        subAttributes: [
          { name: 'value', mutability: 'immutable' },
          { name: 'pin', returned: 'never' },
        ],
      },
    );
    const { schema } = saw;
    const stored = { schemas: [schema.id], serial: 'S1', size: 3 };
    const put = (body: JsonObject) => replaceResource(saw, stored, { schemas: [schema.id], ...body }, profiles.strict);
    expect(refusal(() => put({ serial: 'S2' }))).toBe('mutability');
    expect(put({ serial: 'S1', size: 4 })).toMatchObject({ changed: ['size'], resource: { serial: 'S1', size: 4 } });
    expect(put({}).resource).toEqual({ schemas: [schema.id], serial: 'S1' });
    expect(
      replaceResource(saw, { schemas: [schema.id] }, { schemas: [schema.id], serial: 'S9' }, profiles.strict).changed,
    ).toEqual(['serial']);
    const made = { ...stored, maker: { value: 'Ash' } };
    expect(
      refusal(() => replaceResource(saw, made, { schemas: [schema.id], maker: { value: 'Elm' } }, profiles.strict)),
    ).toBe('mutability');
    expect(withoutHidden(saw, { ...stored, maker: { value: 'Ash', pin: '1' } })).toEqual(made);
    expect(withoutHidden(saw, { ...stored, maker: { pin: '1' } })).toEqual(stored);
  });

  it('cannot change what is immutable in an element that its value names, and may add and leave out elements (RFC 7643 §2.2)', () => {
    const saw = ownType('Saw', {
      name: 'blades',
      type: 'complex',
      multiValued: true,
      subAttributes: [
        { name: 'value' },
        { name: 'steel', mutability: 'immutable' },
        { name: 'teeth', type: 'integer' },
      ],
    });
    const { schema } = saw;
    const put = (...blades: JsonObject[]) =>
      replaceResource(
        saw,
        { schemas: [schema.id], blades: [{ value: 'b1', steel: 'hard', teeth: 20 }, { value: 'b2' }] },
        { schemas: [schema.id], blades },
        profiles.strict,
      ).resource.blades;
    expect(refusal(() => put({ value: 'b1', steel: 'soft' }))).toBe('mutability');
    expect(put({ value: 'b1', steel: 'hard', teeth: 24 }, { value: 'b2', steel: 'soft' })).toEqual([
      { value: 'b1', steel: 'hard', teeth: 24 },
      { value: 'b2', steel: 'soft' },
    ]);
    expect(put({ value: 'b3', steel: 'soft' })).toEqual([{ value: 'b3', steel: 'soft' }]);
    expect(put({ value: 'b1', steel: 'hard' }, { value: 'b1', steel: 'soft' })).toHaveLength(2);
    expect(put({ steel: 'soft' })).toEqual([{ steel: 'soft' }]);
  });

  it('tells what it clears apart from what it leaves out, so that it can be applied elsewhere', () => {
    expect(parseBody(userType, { ...minimal, title: null, emails: [] }, profiles.generic).cleared).toEqual([
      'title',
      'emails',
    ]);
  });
});
