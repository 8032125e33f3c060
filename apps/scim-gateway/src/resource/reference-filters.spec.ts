import { describe, expect, it } from '@jest/globals';
import { builtInTypes, type TenantTypes } from '@tenure/directory';
import {
  groupType,
  matches,
  parseFilter,
  parsePatch,
  profiles,
  userType,
  type Resource,
  type ResourceType,
} from '@tenure/scim';
import { ownType } from '@tenure/scim/testing';
import fc from 'fast-check';
import type { ScimContext } from '../connection/scim-context.ts';
import { operationsWithoutUrls, withoutUrls } from './reference-filters.ts';
import { withReferences } from './references.ts';

const baseUrl = 'https://id.example/scim/t/c/v2';
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const parts = [
  { name: 'value', caseExact: true },
  { name: '$ref', type: 'reference' as const, caseExact: true, referenceTypes: ['User'] },
];
const deviceType = ownType(
  'Device',
  { name: 'owner', type: 'complex', subAttributes: parts },
  { name: 'keepers', type: 'complex', multiValued: true, subAttributes: parts },
);
const types: TenantTypes = { ...builtInTypes, own: [{ id: 'd', type: deviceType, schemasVersion: 1, unique: [] }] };
const context = { baseUrl, types } as ScimContext;

const found = (type: ResourceType, text: string, resource: Resource) =>
  matches(withoutUrls(parseFilter(text, type, profiles.generic), context, type), resource);

/** As the client sees it, with its location. */
const shown = (type: ResourceType, resource: Resource): Resource => ({
  ...withReferences(context, type, resource),
  meta: { location: `${baseUrl}${type.endpoint}/${resource.id as string}` },
});

describe('a filter of URLs that only the edge knows (RFC 7644 §3.4.2.2)', () => {
  const typeOf = { User: userType, Group: groupType, Device: deviceType };
  const names = {
    User: ['meta.location', 'groups.$ref'],
    Group: ['meta.location', 'members.$ref'],
    Device: ['meta.location', 'owner.$ref', 'keepers.$ref'],
  };
  const id = fc.constantFrom('7', 'a7', 's/7', 'users', 'v2/Users/7', 'Zoë');
  const given = fc.constantFrom('https://other.example/Users/7', `${baseUrl}/Users/a7`, 'mailto:ada@plum.example');
  const element = fc.oneof(
    fc.record({ value: id, $ref: given }, { requiredKeys: ['value'] }),
    fc.record({ $ref: given }),
    fc.constant({}),
  );
  const resource = fc.oneof(
    fc
      .record({ id, groups: fc.array(fc.record({ value: id }), { maxLength: 2 }) })
      .map((one) => ['User', one] as const),
    fc
      .record({
        id,
        members: fc.array(fc.record({ value: id, type: fc.constantFrom('User', 'Group') }), { maxLength: 3 }),
      })
      .map((one) => ['Group', one] as const),
    fc
      .record({ id, owner: element, keepers: fc.array(element, { maxLength: 2 }) }, { requiredKeys: ['id'] })
      .map((one) => ['Device', one] as const),
  ) as unknown as fc.Arbitrary<readonly [keyof typeof names, Resource]>;
  const url = fc
    .tuple(
      fc.constantFrom(baseUrl, 'https://id.example/scim/t/other/v2', 'a', 'z'),
      fc.constantFrom('/Users/', '/Groups/', '/Devices/', '/'),
      id,
    )
    .map((parts) => parts.join(''));
  const text = fc.oneof(
    url,
    given,
    fc
      .tuple(url, fc.nat(50), fc.nat(50))
      .map(([whole, from, length]) => whole.slice(-from - length, from === 0 ? undefined : -from)),
  );

  it('finds what a client finds in what it was shown', () => {
    fc.assert(
      fc.property(
        resource,
        fc.nat(2),
        fc.constantFrom('eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le', 'pr', 'eq null', 'ne null'),
        text,
        fc.boolean(),
        ([named, one], index, op, wanted, inBrackets) => {
          const type = typeOf[named];
          // A relative reference means what the absolute one does, though it is another text.
          fc.pre(!/^(\.\.)?\/?(Users|Groups|Devices)\//.test(wanted));
          const name = names[named][index % names[named].length]!;
          const condition = `${op}${/pr|null/.test(op) ? '' : ` ${JSON.stringify(wanted)}`}`;
          const bracketed = inBrackets && /^(groups|members|keepers)/.test(name);
          const filter = bracketed ? `${name.replace('.$ref', '[$ref ')}${condition}]` : `${name} ${condition}`;
          expect({ filter, found: found(type, filter, one) }).toEqual({
            filter,
            found: matches(parseFilter(filter, type, profiles.generic), shown(type, one)),
          });
        },
      ),
      { numRuns: 5_000 },
    );
  });

  const ada: Resource = {
    id: 'ada',
    groups: [{ value: 'g-1', type: 'direct' }],
    [enterprise]: { manager: { value: 'bob', $ref: '../Users/bob' } },
  };
  const readers: Resource = {
    id: 'g-1',
    members: [
      { value: 'ada', type: 'User' },
      { value: 'g-2', type: 'Group' },
    ],
  };

  it.each([`${baseUrl}/Users/ada`, 'Users/ada', '/Users/ada', '../Users/ada'])('knows %s', (location) => {
    expect(found(userType, `meta.location eq "${location}"`, ada)).toBe(true);
    expect(found(userType, `meta.location ne "${location}"`, ada)).toBe(false);
    expect(found(groupType, `members.$ref eq "${location}"`, readers)).toBe(true);
    expect(found(groupType, `members[$ref eq "${location}" and type eq "User"]`, readers)).toBe(true);
    expect(found(groupType, `members[$ref eq "${location}" and type eq "Group"]`, readers)).toBe(false);
  });

  it.each([`${baseUrl}/Users/bob`, 'Users/bob', '/Users/bob', '../Users/bob'])(
    'finds a reference that is kept as it was given by %s',
    (manager) => {
      expect(found(userType, `manager.$ref eq "${manager}"`, ada)).toBe(true);
      expect(found(userType, `not (${enterprise}:manager.$ref ne "${manager}")`, ada)).toBe(true);
    },
  );

  it.each([
    'https://id.example/scim/other/c/v2/Users/ada',
    'https://id.example/scim/t/other/v2/Users/ada',
    `${baseUrl}/Groups/ada`,
    `${baseUrl}/Users/`,
    `${baseUrl}/Users/bob`,
    'ada',
  ])('finds nobody by %s', (location) => {
    expect(found(userType, `meta.location eq "${location}"`, ada)).toBe(false);
    expect(found(userType, `meta.location ne "${location}"`, ada)).toBe(true);
    expect(found(groupType, `members.$ref eq "${location}"`, readers)).toBe(false);
    expect(found(groupType, `members.$ref ne "${location}"`, readers)).toBe(true);
  });

  it('leaves other filters as they are', () => {
    for (const text of [
      'userName eq "ada"',
      'emails[type eq "work" and value co "@"]',
      `not (title pr) or ${enterprise}:manager.value eq "bob"`,
    ]) {
      const filter = parseFilter(text, userType, profiles.generic);
      expect(withoutUrls(filter, context, userType)).toEqual(filter);
    }
  });

  it('is resolved in the paths of a PATCH', () => {
    const remove = (path: string) =>
      operationsWithoutUrls(
        parsePatch(groupType, { Operations: [{ op: 'remove', path }] }, profiles.generic).operations,
        context,
        groupType,
      );
    expect(remove(`members[$ref eq "${baseUrl}/Groups/g-2"]`)).toMatchObject([
      {
        op: 'remove',
        path: 'members',
        where: parsePatch(
          groupType,
          { Operations: [{ op: 'remove', path: 'members[value eq "g-2" and type eq "Group"]' }] },
          profiles.generic,
        ).operations[0]!.where,
      },
    ]);
    expect(remove('members[$ref eq "https://other.example/Users/ada"]')).toMatchObject([
      { where: { op: 'constant', value: false } },
    ]);
    expect(remove('members')).toEqual([{ op: 'remove', path: 'members' }]);
  });
});
