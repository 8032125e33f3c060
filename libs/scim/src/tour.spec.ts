import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  applyPatch,
  containment,
  errorBody,
  groupType,
  listResponse,
  matches,
  noTarget,
  parseFilter,
  parseListQuery,
  parsePatch,
  parseProjection,
  parseResource,
  profiles,
  project,
  searchDocument,
  splitMembers,
  userType,
} from './index.ts';

const core = userType.schema.id;
const Operations = [{ op: 'Replace', path: 'emails[type eq "work"].value', value: 'ada@elm.example' }];
const groupPatch = { Operations: [{ op: 'remove', path: 'members[value eq "u-7"]' }] };

describe('the tour in the README', () => {
  it('is this', () => {
    const dialect = profiles.entra;

    // POST: canonical names, read-only input dropped, oddities noted by code and attribute
    const created = parseResource(userType, { schemas: [core], USERNAME: 'ada@elm.example', active: 'True' }, dialect);
    expect(created.resource).toEqual({ schemas: [core], userName: 'ada@elm.example', active: true });
    expect(created.notes).toEqual([{ code: 'boolean-as-string', attribute: 'active' }]);

    // PATCH: parsed at the edge, plain JSON on the way, applied where the state is
    const { operations } = parsePatch(userType, { Operations }, dialect);
    const patched = applyPatch(userType, created.resource, operations, dialect);
    expect(patched.changed).toEqual(['emails']);
    expect(applyPatch(userType, patched.resource, operations, dialect).changed).toEqual([]);

    // Groups: members never pass through the profile
    const { members } = splitMembers(parsePatch(groupType, groupPatch, dialect).operations);
    expect(members).toEqual([{ op: 'remove', ids: ['u-7'] }]);

    // Filter: exact in memory, or compiled against the search document
    const filter = parseFilter('emails[type eq "work"].value eq "ADA@elm.example"', userType, dialect);
    expect(matches(filter, patched.resource)).toBe(true);
    expect(containment(filter)).toEqual({ emails: [{ type: 'work', value: 'ada@elm.example' }] });
    expect(searchDocument(userType, patched.resource)).toMatchObject(containment(filter)!);

    // Replies
    const query = parseListQuery({ startindex: '0', attributes: 'userName' });
    const shown = project(userType, patched.resource, parseProjection(query, userType));
    expect(listResponse({ resources: [shown], totalResults: 1, startIndex: query.startIndex }).Resources).toEqual([
      { schemas: [core], userName: 'ada@elm.example' },
    ]);
    expect(errorBody(noTarget())).toMatchObject({ status: '400', scimType: 'noTarget' });
  });

  it('stands in the README word by word', () => {
    const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
    const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(read('../README.md')) ?? [];
    const lines = (text: string) =>
      text
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean);
    expect(lines(code).length).toBeGreaterThan(10);
    expect(lines(read('./tour.spec.ts')).join('\n')).toContain(lines(code).join('\n'));
  });
});
