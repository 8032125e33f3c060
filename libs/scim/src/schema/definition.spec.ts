import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  parseResource,
  profiles,
  resourceTypeIssues,
  schemaConflicts,
  schemaIssues,
  userSchema,
  enterpriseUserSchema,
  groupSchema,
  tenureUserSchema,
  userType,
  type Attribute,
  type Schema,
} from '../index.ts';
import { complex, text } from './attribute.ts';

const badge: Schema = {
  id: 'urn:example:oak:2.0:Badge',
  name: 'Badge',
  description: '',
  attributes: [
    text('colour', '', { canonicalValues: ['red'] }),
    complex('doors', '', [text('value', ''), text('floor', '')], { multiValued: true }),
  ],
};
const withAttribute = (attribute: object): Schema => ({
  ...badge,
  attributes: [{ ...text('a', ''), ...attribute } as Attribute],
});
const fieldsOf = (schema: Schema) => schemaIssues(schema).map(({ field }) => field);

describe("an admin's own schema (R71)", () => {
  it('extends users like the built-in ones', () => {
    const staffType = { ...userType, extensions: [{ schema: badge, required: true }] };
    expect(() => parseResource(staffType, { schemas: [userSchema.id], userName: 'a' }, profiles.generic)).toThrow(
      `"${badge.id}" is required.`,
    );
    const body = {
      schemas: [userSchema.id, badge.id],
      userName: 'a',
      [badge.id]: { Colour: 'red', doors: [{ value: 'D1', floor: '2' }] },
    };
    expect(parseResource(staffType, body, profiles.strict).resource).toMatchObject({
      [badge.id]: { colour: 'red', doors: [{ value: 'D1', floor: '2' }] },
    });
  });

  it('may be what the RFC itself has', () => {
    for (const { id: _, ...schema } of [badge, enterpriseUserSchema, groupSchema, tenureUserSchema, userSchema])
      expect(schemaIssues({ ...schema, id: 'urn:example:x' })).toEqual([]);
  });

  it.each<[string, string, Schema]>([
    ['no URN', 'id', { ...badge, id: 'badge' }],
    ['a URN that a path can’t hold', 'id', { ...badge, id: 'urn:example:a b' }],
    ['a URN that ends in a colon', 'id', { ...badge, id: 'urn:example:oak:' }],
    ['no attributes', 'attributes', { ...badge, attributes: [] }],
    ['an odd name', 'attributes[0].name', withAttribute({ name: 'a b' })],
    ['a dotted name', 'attributes[0].name', withAttribute({ name: 'a.b' })],
    ['a name that begins with a digit', 'attributes[0].name', withAttribute({ name: '1a' })],
    ['a name that begins with a $', 'attributes[0].name', withAttribute({ name: '$ref' })],
    ['a name that every object has', 'attributes[0].name', withAttribute({ name: 'toString' })],
    ['a hostile name', 'attributes[0].name', withAttribute({ name: '__proto__' })],
    ['a hostile name in any case', 'attributes[0].name', withAttribute({ name: 'Constructor' })],
    ['what every resource has', 'attributes[0].name', withAttribute({ name: 'externalID' })],
    ['a name twice', 'attributes[1].name', { ...badge, attributes: [text('a', ''), text('A', '')] }],
    ['complex without parts', 'attributes[0].subAttributes', withAttribute({ type: 'complex' })],
    ['parts without complex', 'attributes[0].subAttributes', withAttribute({ subAttributes: [text('b', '')] })],
    [
      'complex in complex',
      'attributes[0].subAttributes[0].type',
      { ...badge, attributes: [complex('a', '', [complex('b', '', [text('c', '')])])] },
    ],
    [
      'a hostile part',
      'attributes[0].subAttributes[0].name',
      { ...badge, attributes: [complex('a', '', [text('constructor', '')])] },
    ],
    [
      'many values in a part',
      'attributes[0].subAttributes[0].multiValued',
      { ...badge, attributes: [complex('a', '', [text('b', '', { multiValued: true })])] },
    ],
    ['a reference to nothing', 'attributes[0].referenceTypes', withAttribute({ type: 'reference' })],
    ['reference types of a string', 'attributes[0].referenceTypes', withAttribute({ referenceTypes: ['User'] })],
    ['canonical numbers', 'attributes[0].canonicalValues', withAttribute({ type: 'integer', canonicalValues: ['1'] })],
    ['a secret that is returned', 'attributes[0].returned', withAttribute({ mutability: 'writeOnly' })],
    [
      'what is required and read-only',
      'attributes[0].required',
      withAttribute({ mutability: 'readOnly', required: true }),
    ],
    ['a unique flag', 'attributes[0].uniqueness', withAttribute({ type: 'boolean', uniqueness: 'server' })],
    [
      'a unique part',
      'attributes[0].subAttributes[0].uniqueness',
      { ...badge, attributes: [complex('a', '', [text('b', '', { uniqueness: 'global' })])] },
    ],
    ['a unique secret', 'attributes[0].uniqueness', withAttribute({ returned: 'never', uniqueness: 'server' })],
  ])('is refused with %s, at its field', (_, field, schema) => {
    expect(fieldsOf(schema)).toEqual([field]);
  });

  it('is refused whatever hostile name its attributes have, and in whatever case', () => {
    const hostile = fc.constantFrom(...Object.getOwnPropertyNames(Object.prototype), 'prototype');
    fc.assert(
      fc.property(
        hostile,
        fc.boolean(),
        (name, nested) =>
          schemaIssues({ ...badge, attributes: nested ? [complex('a', '', [text(name, '')])] : [text(name, '')] })
            .length > 0,
      ),
    );
  });

  it.each<[string, string, string, string]>([
    ['no name', '', '/As', 'name'],
    ['a path as its name', 'A/B', '/As', 'name'],
    ['an endpoint of two segments', 'A', '/As/Bs', 'endpoint'],
    ['an endpoint without a slash', 'A', 'As', 'endpoint'],
    ['the search as its endpoint', 'A', '/.search', 'endpoint'],
  ])('makes no type with %s', (_, name, endpoint, field) => {
    expect(resourceTypeIssues({ name, endpoint }).map((issue) => issue.field)).toEqual([field]);
  });
});

describe('a schema of which values are stored (R71)', () => {
  const changed = (change: object, at = 0): Schema => ({
    ...badge,
    attributes: badge.attributes.map((attribute, index) =>
      index === at ? ({ ...attribute, ...change } as Attribute) : attribute,
    ),
  });

  it.each<[string, Schema]>([
    [
      'another attribute',
      { ...badge, attributes: [...badge.attributes, text('size', '', { required: true, uniqueness: 'server' })] },
    ],
    ['other words', changed({ description: 'Its colour.', canonicalValues: ['blue'] })],
    ['what must be given', changed({ required: true })],
    ['who may write', changed({ mutability: 'immutable', returned: 'request' })],
    ['another part', changed({ subAttributes: [...badge.attributes[1]!.subAttributes!, text('side', '')] }, 1)],
  ])('may get %s', (_, after) => {
    expect(schemaConflicts(badge, after)).toEqual([]);
  });

  it.each<[string, string, Schema]>([
    ['an attribute', 'colour', { ...badge, attributes: [badge.attributes[1]!] }],
    ['the spelling of a name', 'colour', changed({ name: 'Colour' })],
    ['a type', 'colour.type', changed({ type: 'integer' })],
    ['how many values there are', 'doors.multiValued', changed({ multiValued: false }, 1)],
    ['what case means', 'colour.caseExact', changed({ caseExact: true })],
    ['what is kept', 'colour.returned', changed({ returned: 'never' })],
    ['what is unique', 'colour.uniqueness', changed({ uniqueness: 'server' })],
    ['a part', 'doors.floor', changed({ subAttributes: [text('value', '')] }, 1)],
    [
      'the type of a part',
      'doors.floor.type',
      changed({ subAttributes: [text('value', ''), { ...text('floor', ''), type: 'integer' }] }, 1),
    ],
  ])('can’t lose or change %s', (_, field, after) => {
    expect(schemaConflicts(badge, after).map((issue) => issue.field)).toEqual([field]);
  });
});
