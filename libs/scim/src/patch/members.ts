import { type Filter, isComparison } from '../filter/filter.ts';
import { type Json, isObject } from '../json/json.ts';
import { mutability } from '../problem/problem.ts';
import { type Resource, withValue } from '../resource/access.ts';
import type { PatchOperation } from './operation.ts';

/** What a PATCH does to the members of a group, without their set (design decision 4). */
export type MemberChange =
  | { op: 'add' | 'remove'; ids: string[] }
  | { op: 'replace'; ids: string[] }
  | { op: 'removeAll' }
  /** The filter is about the elements: `value`, `type`, `display`. */
  | { op: 'removeWhere'; filter: Filter };

const idsIn = (value: Json | undefined): string[] => {
  const elements = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return [
    ...new Set(
      elements.flatMap((element) => (isObject(element) && typeof element.value === 'string' ? [element.value] : [])),
    ),
  ];
};

/** The ids that `value eq "a" or value eq "b"` names. */
const idsNamedBy = (filter: Filter): string[] | undefined => {
  if (filter.op === 'or') {
    const parts = filter.filters.map(idsNamedBy);
    return parts.every((part) => part !== undefined) ? [...new Set(parts.flat())] : undefined;
  }
  return isComparison(filter) &&
    filter.op === 'eq' &&
    filter.attribute.path === 'value' &&
    typeof filter.value === 'string'
    ? [filter.value]
    : undefined;
};

const memberChange = (operation: PatchOperation): MemberChange => {
  if (operation.op !== 'remove') {
    if (operation.where || operation.sub) throw mutability('A member cannot be changed, only added and removed.');
    return { op: operation.op, ids: idsIn(operation.value) };
  }
  const { where, sub, values } = operation;
  if (sub) throw mutability('A member cannot be changed, only added and removed.');
  if (!where) return values ? { op: 'remove', ids: idsIn(values) } : { op: 'removeAll' };
  const ids = idsNamedBy(where);
  return ids ? { op: 'remove', ids } : { op: 'removeWhere', filter: where };
};

/** The operations of a group's PATCH, those on members apart, each kind in its order: the last word on a member wins. */
export const splitMembers = (
  operations: readonly PatchOperation[],
): { profile: PatchOperation[]; members: MemberChange[] } => ({
  profile: operations.filter(({ path }) => path !== 'members'),
  members: operations.filter(({ path }) => path === 'members').map(memberChange),
});

/** The ids of the members in the body of a POST or PUT; `undefined` when it doesn't speak of members, none when it `cleared` them. */
export const memberIds = (resource: Resource, cleared: readonly string[] = []): string[] | undefined =>
  resource.members === undefined && !cleared.includes('members') ? undefined : idsIn(resource.members);

/** The profile of a group, which is what `replaceResource` and `applyPatch` get: its members are changed apart. */
export const withoutMembers = (resource: Resource): Resource => withValue(resource, 'members', undefined);
