import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { matches, parseFilter, profiles, userType } from '@tenure/scim';
import fc from 'fast-check';
import { TENANT, testDirectory, type TestDirectory } from '../testing/test-directory.ts';
import type { Sight, ShownUser } from '../user/user.queries.ts';
import { presentedUser } from '../user/user.record.ts';
import type { PageKey } from './compile-sort.ts';

const admin: Sight = { kind: 'admin' };
const parsed = (text: string) => parseFilter(text, userType, profiles.generic);

describe('filters of what the groups of a user are, beside what has to be looked at in memory', () => {
  let directory: TestDirectory;
  let people: ShownUser[];
  const groups: string[] = [];
  beforeAll(async () => {
    directory = await testDirectory();
    directory.connect('entra');
    const ids: string[] = [];
    for (const name of ['ada', 'bob', 'cy', 'dora', 'eve', 'finn']) {
      const emails = [
        { type: 'work', value: `${name}@plum.example` },
        ...(name < 'd' ? [{ type: 'home', value: `${name}@fig.example` }] : []),
      ];
      ids.push((await directory.createUser(`${name}@plum.example`, { connectionId: 'entra', title: name, emails })).id);
    }
    const members = [ids.slice(0, 2), ids.slice(1, 4), []];
    for (const [index, one] of members.entries())
      groups.push((await directory.createGroup(`G${index}`, one, 'entra')).id);
    people = (await directory.queries.list(TENANT, admin, { page: { count: 10, withTotal: false } }, { groups: true }))
      .items;
  });
  afterAll(() => directory.close());

  const leaf = fc.oneof(
    fc
      .tuple(fc.constantFrom('eq', 'ne', 'co', 'sw'), fc.nat(2))
      .map(([op, index]) => `groups.value ${op} "${groups[index]}"`),
    fc.constantFrom(
      'groups pr',
      'groups.display eq "g1"',
      'groups[display eq "G0" and type eq "direct"]',
      'groups.value eq null',
      'groups.value ne null',
      'groups.type ne "indirect"',
    ),
    fc.constantFrom(
      'emails co "fig"',
      'emails.type ne "work"',
      'emails[type eq "home" or value sw "e"]',
      'title ge "c"',
      'userName eq "bob@plum.example"',
    ),
  );
  const filter = fc.letrec<{ filter: string }>((tie) => ({
    filter: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc
        .tuple(tie('filter'), fc.constantFrom('and', 'or'), tie('filter'))
        .map(([a, glue, b]) => `(${a}) ${glue} (${b})`),
      tie('filter').map((inner) => `not (${inner})`),
    ),
  })).filter;

  it('find whom an evaluation of each whole resource finds, page by page', async () => {
    await fc.assert(
      fc.asyncProperty(filter, fc.integer({ min: 1, max: 4 }), async (text, count) => {
        const wanted = parsed(text);
        const expected = people.filter((user) => matches(wanted, presentedUser(user, user.groups))).map(({ id }) => id);
        const found: string[] = [];
        for (let after: PageKey | undefined, more = true; more; more = after !== undefined) {
          const page = await directory.queries.list(TENANT, admin, {
            filter: wanted,
            page: { count, withTotal: !after, ...(after && { after }) },
          });
          if (!after) expect(page.total).toBe(expected.length);
          found.push(...page.items.map(({ id }) => id));
          after = page.next;
        }
        expect({ text, found }).toEqual({ text, found: expected });
      }),
      { numRuns: 300, interruptAfterTimeLimit: 40_000 },
    );
  }, 60_000);
});
