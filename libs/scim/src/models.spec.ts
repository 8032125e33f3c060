import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type Filter,
  type JsonObject,
  isComparison,
  matches,
  parseFilter,
  printFilter,
  profiles,
  userSchema,
  userType,
} from './index.ts';
import { filters, patched } from './testing/index.ts';

/** The rules once more in a few plain lines, for random inputs to be held against. */

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

describe('a filter (RFC 7644 §3.4.2.2)', () => {
  const word = fc.constantFrom(
    'lea@oak.example',
    'LEA@home.example',
    'Lea',
    'work',
    'HOME',
    'Baker',
    'ADMIN',
    'ovens',
    'Boss-1',
    'boss-1',
    'a"b\\',
    'É',
    '',
  );
  const element = fc.record({ value: word, type: word, display: word, primary: fc.boolean() }, { requiredKeys: [] });
  const list = fc.array(element, { minLength: 1, maxLength: 3 });
  const users = fc.record(
    {
      id: word,
      externalId: word,
      userName: word,
      displayName: word,
      title: word,
      userType: word,
      active: fc.boolean(),
      name: fc.record({ givenName: word, familyName: word, formatted: word }, { requiredKeys: [] }),
      meta: fc.record(
        {
          created: fc
            .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
            .map((date) => date.toISOString()),
          resourceType: fc.constant('User'),
        },
        { requiredKeys: [] },
      ),
      emails: list,
      roles: list,
      phoneNumbers: list,
      x509Certificates: list,
      groups: list,
      [enterprise]: fc.record({ department: word, manager: fc.record({ value: word }) }, { requiredKeys: [] }),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<JsonObject>;

  const namesOf = (path: string) => [
    ...(path.includes(':') ? [path.slice(0, path.lastIndexOf(':'))] : []),
    ...path.slice(path.lastIndexOf(':') + 1).split('.'),
  ];
  const at = (value: any, [name, ...rest]: string[]): any[] => {
    if (Array.isArray(value))
      return value.flatMap((one) =>
        at(
          one,
          [name, ...rest].filter((each) => each !== undefined),
        ),
      );
    if (name === undefined) return [value];
    return value?.[name] === undefined ? [] : at(value[name], rest);
  };
  const present = (value: any): boolean =>
    typeof value === 'object' ? Object.values(value).some(present) : value !== '';
  const holds = (filter: Filter, subject: any): boolean => {
    if ('filters' in filter)
      return filter.filters[filter.op === 'and' ? 'every' : 'some']((one) => holds(one, subject));
    if (filter.op === 'not') return !holds(filter.filter, subject);
    if (filter.op === 'constant') return filter.value;
    const values = at(subject, namesOf(filter.attribute.path));
    if (filter.op === 'pr') return values.some(present);
    if (filter.op === 'where') return values.some((one) => holds(filter.filter, one));
    if (!isComparison(filter)) throw new Error('There is no other operator.');
    const { op, attribute } = filter;
    const plain = (value: any) =>
      attribute.type === 'dateTime'
        ? Date.parse(value)
        : attribute.caseExact || typeof value !== 'string'
          ? value
          : value.toLowerCase();
    const wanted = plain(filter.value);
    if (op === 'ne' && values.length === 0) return true;
    return values.map(plain).some(
      (value) =>
        ({
          eq: value === wanted,
          ne: value !== wanted,
          gt: value > wanted,
          ge: value >= wanted,
          lt: value < wanted,
          le: value <= wanted,
          co: `${value}`.includes(wanted),
          sw: `${value}`.startsWith(wanted),
          ew: `${value}`.endsWith(wanted),
        })[op],
    );
  };

  it('holds of a resource exactly when the model says so, printed and parsed again as well', () => {
    fc.assert(
      fc.property(filters, users, (filter, user) => {
        const expected = holds(filter, user);
        expect({ filter: printFilter(filter), held: matches(filter, user) }).toEqual({
          filter: printFilter(filter),
          held: expected,
        });
        fc.pre(printFilter(filter).length < 4000);
        expect(matches(parseFilter(printFilter(filter), userType, profiles.generic), user)).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a PATCH (RFC 7644 §3.5.2)', () => {
  type Email = { value?: string; type?: string; primary?: boolean; display?: string };
  type User = { title?: string; nickName?: string; name?: Record<string, string>; emails?: Email[] };
  type Operation = { op: 'add' | 'replace' | 'remove'; path: string; value?: any };

  const word = fc.constantFrom('a', 'b', 'c');
  const type = fc.constantFrom('work', 'home');
  const email = fc.record(
    { value: word, type, primary: fc.constant(true), display: word },
    { requiredKeys: ['value', 'type'] },
  );
  const distinct = (key: (one: Email) => string) => (emails: Email[]) =>
    emails.filter((one, index) => emails.findIndex((other) => key(other) === key(one)) === index);
  const emails = fc
    .array(email, { minLength: 1, maxLength: 3 })
    .map(distinct(({ value, type: kind }) => `${value} ${kind}`))
    .map((all) =>
      all.map((one, index) =>
        one.primary && all.findLastIndex(({ primary }) => primary) !== index ? { ...one, primary: false } : one,
      ),
    );
  const name = fc
    .record({ givenName: word, familyName: word }, { requiredKeys: [] })
    .filter((one) => Object.keys(one).length > 0);
  const users = fc.record({ title: word, nickName: word, name, emails }, { requiredKeys: [] });

  const set = fc.constantFrom('add' as const, 'replace' as const);
  const operations: fc.Arbitrary<Operation> = fc.oneof(
    fc.record({
      op: set,
      path: fc.constantFrom('title', 'nickName', 'name.givenName', 'name.familyName'),
      value: word,
    }),
    fc.record({ op: set, path: fc.constant('name'), value: name }),
    fc.record({ op: set, path: fc.constant('emails'), value: emails }),
    fc.record({
      op: set,
      path: type.map((kind) => `emails[type eq "${kind}"]`),
      value: fc.record({ value: word, primary: fc.constant(true), display: word }, { requiredKeys: ['value'] }),
    }),
    fc.record({
      op: set,
      path: fc
        .tuple(type, fc.constantFrom('value', 'display'))
        .map(([kind, sub]) => `emails[type eq "${kind}"].${sub}`),
      value: word,
    }),
    fc.record({ op: set, path: type.map((kind) => `emails[type eq "${kind}"].primary`), value: fc.constant(true) }),
    fc.record({
      op: fc.constant('remove' as const),
      path: fc.constantFrom(
        'title',
        'nickName',
        'name',
        'name.givenName',
        'emails',
        'emails[type eq "work"]',
        'emails[type eq "home"]',
        'emails[type eq "work"].display',
        'emails[type eq "home"].value',
        'emails[type eq "work"].primary',
      ),
    }),
  );

  /** Without what has no value, an attribute without parts or elements among it. */
  const clean = (user: User): User =>
    JSON.parse(
      JSON.stringify(user, (key, value) =>
        key !== '' &&
        typeof value === 'object' &&
        value !== null &&
        Object.values(value).every((one) => one === undefined)
          ? undefined
          : value,
      ),
    ) as User;

  const emailsAfter = (
    now: Email[],
    { op, value }: Operation,
    kind: string | undefined,
    sub: keyof Email | undefined,
  ): Email[] => {
    const meant = (one: Email) => kind === undefined || one.type === kind;
    if (op === 'remove' && !sub) return now.filter((one) => !meant(one));
    const loses = (one: Email) => meant(one) && one[sub!] !== undefined;
    if (op === 'remove')
      return now
        .map((one) => (loses(one) ? { ...one, [sub!]: undefined } : one))
        .filter((one, index) => !loses(now[index]!) || one.value !== undefined || one.display !== undefined);
    const touched: Email[] = [];
    const made: Email[] = [];
    const touch = (one: Email, given: Email) => {
      touched.push(one);
      if (given.primary) made.push(one);
      return one;
    };
    let next: Email[];
    if (kind === undefined) {
      next = op === 'add' ? [...now] : [];
      for (const one of value as Email[]) {
        const at = next.findIndex((other) => other.value === one.value && other.type === one.type);
        next.splice(at < 0 ? next.length : at, 1, touch({ ...next[at], ...one }, one));
      }
    } else {
      const given: Email = sub ? { [sub]: value } : { type: kind, ...value };
      const same = (one: Email) => touched.some((other) => isDeepStrictEqual(one, other));
      next = now.flatMap((one) => {
        const changed = sub || op === 'add' ? { ...one, ...given } : { ...given };
        if (!meant(one)) return [one];
        return same(changed) ? [] : [touch(changed, given)];
      });
      if (touched.length === 0) next.push(touch({ type: kind, ...given }, given));
    }
    const chosen = made.at(-1);
    return chosen ? next.map((one) => (one !== chosen && one.primary ? { ...one, primary: false } : one)) : next;
  };

  const after = (user: User, operation: Operation): User => {
    const { op, path, value } = operation;
    const [, attribute = '', kind, sub] = /^(\w+)(?:\[type eq "(\w+)"\])?(?:\.(\w+))?$/.exec(path)!;
    if (attribute === 'emails')
      return clean({ ...user, emails: emailsAfter(user.emails ?? [], operation, kind, sub as keyof Email) });
    const before = user[attribute as 'name'];
    if (sub) return clean({ ...user, [attribute]: { ...before, [sub]: op === 'remove' ? undefined : value } });
    return clean({
      ...user,
      [attribute]: op === 'remove' ? undefined : attribute === 'name' ? { ...before, ...value } : value,
    });
  };

  /** Elements of a list have no order that matters. */
  const unordered = ({ emails: all, ...user }: User) => ({
    ...user,
    ...(all && {
      emails: all
        .map((one) =>
          JSON.stringify(Object.fromEntries(Object.entries(one).toSorted(([a], [b]) => a.localeCompare(b)))),
        )
        .toSorted((a, b) => a.localeCompare(b)),
    }),
  });

  it('makes of any user what the model makes of them, and tells of a change exactly where there is one', () => {
    fc.assert(
      fc.property(users.map(clean), fc.array(operations, { minLength: 1, maxLength: 4 }), (user, list) => {
        const given = { schemas: [userSchema.id], userName: 'u', ...user };
        const expected = list.reduce(after, user);
        const { resource, changed } = patched(userType, given as JsonObject, list as unknown as JsonObject[]);
        const { schemas: _, userName: __, ...shown } = resource;
        expect(unordered(shown)).toEqual(unordered(expected));
        expect(changed.length === 0).toBe(isDeepStrictEqual(unordered(expected), unordered(user)));
      }),
      { numRuns: 3_000 },
    );
  });
});
