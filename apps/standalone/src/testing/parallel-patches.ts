import { expect } from '@jest/globals';
import type { Answer } from './client.ts';
import { ENTERPRISE, operations, person, sorted, type IdentityProvider, type Tenant } from './world.ts';

const MANY = 50;

/** What many send at once to one resource, each a change of its own, and what must then be true. */
export type ParallelPatches = {
  path: string;
  bodies: readonly object[];
  expectAll: (answers: readonly Answer[]) => Promise<void>;
};

/** All answered with success, each with the version that it made: 2, 3, … without a gap; and the history has one event for each. */
const expectVersions = async (
  tenant: Tenant,
  collection: 'users' | 'groups',
  id: string,
  answers: readonly Answer[],
  status: number,
) => {
  expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => status));
  const versions = answers
    .map(({ headers }) => Number(/^W\/"(\d+)"$/.exec(headers.get('etag') ?? '')?.[1]))
    .toSorted((a, b) => a - b);
  expect(versions).toEqual(Array.from({ length: MANY }, (_, index) => index + 2));
  // Of a replica that lives: the one of before may be dead.
  const { items } = await tenant
    .as(tenant.superAdmin.key)
    .directory.ok('GET', `/${collection}/${id}/history?limit=1000`);
  expect(items.map(({ revision }: any) => revision)).toEqual([1, ...versions]);
};

/** Fifty new members for one group. */
export const newMembers = async (tenant: Tenant, idp: IdentityProvider): Promise<ParallelPatches> => {
  const group = await idp.group(`Crowd of ${idp.id}`);
  const members = await Promise.all(
    Array.from({ length: MANY }, (_, index) => idp.hire(`crowd-${index}-${idp.id.slice(0, 8)}`)),
  );
  const path = `/Groups/${group}`;
  return {
    path,
    bodies: members.map((value) => operations({ op: 'add', path: 'members', value: [{ value }] })),
    expectAll: async (answers) => {
      await expectVersions(tenant, 'groups', group, answers, 200);
      const stored = await idp.scim.ok('GET', path);
      expect(sorted(stored.members.map(({ value }: any) => value))).toEqual(sorted(members));
      expect(stored.meta.version).toBe(`W/"${MANY + 1}"`);
    },
  };
};

/** Paths, and what stands before them in the resource. */
const single = [
  { at: undefined, prefix: '', names: ['nickName', 'title', 'userType'] },
  { at: 'name', prefix: 'name.', names: ['middleName', 'honorificPrefix'] },
  {
    at: ENTERPRISE,
    prefix: `${ENTERPRISE}:`,
    names: ['employeeNumber', 'costCenter', 'organization', 'division', 'department'],
  },
];
const paths = single.flatMap(({ prefix, names }) => names.map((name) => `${prefix}${name}`));
const expected = Object.assign(
  {},
  ...single.map(({ at, prefix, names }) => {
    const values = Object.fromEntries(names.map((name) => [name, `new ${prefix}${name}`]));
    return at === undefined ? values : { [at]: values };
  }),
);
const phoneNumbers = Array.from({ length: MANY - paths.length }, (_, index) => `+31 6 1000 ${1000 + index}`);

/** Ten attributes of one user, each set by somebody else, and forty numbers added to one array. */
export const newAttributes = async (tenant: Tenant, idp: IdentityProvider): Promise<ParallelPatches> => {
  const user = await idp.hire(
    `many-${idp.id.slice(0, 8)}`,
    person('many', { userName: `many-${idp.id.slice(0, 8)}@plum.example` }),
  );
  const path = `/Users/${user}`;
  return {
    path,
    bodies: [
      ...paths.map((each) => operations({ op: 'replace', path: each, value: `new ${each}` })),
      ...phoneNumbers.map((value) =>
        operations({ op: 'add', path: 'phoneNumbers', value: [{ value, type: 'other' }] }),
      ),
    ],
    expectAll: async (answers) => {
      await expectVersions(tenant, 'users', user, answers, 200);
      const stored = await idp.scim.ok('GET', path);
      expect(stored).toMatchObject(expected);
      expect(sorted(stored.phoneNumbers.map(({ value }: any) => value))).toEqual(sorted(phoneNumbers));
      expect(stored.meta.version).toBe(`W/"${MANY + 1}"`);
    },
  };
};
