import { describe, expect, it } from '@jest/globals';
import { groupType, userType } from '@tenure/scim';
import { ownSchema } from '@tenure/scim/testing';
import { builtInTypes, compileTypes, saidOf } from './tenant-types.ts';
import { uniqueClaims } from './unique.claims.ts';

const badge = ownSchema(
  'urn:example:2.0:Badge',
  { name: 'number', uniqueness: 'global' },
  { name: 'code', uniqueness: 'server', caseExact: true },
  { name: 'tags', multiValued: true, uniqueness: 'server' },
);
const thing = {
  id: 't-1',
  name: 'Thing',
  description: '',
  endpoint: '/Things',
  schema: badge.id,
  schemaExtensions: [],
};
const extendedUser = {
  id: 'User',
  name: 'User',
  description: '',
  endpoint: '/Users',
  schema: userType.schema.id,
  schemaExtensions: [{ schema: badge.id, required: true }],
};

describe('what a tenant’s resources may be (R71)', () => {
  it('is the built-in, the very same, where nothing was added', () => {
    const types = compileTypes(3, { schemas: [badge], resourceTypes: [thing] });
    expect(types.version).toBe(3);
    expect(types.user).toBe(builtInTypes.user);
    expect(types.group.type).toBe(groupType);
    expect(saidOf(types.user)).toEqual({});
    expect(types.own).toMatchObject([
      { id: 't-1', schemasVersion: 3, type: { name: 'Thing', endpoint: '/Things', schema: badge, extensions: [] } },
    ]);
  });

  it('has the extensions of users behind those that they have anyway', () => {
    const { user } = compileTypes(4, { schemas: [badge], resourceTypes: [extendedUser] });
    expect(user.type.extensions).toEqual([...userType.extensions, { schema: badge, required: true }]);
    expect(saidOf(user)).toMatchObject({
      schemasVersion: 4,
      unique: [{ path: `${badge.id}:number` }, { path: `${badge.id}:code` }, { path: `${badge.id}:tags` }],
    });
  });

  it('says what is unique: globally wherever the schema is used, else within a type; whether case matters as the attribute says', () => {
    const { user, own } = compileTypes(4, { schemas: [badge], resourceTypes: [extendedUser, thing] });
    const values = { number: 'ＡB', code: 'Ab', tags: ['x', 'X', 'y'] };
    const held = (resource: object, unique: (typeof user)['unique']) =>
      uniqueClaims(resource as never, unique).map(({ kind, value }) => [kind, value]);
    expect(held(values, own[0]!.unique)).toEqual([
      [`unique/${badge.id}:number`, 'ab'],
      [`unique/t-1/${badge.id}:code`, 'Ab'],
      [`unique/t-1/${badge.id}:tags`, 'x'],
      [`unique/t-1/${badge.id}:tags`, 'y'],
    ]);
    expect(held({ [badge.id]: { number: 'aB' } }, user.unique)).toEqual([[`unique/${badge.id}:number`, 'ab']]);
    expect(held({}, user.unique)).toEqual([]);
  });
});
