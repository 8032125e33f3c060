import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type JsonObject,
  type ScimType,
  compareBy,
  etagMatches,
  etagOf,
  groupType,
  listResponse,
  parseListQuery,
  parseSearchRequest,
  parseShownAttributes,
  parseSort,
  profiles,
  searchRequestSchema,
  sortKey,
  userType,
} from '../index.ts';

describe('the parameters of a list', () => {
  it('have defaults', () => expect(parseListQuery({})).toEqual({ sortOrder: 'ascending', startIndex: 1 }));

  it('are known in any case; unknown and empty ones are ignored (E27, L1)', () => {
    expect(
      parseListQuery({
        startindex: '0',
        COUNT: '5',
        Filter: 'userName pr',
        attributes: '',
        aadOptscim062020: '',
        sortby: '',
      }),
    ).toEqual({
      filter: 'userName pr',
      sortOrder: 'ascending',
      startIndex: 1,
      count: 5,
    });
  });

  it.each([
    [{ startIndex: '-7' }, { startIndex: 1 }],
    [{ startIndex: '11' }, { startIndex: 11 }],
    [{ count: '-1' }, { count: 0 }],
    [{ count: '0' }, { count: 0 }],
    [{ count: '9'.repeat(16) }, { count: Number.MAX_SAFE_INTEGER }],
    [{ count: `-${'9'.repeat(400)}` }, { count: 0 }],
    [{ startIndex: '9'.repeat(400) }, { startIndex: Number.MAX_SAFE_INTEGER }],
    [
      { sortBy: 'userName', sortOrder: 'Descending' },
      { sortBy: 'userName', sortOrder: 'descending' },
    ],
    [{ cursor: '' }, { cursor: '' }],
    [{ attributes: ['userName', 'name, id'] }, { attributes: ['userName', 'name', 'id'] }],
    [{ filter: ['a pr', 'b pr'] }, { filter: 'a pr' }],
  ])('%j is read as %j', (params, expected) => expect(parseListQuery(params)).toMatchObject(expected));

  it.each<[Record<string, string>, ScimType]>([
    [{ count: 'ten' }, 'invalidValue'],
    [{ count: '1.5' }, 'invalidValue'],
    [{ count: 'ten', cursor: '' }, 'invalidCount'],
    [{ startIndex: 'x' }, 'invalidValue'],
    [{ sortOrder: 'up' }, 'invalidValue'],
  ])('%j is refused as %s', (params, scimType) =>
    expect(() => parseListQuery(params)).toThrow(expect.objectContaining({ status: 400, scimType })),
  );

  it('say nothing of a single resource but which attributes it shows (§3.4.1)', () => {
    const params = {
      count: 'ten',
      startIndex: 'x',
      sortOrder: 'up',
      filter: '(',
      cursor: '!',
      ATTRIBUTES: 'userName, name',
    };
    expect(parseShownAttributes(params)).toEqual({ attributes: ['userName', 'name'] });
    expect(parseShownAttributes({ ...params, ATTRIBUTES: undefined, excludedAttributes: ['emails', 'meta'] })).toEqual({
      excludedAttributes: ['emails', 'meta'],
    });
  });

  it('may come in the body of a search', () => {
    const body = {
      schemas: [searchRequestSchema],
      attributes: ['userName', 'name'],
      filter: 'active eq true',
      startIndex: 1,
      count: 10,
      SortOrder: 'descending',
    };
    expect(parseSearchRequest(body, profiles.strict)).toEqual({
      filter: 'active eq true',
      sortOrder: 'descending',
      startIndex: 1,
      count: 10,
      attributes: ['userName', 'name'],
    });
    expect(parseSearchRequest({ count: 1e30, startIndex: 1e30 }, profiles.generic)).toMatchObject({
      count: Number.MAX_SAFE_INTEGER,
      startIndex: Number.MAX_SAFE_INTEGER,
    });
    expect(() => parseSearchRequest({ ...body, schemas: ['urn:x'] }, profiles.generic)).toThrow(
      expect.objectContaining({ scimType: 'invalidSyntax' }),
    );
    expect(() => parseSearchRequest({ filter: 7 }, profiles.generic)).toThrow(
      expect.objectContaining({ scimType: 'invalidValue' }),
    );
    expect(parseSearchRequest({ count: 1 }, profiles.generic)).toMatchObject({ count: 1 });
    expect(() => parseSearchRequest({ count: 1 }, profiles.strict)).toThrow(
      expect.objectContaining({ scimType: 'invalidSyntax' }),
    );
    expect(() => parseSearchRequest([], profiles.generic)).toThrow(
      expect.objectContaining({ scimType: 'invalidSyntax' }),
    );
  });
});

describe('sorting', () => {
  const people: JsonObject[] = [
    {
      userName: 'b',
      title: 'Zimmerer',
      emails: [{ value: 'z@x.example' }, { value: 'a@x.example', primary: true }],
      meta: { created: '2026-01-02T00:00:00+02:00' },
    },
    { userName: 'A', emails: [{ value: 'm@x.example' }], meta: { created: '2026-01-01T23:00:00Z' } },
    { userName: 'c', title: 'baker', meta: { created: '2026-01-01T21:59:00Z' } },
  ];
  const sorted = (sortBy: string, sortOrder: 'ascending' | 'descending' = 'ascending') =>
    people.toSorted(compareBy(parseSort(userType, { sortBy, sortOrder })!)).map(({ userName }) => userName);

  it.each([
    ['userName', ['A', 'b', 'c']],
    ['title', ['c', 'b', 'A']],
    ['emails', ['b', 'A', 'c']],
    ['emails.value', ['b', 'A', 'c']],
    ['META.created', ['c', 'b', 'A']],
  ])('by %s ignores case, takes the primary or first value and puts what has none last', (sortBy, expected) => {
    expect(sorted(sortBy)).toEqual(expected);
    expect(sorted(sortBy, 'descending')).toEqual(expected.toReversed());
  });

  it.each(['name', 'nope', 'password', '__proto__'])('by %s is refused', (sortBy) => {
    expect(() => parseSort(userType, { sortBy, sortOrder: 'ascending' })).toThrow(
      expect.objectContaining({ scimType: 'invalidValue' }),
    );
  });

  it('is not asked for without a name, and at the root takes what any type knows', () => {
    expect(parseSort(userType, { sortOrder: 'ascending' })).toBeUndefined();
    const sort = parseSort([userType, groupType], { sortBy: 'displayName', sortOrder: 'ascending' })!;
    expect(sortKey(sort, { displayName: 'Bakers' })).toBe('bakers');
  });
});

describe('a list', () => {
  it('always has its counts, and Resources though empty (Okta, Entra)', () => {
    expect(listResponse({ resources: [], totalResults: 0, startIndex: 1 })).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: 0,
      startIndex: 1,
      itemsPerPage: 0,
      Resources: [],
    });
  });

  it('has a cursor to go on with (RFC 9865)', () => {
    expect(listResponse({ resources: [{ id: 'a' }], nextCursor: 'abc' })).toMatchObject({
      itemsPerPage: 1,
      nextCursor: 'abc',
      Resources: [{ id: 'a' }],
    });
  });
});

describe('an ETag', () => {
  it('is weak, and found in a header', () => {
    expect(etagOf(7)).toBe('W/"7"');
    for (const header of ['W/"7"', '"7"', '*', 'W/"6", W/"7"', ' w/"7" ', '7'])
      expect(etagMatches(header, 7)).toBe(true);
    for (const header of ['W/"8"', '"77"', '', 'W/"7x"', '""']) expect(etagMatches(header, 7)).toBe(false);
  });

  it('matches itself alone', () => {
    fc.assert(fc.property(fc.nat(), fc.nat(), (a, b) => expect(etagMatches(etagOf(a), b)).toBe(a === b)));
  });
});
