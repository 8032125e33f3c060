import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type Json,
  type JsonObject,
  ScimProblem,
  applyPatch,
  attributesOf,
  groupType,
  memberIds,
  parseBulk,
  parseListQuery,
  parsePatch,
  parsePath,
  parseResource,
  parseSearchRequest,
  profiles,
  project,
  replaceResource,
  searchDocument,
  splitMembers,
  userSchema,
  userType,
} from './index.ts';
import { patchBody, travelled } from './testing/index.ts';

/** Whatever a client sends: a refusal in the words of the protocol or a clean result, and nothing of ours is touched. */

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const names = fc.constantFrom(
  'userName',
  'USERNAME',
  'name',
  'givenName',
  'emails',
  'value',
  'type',
  'primary',
  'active',
  'members',
  'schemas',
  'id',
  'meta',
  'manager',
  enterprise,
  '$ref',
  'op',
  'path',
  'Operations',
  'filter',
  'toString',
  'hasOwnProperty',
  'x',
  'attributes',
  'subAttributes',
  'method',
);
const texts = fc.oneof(
  fc.constantFrom(
    '',
    'True',
    'work',
    'add',
    'replace',
    'remove',
    'emails[type eq "work"].value',
    'members',
    'a@x.example',
    userSchema.id,
    'bulkId:a',
    '{"value":"A"}',
  ),
  fc.string(),
);
const { json: anyJson } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5 },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    texts,
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(names, tie('json'), { maxKeys: 4 }),
  ),
}));

const stored: JsonObject = Object.freeze({
  schemas: [userSchema.id, enterprise],
  userName: 'rui@cork.example',
  active: true,
  name: { givenName: 'Rui' },
  emails: [{ type: 'work', value: 'rui@cork.example', primary: true }],
  [enterprise]: { manager: { value: 'u-1' } },
});

const paths = fc.constantFrom(
  'userName',
  'active',
  'name',
  'name.givenName',
  'emails',
  'emails[type eq "work"]',
  'emails[type eq "home"].value',
  'emails.value',
  'emails[primary eq true].display',
  'roles',
  'manager',
  `${enterprise}:department`,
  enterprise,
  'title',
  'id',
  'unknown',
  undefined,
);
const operations = fc.record(
  {
    op: fc.constantFrom('add', 'Replace', 'REMOVE'),
    path: paths,
    value: fc.oneof(anyJson, texts, fc.record({ value: texts, type: texts, primary: fc.boolean() })),
  },
  { requiredKeys: ['op'] },
);
const settings = fc.constantFrom(...Object.values(profiles));

const guarded = <T>(act: () => T): T | undefined => {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof ScimProblem)) throw error;
    return undefined;
  }
};

describe('hostile names', () => {
  const bodies = ['__proto__', 'constructor', 'prototype', '__PROTO__'].flatMap((name) => [
    `{"schemas":["${userSchema.id}"],"userName":"a","${name}":{"polluted":true}}`,
    `{"schemas":["${userSchema.id}"],"userName":"a","name":{"${name}":{"polluted":true}}}`,
    `{"Operations":[{"op":"add","value":{"${name}":{"polluted":true}}}],"${enterprise}":{"${name}":1}}`,
  ]);

  it.each(bodies)('in %s are refused', (text) => {
    const body: unknown = JSON.parse(text);
    for (const act of [
      () => parseResource(userType, body, profiles.generic),
      () => replaceResource(userType, stored, body, profiles.generic),
      () => parsePatch(userType, body, profiles.generic),
      () => parseSearchRequest(body, profiles.generic),
      () => parseBulk(body, { maxOperations: 9, maxPayloadSize: 9 }, profiles.generic),
    ]) {
      expect(act).toThrow(expect.objectContaining({ name: 'ScimProblem', status: 400, scimType: 'invalidSyntax' }));
    }
  });

  it.each([
    '__proto__.polluted',
    'constructor.prototype.polluted',
    '__proto__',
    `${enterprise}:__proto__`,
    'name.__proto__',
    'emails[__proto__ eq "x"].value',
    'emails[type eq "x"].__proto__',
    'toString',
    'name.constructor',
  ])('in the path %s touch nothing', (path) => {
    guarded(() =>
      applyPatch(
        userType,
        stored,
        parsePatch(userType, patchBody({ op: 'add', path, value: { polluted: true } }), profiles.generic).operations,
        profiles.generic,
      ),
    );
    expect(guarded(() => parsePath(userType, path, profiles.strict))).toBeUndefined();
    expect(({} as JsonObject).polluted).toBeUndefined();
  });

  it.each(['a\u0000b', '\ud800', 'x\udc00y'])('and text that no database keeps, %j, are refused', (value) => {
    expect(() => parseResource(userType, { schemas: [userSchema.id], userName: value }, profiles.generic)).toThrow(
      expect.objectContaining({ scimType: 'invalidValue' }),
    );
    expect(() =>
      parseResource(userType, { schemas: [userSchema.id], userName: 'a', [value]: 1 }, profiles.generic),
    ).toThrow(expect.objectContaining({ scimType: 'invalidSyntax' }));
  });

  it('and bodies nested beyond reason are refused', () => {
    const deep = (depth: number): Json => (depth === 0 ? 1 : { a: deep(depth - 1) });
    expect(() => parseResource(userType, deep(60), profiles.generic)).toThrow(
      expect.objectContaining({ scimType: 'invalidSyntax' }),
    );
  });
});

describe('any input at all', () => {
  it('ends in a result or a ScimProblem, with prototypes untouched', () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    fc.assert(
      fc.property(anyJson, settings, (body, dialect) => {
        guarded(() => parseResource(userType, body, dialect));
        guarded(() =>
          parseResource(
            userType,
            {
              userName: 'a',
              schemas: [userSchema.id],
              ...(typeof body === 'object' && !Array.isArray(body) ? body : {}),
            },
            dialect,
          ),
        );
        guarded(() => memberIds(parseResource(groupType, body, dialect).resource));
        guarded(() => replaceResource(userType, stored, body, dialect));
        guarded(() => parsePatch(userType, body, dialect));
        guarded(() => parseSearchRequest(body, profiles.generic));
        guarded(() => parseBulk(body, { maxOperations: 10, maxPayloadSize: 1_000 }, profiles.generic));
      }),
      { numRuns: 1_000 },
    );
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  });

  it('as parameters of a list is understood or refused', () => {
    const parameters = fc.constantFrom(
      'count',
      'startIndex',
      'filter',
      'cursor',
      'sortBy',
      'sortOrder',
      'attributes',
      '__proto__',
      'constructor',
    );
    fc.assert(
      fc.property(
        fc.dictionary(parameters, fc.oneof(texts, fc.array(texts), fc.integer().map(String))),
        (params) => void guarded(() => parseListQuery(params)),
      ),
    );
  });

  it('patched in, leaves a resource that its own schema accepts, and its past as it was', () => {
    const was = JSON.stringify(stored);
    fc.assert(
      fc.property(fc.array(operations, { maxLength: 4 }), settings, (list, dialect) => {
        const result = guarded(() =>
          applyPatch(
            userType,
            stored,
            travelled(parsePatch(userType, patchBody(...(list as JsonObject[])), dialect).operations),
            dialect,
          ),
        );
        expect(JSON.stringify(stored)).toBe(was);
        if (!result) return;
        expect(result.changed.length === 0).toBe(result.resource === stored);
        expect(
          parseResource(userType, result.resource, { ...profiles.strict, stringBooleans: dialect.stringBooleans }),
        ).toEqual({ resource: result.resource, notes: [] });
        expect(Object.keys(project(userType, result.resource))).toEqual(
          attributesOf(userType)
            .flatMap(({ path, attribute }) => (attribute.returned !== 'never' && path in result.resource ? [path] : []))
            .concat(enterprise in result.resource ? [enterprise] : []),
        );
        searchDocument(userType, result.resource);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is done once and for all by an operation that does not change what it selects', () => {
    const idempotent = operations.filter(({ path }) => path !== undefined && !path.includes('['));
    fc.assert(
      fc.property(idempotent, (operation) => {
        const patch = (resource: JsonObject) =>
          applyPatch(
            userType,
            resource,
            parsePatch(userType, patchBody(operation as JsonObject), profiles.generic).operations,
            profiles.generic,
          );
        const once = guarded(() => patch(stored));
        const twice = once && guarded(() => patch(once.resource));
        if (twice) expect(twice).toEqual({ resource: once.resource, changed: [] });
      }),
      { numRuns: 1_000 },
    );
  });

  it('to a group keeps its members out of the profile', () => {
    const groupOperations = fc.array(
      fc.record({
        op: fc.constantFrom('add', 'replace', 'remove'),
        path: fc.constantFrom('members', 'members[value eq "a"]', 'displayName'),
        value: fc.constantFrom<Json>([{ value: 'a' }, { value: 'b' }], { value: 'a' }, 'Bakers', null),
      }),
    );
    fc.assert(
      fc.property(groupOperations, (list) => {
        const split = guarded(() =>
          splitMembers(parsePatch(groupType, patchBody(...list), profiles.generic).operations),
        );
        expect(split?.profile.every(({ path }) => path === 'displayName')).not.toBe(false);
      }),
    );
  });
});
