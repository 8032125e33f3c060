import { describe, expect, it } from '@jest/globals';
import { builtInTypes } from '@tenure/directory';
import {
  groupType,
  memberIds,
  parseBody,
  parsePatch,
  patchSchema,
  profiles,
  splitMembers,
  withoutMembers,
  type JsonObject,
} from '@tenure/scim';
import type { ScimContext } from '../connection/scim-context.ts';
import { readGroup, readGroupPatch } from './group-bodies.ts';

const contextOf = (settings: (typeof profiles)[keyof typeof profiles]) =>
  ({ policy: { settings }, types: builtInTypes, baseUrl: 'https://tenure.example/scim/t/c/v2' }) as ScimContext;
const tolerant = { ...profiles.generic, missingOp: 'replace' } as const;
const context = contextOf(tolerant);

const members = (count: number, more: object = {}) =>
  Array.from({ length: count }, (_, index) => ({ value: `m${index % (count - 1)}`, ...more }));
const schemas = ['urn:ietf:params:scim:schemas:core:2.0:Group'];
const patch = (...Operations: object[]) => ({ schemas: [patchSchema], Operations }) as unknown as JsonObject;

describe('a group of many members', () => {
  it.each([10, 2000, 2001, 7000])('of %i is read in slices as it would be at once', async (count) => {
    for (const name of ['members', 'Members']) {
      const body = { schemas, displayName: 'Staff', externalId: 'x', [name]: members(count, { odd: 1 }) };
      const whole = parseBody(groupType, body, profiles.generic);
      expect(await readGroup(groupType, body, context)).toEqual({
        resource: withoutMembers(whole.resource),
        cleared: whole.cleared,
        notes: whole.notes,
        memberIds: memberIds(whole.resource),
      });
    }
  });

  it('is refused where one member anywhere is none', async () => {
    const body = { schemas, displayName: 'Staff', members: [...members(5000), { nobody: true }] };
    await expect(readGroup(groupType, body, context)).rejects.toMatchObject({ status: 400 });
    await expect(readGroup(groupType, { schemas, members: members(5000) }, context)).rejects.toThrow('displayName');
  });

  it('says nothing of members, or that there are none', async () => {
    expect((await readGroup(groupType, { schemas, displayName: 'Staff' }, context)).memberIds).toBeUndefined();
    expect((await readGroup(groupType, { schemas, displayName: 'Staff', members: [] }, context)).memberIds).toEqual([]);
  });
});

describe('a PATCH of many members', () => {
  const atOnce = (body: JsonObject) => splitMembers(parsePatch(groupType, body, tolerant).operations);
  /** The last word on a member wins: what is left of a sequence of changes. */
  const outcome = (changes: ReturnType<typeof atOnce>['members']) => {
    const said = new Map<string, boolean>();
    let emptied = false;
    for (const change of changes) {
      if (change.op === 'removeWhere') throw new Error('not used here');
      if (change.op === 'replace' || change.op === 'removeAll') {
        said.clear();
        emptied = true;
      }
      if (change.op !== 'removeAll') for (const id of change.ids) said.set(id, change.op !== 'remove');
    }
    return { emptied, said: [...said].toSorted(([one], [other]) => one.localeCompare(other)) };
  };

  it.each<[string, JsonObject]>([
    ['one addition', patch({ op: 'add', path: 'members', value: members(5000) })],
    ['one replacement', patch({ op: 'Replace', path: 'members', value: members(5000) })],
    ['one without an op', patch({ path: 'members', value: members(5000) })],
    ['one removal', patch({ op: 'remove', path: 'members', value: members(5000) })],
    ['one without a path', patch({ op: 'replace', value: { displayName: 'New', members: members(5000) } })],
    ['an operation each', patch(...members(5000).map((value) => ({ op: 'add', path: 'members', value: [value] })))],
    [
      'additions and removals',
      patch(
        { op: 'add', path: 'members', value: members(3000) },
        { op: 'remove', path: 'members[value eq "m7"]' },
        { op: 'replace', path: 'displayName', value: 'New' },
        { op: 'add', path: 'members', value: members(2500).slice(2000) },
      ),
    ],
  ])('comes to the same in slices: %s', async (_, body) => {
    const read = await readGroupPatch(groupType, body, context);
    const whole = atOnce(body);
    expect(read.profile).toEqual(whole.profile);
    expect(outcome(read.members)).toEqual(outcome(whole.members));
    expect(read.members.length).toBeLessThanOrEqual(3);
  });

  it('is refused as a whole, where the last part is wrong or there is nothing in it', async () => {
    const wrong = patch({ op: 'add', path: 'members', value: [...members(5000), { nobody: true }] });
    await expect(readGroupPatch(groupType, wrong, context)).rejects.toMatchObject({ status: 400 });
    for (const body of [undefined, {}, { schemas: [patchSchema] }, { schemas: [patchSchema], Operations: 7 }])
      await expect(readGroupPatch(groupType, body, context)).rejects.toMatchObject({ status: 400 });
    await expect(readGroupPatch(groupType, patch(), contextOf(profiles.strict))).rejects.toMatchObject({ status: 400 });
  });

  it('has a limit for what costs a look through all members', async () => {
    const named = members(1002).map(({ value }) => ({ op: 'remove', path: `members[display eq "${value}"]` }));
    await expect(readGroupPatch(groupType, patch(...named), context)).rejects.toMatchObject({ status: 413 });
    const renamed = members(1002).map(({ value }) => ({ op: 'replace', path: 'displayName', value }));
    await expect(readGroupPatch(groupType, patch(...renamed), context)).rejects.toMatchObject({ status: 413 });
  });
});
