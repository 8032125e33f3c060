import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UserCreated, type UserStanding } from '@tenure/contracts';
import { streamName, type Decoded } from '@tenure/eventing';
import {
  compareBy,
  matches,
  parseFilter,
  parseSort,
  profiles,
  userType,
  type Filter,
  type JsonObject,
} from '@tenure/scim';
import fc from 'fast-check';
import { TENANT, testDirectory, type TestDirectory } from '../testing/test-directory.ts';
import type { Sight } from '../user/user.queries.ts';
import type { PageKey } from './compile-sort.ts';
import { list, type Source } from './list.ts';
import { isSeenBy } from '../user/user.rules.ts';
import { presentedUser, type UserRecord } from '../user/user.record.ts';

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const words = ['ada', 'Ada', 'ÅDA', 'a%', 'b_c', '', 'o"k', 'x\\y', 'ﬁne', 'Zoë'];
const word = fc.constantFrom(...words);
const email = fc.record(
  { value: word, type: fc.constantFrom('work', 'Work', 'home'), primary: fc.boolean() },
  { requiredKeys: ['value'] },
);

const resource = fc.record(
  {
    displayName: word,
    title: word,
    name: fc.record({ givenName: word, familyName: word }, { requiredKeys: [] }),
    active: fc.boolean(),
    externalId: word,
    emails: fc.array(email, { minLength: 1, maxLength: 3 }),
    roles: fc.array(fc.record({ value: word }), { minLength: 1, maxLength: 2 }),
    [enterprise]: fc.record(
      { department: word, manager: fc.record({ value: word }) },
      { requiredKeys: ['department'] },
    ),
  },
  { requiredKeys: ['active'] },
);

const path = fc.constantFrom(
  'displayName',
  'title',
  'name.givenName',
  'externalId',
  'userName',
  'id',
  'emails',
  'emails.value',
  'emails.type',
  'roles.value',
  'active',
  'meta.created',
  'meta.lastModified',
  'meta.version',
  'meta.resourceType',
  'name',
  'roles',
  `${enterprise}:department`,
  `${enterprise}:manager.value`,
  'urn:ietf:params:scim:schemas:extension:tenure:2.0:User:accountType',
);
const literal = fc.oneof(
  word,
  fc.constantFrom(
    'userA0@plum.example',
    'u-3',
    'W/"1"',
    'user',
    'Managed',
    '2026-01-05T09:00:03Z',
    '2026-01-05T10:00:04.000000+01:00',
  ),
);
const quoted = (text: string) => JSON.stringify(text);

const leaf = fc.oneof(
  fc
    .tuple(path, fc.constantFrom('eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'), literal)
    .map(([name, op, value]) => `${name} ${op} ${quoted(value)}`),
  path.map((name) => `${name} pr`),
  fc.tuple(path, fc.constantFrom('eq', 'ne')).map(([name, op]) => `${name} ${op} null`),
  fc.constantFrom('active eq true', 'active ne true', 'active eq false', 'emails.primary eq true'),
  fc
    .tuple(word, fc.constantFrom('work', 'home'), fc.constantFrom('and', 'or'), fc.constantFrom('eq', 'co'))
    .map(([value, type, glue, op]) => `emails[type eq "${type}" ${glue} value ${op} ${quoted(value)}]`),
);
const filter = fc.letrec<{ filter: string; leaf: string }>((tie) => ({
  leaf,
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc.tuple(tie('filter'), fc.constantFrom('and', 'or'), tie('filter')).map(([a, glue, b]) => `(${a}) ${glue} (${b})`),
    tie('filter').map((inner) => `not (${inner})`),
  ),
})).filter;

const standing: UserStanding = {
  changed: [],
  writer: 'connection',
  accountType: 'provisionedManaged',
  connectionId: 'entra',
  unassignedFrom: null,
  passwordId: null,
};
const admin: Sight = { kind: 'admin' };
const PEOPLE = 60;

/** A third are entra's, and entra let go of some of the others. */
const linkOf = (index: number) => ({
  connectionId: index % 3 === 0 ? 'entra' : null,
  unassignedFrom: index % 6 === 1 ? 'entra' : null,
});

/** Other people each time: what fails says which. */
const seed = Math.trunc(Math.random() * 2 ** 31);

describe(`filters in SQL (decision 8), of people of the seed ${seed}`, () => {
  let directory: TestDirectory;
  let people: UserRecord[];
  beforeAll(async () => {
    directory = await testDirectory();
    const samples = fc.sample(resource, { numRuns: PEOPLE, seed });
    const events = samples.map((sample, index): Decoded => {
      const whole = {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        userName: `user${'ABC'[index % 3]}${index}@Plum.example`,
        ...(sample as JsonObject),
      };
      const occurredAt = new Date(Date.UTC(2026, 0, 5, 9, 0, index % 7)).toISOString();
      const metadata = {
        tenantId: TENANT,
        actor: { kind: 'system' as const, id: 'test' },
        commandId: 'c',
        correlationId: 'c',
        causationId: 'c',
        occurredAt,
      };
      const accountType = index % 2 === 0 ? 'managed' : 'unmanaged';
      const event = UserCreated({ ...standing, accountType, ...linkOf(index) }, { resource: whole });
      return {
        id: `e-${index}`,
        type: 'UserCreated',
        schemaVersion: 1,
        stream: streamName('user', TENANT, `u-${index}`),
        revision: 1,
        metadata,
        event,
      };
    });
    await directory.definition.apply(directory.database, events);
    people = (await directory.queries.list(TENANT, admin, { page: { count: PEOPLE, withTotal: true } })).items;
  });
  afterAll(() => directory.close());

  const parsed = (text: string): Filter | undefined => {
    try {
      return parseFilter(text, userType, profiles.generic);
    } catch {
      return undefined;
    }
  };
  const inMemory = (wanted: Filter) =>
    people.filter((user) => matches(wanted, presentedUser(user))).map(({ id }) => id);

  it('find what an evaluation of each resource finds, in the same order, page by page', async () => {
    await fc.assert(
      fc.asyncProperty(filter, fc.integer({ min: 1, max: 20 }), async (text, count) => {
        const wanted = parsed(text);
        fc.pre(wanted !== undefined);
        const expected = inMemory(wanted!);
        const first = await directory.queries.list(TENANT, admin, { filter: wanted, page: { count, withTotal: true } });
        const found = first.items.map(({ id }) => id);
        expect(first.total).toBe(expected.length);
        for (let next = first.next; next;) {
          const page = await directory.queries.list(TENANT, admin, {
            filter: wanted,
            page: { count, after: next, withTotal: false },
          });
          found.push(...page.items.map(({ id }) => id));
          next = page.next;
        }
        expect(found).toEqual(expected);
      }),
      { numRuns: 200, interruptAfterTimeLimit: 40_000 },
    );
  });

  it.each([
    'userName',
    'displayName',
    'name.givenName',
    'emails',
    'meta.lastModified',
    'active',
    `${enterprise}:department`,
  ])('sort by %s both ways, with every cursor in its place', async (sortBy) => {
    for (const sortOrder of ['ascending', 'descending'] as const) {
      const sort = parseSort(userType, { sortBy, sortOrder })!;
      const expected = [...people]
        .sort((a, b) => compareBy(sort)(presentedUser(a), presentedUser(b)))
        .map(({ id }) => id);
      const found: string[] = [];
      for (let page = await directory.queries.list(TENANT, admin, { sort, page: { count: 7, withTotal: false } }); ;) {
        found.push(...page.items.map(({ id }) => id));
        if (!page.next) break;
        page = await directory.queries.list(TENANT, admin, {
          sort,
          page: { count: 7, after: page.next, withTotal: false },
        });
      }
      expect(found).toEqual(expected);
    }
  });

  const sorting = fc.option(
    fc.record({
      sortBy: path.filter((name) => !['name', 'roles', 'emails'].includes(name)),
      sortOrder: fc.constantFrom('ascending' as const, 'descending' as const),
    }),
    { nil: undefined },
  );
  const sight = fc.constantFrom<Sight>(
    admin,
    ...[
      { managedOnly: true },
      { managedOnly: false },
      { managedOnly: false, changedAfter: '2026-01-05T09:00:03.000Z' },
    ].map((eligibility): Sight => ({
      kind: 'connection',
      policy: {
        connectionId: 'entra',
        enabled: true,
        schemasVersion: 0,
        defaults: {},
        settings: { ...profiles.generic, eligibility },
      },
    })),
  );
  const sees = (looker: Sight, user: UserRecord) =>
    looker.kind === 'admin' ||
    isSeenBy(looker.policy, { ...user, ...linkOf(Number(user.id.slice(2))) }, user.lastModified);

  it('find, sort and page as an evaluation in memory does, by index and by cursor, for whoever looks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.option(filter, { nil: undefined }),
        sorting,
        sight,
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 0, max: 20 }),
        async (text, wantedSort, looker, startIndex, count) => {
          const wanted = text === undefined ? undefined : parsed(text);
          fc.pre(text === undefined || wanted !== undefined);
          const sort = wantedSort && parseSort(userType, wantedSort);
          const seen = people.filter((user) => sees(looker, user) && (!wanted || matches(wanted, presentedUser(user))));
          const expected = (
            sort ? seen.toSorted((a, b) => compareBy(sort)(presentedUser(a), presentedUser(b))) : seen
          ).map(({ id }) => id);
          const request = { ...(wanted && { filter: wanted }), ...(sort && { sort }) };
          const page = await directory.queries.list(TENANT, looker, {
            ...request,
            page: { startIndex, count, withTotal: true },
          });
          expect({ total: page.total, ids: page.items.map(({ id }) => id) }).toEqual({
            total: expected.length,
            ids: expected.slice(startIndex - 1, startIndex - 1 + count),
          });
          const found: string[] = [];
          for (let after: PageKey | undefined, more = true; more;) {
            const next = await directory.queries.list(TENANT, looker, {
              ...request,
              page: { count: count + 7, ...(after && { after }), withTotal: false },
            });
            found.push(...next.items.map(({ id }) => id));
            after = next.next;
            more = after !== undefined;
          }
          expect(found).toEqual(expected);
        },
      ),
      { numRuns: 200, interruptAfterTimeLimit: 40_000 },
    );
  });

  it.each(['displayName co "a"', 'emails co "a"'])('give up on %s as tooMany when it takes too long', async (text) => {
    const slow: Source<{ id: string; created_at: string; pause: string }, { id: string }> = {
      target: { search: 'u.search', columns: {}, relations: {} },
      from: `${directory.definition.name}.users u`,
      alias: 'u',
      select: 'u.id, u.created_at, pg_sleep(0.02) as pause',
      scope: () => 'pg_sleep(0.02) is not null',
      itemOf: ({ id }) => ({ id }),
      resourceOf: () => ({}),
    };
    await expect(
      list(directory.database, slow, { filter: parsed(text), page: { count: 10, withTotal: true } }, 100),
    ).rejects.toMatchObject({ scimType: 'tooMany' });
  });

  it('page by index, with the total on every page', async () => {
    const page = (startIndex: number, count: number) =>
      directory.queries.list(TENANT, admin, { page: { startIndex, count, withTotal: true } });
    expect(await page(11, 5)).toMatchObject({ total: PEOPLE, items: people.slice(10, 15).map(({ id }) => ({ id })) });
    expect(await page(1, 0)).toEqual({ total: PEOPLE, items: [] });
    expect(await page(1000, 5)).toEqual({ total: PEOPLE, items: [] });
  });
});
