import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ScimPatchOperation, type ScimResource, scimPatch } from 'scim-patch';
import { filter as filterOf, parse } from 'scim2-parse-filter';
import { type Filter, type JsonObject, isComparison, matches, printFilter, userSchema, userType } from './index.ts';
import { filters, patched } from './testing/index.ts';

/** Other libraries' answers to the same questions, asked only where they are right (design decision 18). */

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const sol: JsonObject = {
  schemas: [userSchema.id, enterprise],
  userName: 'sol@yew.example',
  title: 'Cook',
  active: true,
  name: { givenName: 'Sol', familyName: 'Ek' },
  emails: [
    { type: 'work', value: 'sol@yew.example', primary: true },
    { type: 'home', value: 'sol@home.example' },
  ],
  [enterprise]: { department: 'Kitchen' },
};

describe('scim-patch agrees', () => {
  it.each<JsonObject[]>([
    [{ op: 'replace', path: 'active', value: false }],
    [{ op: 'replace', value: { title: 'Chef', 'name.givenName': 'Solveig' } }],
    [{ op: 'add', path: 'nickName', value: 'S' }],
    [{ op: 'add', path: 'name.middleName', value: 'M' }],
    [{ op: 'add', path: 'emails', value: [{ type: 'other', value: 'o@yew.example' }] }],
    [{ op: 'replace', path: 'emails[type eq "work"].value', value: 's@yew.example' }],
    [{ op: 'add', path: 'phoneNumbers[type eq "work"].value', value: '+46' }],
    [{ op: 'remove', path: 'emails[type eq "home"]' }],
    [{ op: 'remove', path: 'title' }],
    [{ op: 'remove', path: 'name.familyName' }],
    [{ op: 'replace', path: `${enterprise}:department`, value: 'Ovens' }],
    [
      { op: 'add', path: 'title', value: 'Chef' },
      { op: 'remove', path: 'emails' },
    ],
  ])('about %j', (...operations) => {
    const theirs = scimPatch(
      structuredClone(sol) as unknown as ScimResource,
      structuredClone(operations) as unknown as ScimPatchOperation[],
    );
    expect(patched(userType, sol, operations).resource).toEqual(JSON.parse(JSON.stringify(theirs)));
  });
});

/**
 * Where the parser of scim2-parse-filter sees the same thing: no `where` (it doesn't correlate), no `ne` (of a multi-valued attribute it
 * asks every value), no case, no escaped quotes, no URNs and no instants.
 */
const comparableThere = (filter: Filter): boolean => {
  if (filter.op === 'and' || filter.op === 'or') return filter.filters.every(comparableThere);
  if (filter.op === 'not') return comparableThere(filter.filter);
  if (filter.op === 'pr') return /^(userName|title|nickName|name\.\w+)$/.test(filter.attribute.path);
  if (!isComparison(filter) || !/^(userName|title|nickName|name\.\w+|emails\.type)$/.test(filter.attribute.path))
    return false;
  return (
    ['eq', 'co', 'sw', 'ew'].includes(filter.op) && typeof filter.value === 'string' && /^[a-z@.]+$/.test(filter.value)
  );
};

const folded = JSON.parse(
  JSON.stringify(sol)
    .toLowerCase()
    .replaceAll('username', 'userName')
    .replaceAll('familyname', 'familyName')
    .replaceAll('givenname', 'givenName'),
) as JsonObject;

describe('scim2-parse-filter agrees', () => {
  it('about what filters of simple attributes match', () => {
    const list = fc.sample(filters, { numRuns: 5_000, seed: 7 }).filter(comparableThere);
    expect(list.length).toBeGreaterThan(20);
    for (const one of list) {
      const theirs = filterOf(parse(printFilter(one)));
      expect([printFilter(one), matches(one, folded)]).toEqual([printFilter(one), theirs(folded)]);
    }
  });
});
