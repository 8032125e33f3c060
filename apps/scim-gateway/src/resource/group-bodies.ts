import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  isObject,
  memberIds,
  parseBody,
  parsePatch,
  problem,
  splitMembers,
  withoutMembers,
  type Json,
  type JsonObject,
  type MemberChange,
  type Note,
  type PatchOperation,
  type ResourceType,
} from '@tenure/scim';
import type { ScimContext } from '../connection/scim-context.ts';
import { operationsWithoutUrls } from './reference-filters.ts';

/** Members that are read before other requests get a turn: 2,000 take some 5 ms, the 100,000 of a large group would take 300. */
const AT_ONCE = 2000;
const MOST_OPERATIONS = 1000;

type GroupBody = {
  resource: JsonObject;
  cleared: string[];
  notes: readonly Note[];
  memberIds: string[] | undefined;
};

const keyOf = (object: JsonObject, name: string) => Object.keys(object).find((key) => key.toLowerCase() === name);

/** The list under a name in any case, where it is too long to be read at once. */
const longList = (value: unknown, name: string): { key: string; list: Json[] } | undefined => {
  const key = isObject(value) ? keyOf(value, name) : undefined;
  const list = key === undefined ? undefined : (value as JsonObject)[key];
  return Array.isArray(list) && list.length > AT_ONCE ? { key: key!, list } : undefined;
};

const slicesOf = (list: readonly Json[]): Json[][] =>
  Array.from({ length: Math.ceil(list.length / AT_ONCE) }, (_, index) =>
    list.slice(index * AT_ONCE, (index + 1) * AT_ONCE),
  );

/** The body of a POST or PUT, its members reduced to ids. */
export const readGroup = async (type: ResourceType, body: unknown, { policy }: ScimContext): Promise<GroupBody> => {
  const long = longList(body, 'members');
  const [first, ...slices] = long ? slicesOf(long.list) : [];
  const whole = long ? { ...(body as JsonObject), [long.key]: first! } : body;
  const { resource, cleared, notes } = parseBody(type, whole, policy.settings);
  const ids = new Set(memberIds(resource, cleared));
  const allNotes = [...notes];
  const displayName = resource.displayName ?? 'x';
  for (const members of slices) {
    await nextTurn();
    const slice = parseBody(type, { schemas: resource.schemas, displayName, members }, policy.settings);
    for (const id of memberIds(slice.resource) ?? []) ids.add(id);
    allNotes.push(...slice.notes);
  }
  return {
    resource: withoutMembers(resource),
    cleared,
    notes: distinct(allNotes),
    memberIds: long ? [...ids] : memberIds(resource, cleared),
  };
};

type GroupPatch = { profile: PatchOperation[]; members: MemberChange[]; notes: readonly Note[] };

/** The operations of a PATCH, those on members apart. */
export const readGroupPatch = async (type: ResourceType, body: unknown, context: ScimContext): Promise<GroupPatch> => {
  const key = isObject(body) ? keyOf(body, 'operations') : undefined;
  const given = key === undefined ? undefined : (body as JsonObject)[key];
  if (key === undefined || !Array.isArray(given)) return readPart(type, body, context);
  const read: GroupPatch[] = [];
  for (const operations of inParts(given)) {
    if (read.length > 0) await nextTurn();
    read.push(readPart(type, { ...(body as JsonObject), [key]: operations }, context));
  }
  const profile = read.flatMap((part) => part.profile);
  const members = joined(read.flatMap((part) => part.members));
  // Each of these costs a look through a whole list, or a question to the database.
  if (profile.length + members.filter(({ op }) => op === 'removeWhere').length > MOST_OPERATIONS)
    throw problem(413, `A PATCH has at most ${MOST_OPERATIONS} operations besides those on members by id.`);
  return { profile, members, notes: distinct(read.flatMap((part) => part.notes)) };
};

const readPart = (type: ResourceType, body: unknown, context: ScimContext): GroupPatch => {
  const { operations, notes } = parsePatch(type, body, context.policy.settings);
  const { profile, members } = splitMembers(operationsWithoutUrls(operations, context, type));
  return { profile, members: joined(members), notes };
};

/** An operation with many values as several with some: those after the first of a replacement add. */
const split = (operation: Json): Json[] => {
  const long = longList(operation, 'value');
  const restOf = (op: JsonObject) => {
    const key = keyOf(op, 'op');
    const replaces = key === undefined || /^"replace"$/i.test(JSON.stringify(op[key]));
    return { ...op, ...(replaces && { [key ?? 'op']: 'add' }) };
  };
  if (long) {
    const [first, ...others] = slicesOf(long.list);
    const one = operation as JsonObject;
    return [{ ...one, [long.key]: first! }, ...others.map((values) => ({ ...restOf(one), [long.key]: values }))];
  }
  // Without a path the members are in an object among other attributes (E6).
  const key = isObject(operation) ? keyOf(operation, 'value') : undefined;
  const value = key === undefined ? undefined : (operation as JsonObject)[key];
  const members = longList(value, 'members');
  if (!members || key === undefined) return [operation];
  const [first, ...others] = slicesOf(members.list);
  const one = operation as JsonObject;
  return [
    { ...one, [key]: { ...(value as JsonObject), [members.key]: first! } },
    ...others.map((values) => ({ ...restOf(one), [key]: { [members.key]: values } })),
  ];
};

/** How many values an operation has, roughly: enough to know when to pause. */
const sizeOf = (operation: Json): number => {
  const key = isObject(operation) ? keyOf(operation, 'value') : undefined;
  const value = key === undefined ? undefined : (operation as JsonObject)[key];
  if (Array.isArray(value)) return 1 + value.length;
  return isObject(value) ? 1 + Object.values(value).reduce<number>((sum, one) => sum + sizeIn(one), 0) : 1;
};
const sizeIn = (value: Json) => (Array.isArray(value) ? value.length : 1);

/** As they are asked for; at least one part, so that what is wrong with a body without operations is said. */
function* inParts(operations: readonly Json[]): Generator<Json[]> {
  let part: Json[] = [];
  let size = 0;
  for (const given of operations)
    for (const operation of split(given)) {
      const more = sizeOf(operation);
      if (part.length > 0 && size + more > AT_ONCE) {
        yield part;
        part = [];
        size = 0;
      }
      part.push(operation);
      size += more;
    }
  yield part;
}

/** Neighbours of one kind taken together: identity providers send an operation for each member. */
const joined = (changes: readonly MemberChange[]): MemberChange[] => {
  const result: MemberChange[] = [];
  for (const change of changes) {
    const before = result.at(-1);
    const adds = change.op === 'add' && (before?.op === 'add' || before?.op === 'replace');
    const removes = change.op === 'remove' && before?.op === 'remove';
    if (adds || removes) for (const id of change.ids) before.ids.push(id);
    else result.push('ids' in change ? { ...change, ids: [...change.ids] } : change);
  }
  return result;
};

const distinct = (notes: readonly Note[]): Note[] => [
  ...new Map(notes.map((note) => [`${note.code} ${note.attribute}`, note])).values(),
];
