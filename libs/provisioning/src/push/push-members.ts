import type { Failure, Outcome, RemoteId } from '../connector/index.ts';
import { begin, describe, notNow, type PushAttempt, type PushOutcome } from './push-attempt.ts';
import { membersToDo, setAside, strangersAmong, type MemberToDo } from './push-members.rows.ts';
import type { SentMembers } from './push.decider.ts';
import { ABOVE_THRESHOLD, MEMBERS_HIDDEN, type PresentPush } from './push.state.ts';

type Link = NonNullable<PresentPush['link']>;

/** An event tells of so many accounts at most. */
const MOST_AT_ONCE = 1000;
/** Above so many it is cheaper to read all members of a group than to ask for each. */
const ASK_EACH_UP_TO = 10;
/** A group with more members isn't read whole to see who is in it. */
const READ_UP_TO = 10_000;

const nobody: SentMembers = { added: [], removed: [], found: [], gone: [], others: 0 };
const ids = (members: readonly MemberToDo[]) => members.map(({ accountId }) => accountId);
const remoteIds = (members: readonly MemberToDo[]) => members.map(({ remoteId }) => remoteId!);

const pieceOf = async ({ connector, row }: PushAttempt): Promise<Outcome<{ piece: number; most: number }>> => {
  const about = await describe(connector);
  if (about.kind !== 'ok') return about;
  const most = Math.max(1, Math.min(about.value.limits.membersPerCall, MOST_AT_ONCE));
  return { kind: 'ok', value: { piece: Math.min(row.piece ?? most, most), most } };
};

/** A call that the app found too large, or didn't answer in time, is made again with half of it. */
const failedWith = (failure: Failure, size: number): PushOutcome => {
  const isTooMuch = failure.kind === 'refused' && (failure.status === 413 || failure.code === 'app/too-large');
  return size > 1 && (isTooMuch || failure.kind === 'unknown')
    ? { kind: 'tooMuch', piece: Math.floor(size / 2), failure }
    : { kind: 'failed', failure };
};

/** Sends the next piece of what differs. Never all members at once, and nobody is taken away whom Tenure didn't add (R61). */
export const sendMembers = async (one: PushAttempt, link: Link): Promise<PushOutcome> => {
  const { row, rows, database, connector, app } = one;
  const size = await pieceOf(one);
  if (size.kind !== 'ok') return { kind: 'failed', failure: size };
  const { piece, most } = size.value;
  const todo = await membersToDo(database, row, link.remoteId, piece);
  if (todo.length === 0) return { kind: 'idle' };
  const gone = todo.filter(({ todo: what }) => what === 'forget');
  const unlinked = todo.filter(({ todo: what, remoteId }) => what !== 'forget' && remoteId === null);
  await setAside(database, row, ids(unlinked));
  const linked = todo.filter(({ todo: what, remoteId }) => what !== 'forget' && remoteId !== null);
  const adding = linked.filter(({ todo: what }) => what === 'add');
  const removing = linked.filter(({ todo: what }) => what === 'remove');
  if (linked.length === 0) return { kind: 'sent', command: { type: 'NoteMembers', ...nobody, gone: ids(gone) } };

  // In a group that Tenure made whoever is added is a member by Tenure. In another one it is asked first.
  const seen = link.made ? { kind: 'ok' as const, value: new Map<string, Seen>() } : await observe(one, link, adding);
  if (seen.kind !== 'ok') return { kind: 'failed', failure: seen };
  const seenOf = ({ accountId }: MemberToDo): Seen => seen.value.get(accountId) ?? 'no';
  const tried = row.noted?.kind === 'members' ? row.noted.absent : [];
  const there = adding.filter((member) => seenOf(member) === 'yes');
  const toSend = adding.filter((member) => seenOf(member) !== 'yes');
  const absent = toSend.filter((member) => seenOf(member) === 'no');
  const owns = app.ownership.unseenMemberships === 'own';
  const wasOurs = (member: MemberToDo) => member.given || tried.includes(member.accountId);

  if (!(await begin(one, { kind: 'members', absent: [...new Set([...tried, ...ids(absent)])] }))) return notNow;
  const changed =
    toSend.length + removing.length === 0
      ? ({ kind: 'ok', value: { missing: [] } } as const)
      : await connector.changeMembers(link.remoteId, remoteIds(toSend), remoteIds(removing));
  if (changed.kind !== 'ok') {
    // Known not to be done: somebody else may add them before the next try.
    if (changed.kind !== 'unknown' && tried.length === 0) await rows.forget(row);
    return failedWith(changed, toSend.length + removing.length);
  }
  const unknown = new Set<RemoteId>(changed.value.missing);
  const missing = toSend.filter(({ remoteId }) => unknown.has(remoteId!));
  await setAside(database, row, ids(missing));
  const sent = toSend.filter((member) => !missing.includes(member));
  // Of an earlier call whose outcome nobody knows, others may still wait for their turn.
  const open = tried.filter((accountId) => !todo.some((member) => member.accountId === accountId));
  const isOurs = (member: MemberToDo) => seenOf(member) === 'no' || owns || wasOurs(member);
  return {
    kind: 'sent',
    piece: Math.min(most, piece * 2),
    noted: open.length > 0 ? { kind: 'members', absent: open } : null,
    command: {
      type: 'NoteMembers',
      added: ids([...there.filter(wasOurs), ...sent.filter(isOurs)]),
      found: ids([...there.filter((member) => !wasOurs(member)), ...sent.filter((member) => !isOurs(member))]),
      removed: ids(removing),
      gone: ids(gone),
      others: 0,
    },
  };
};

type Seen = 'yes' | 'no' | 'unseen';

/** Who of them is a member already, asked of the group directly before they are added. */
const observe = async (
  one: PushAttempt,
  { remoteId: group }: Link,
  adding: readonly MemberToDo[],
): Promise<Outcome<Map<string, Seen>>> => {
  const { connector, row, rows } = one;
  const seen = new Map<string, Seen>();
  if (adding.length > ASK_EACH_UP_TO) {
    const members = await readMembers(one, group, READ_UP_TO);
    if (members.kind !== 'ok' && members.kind !== 'refused') return members;
    // A group that shows nobody is empty, or hides its members.
    if (members.kind === 'ok' && members.value && members.value.size > 0) {
      for (const { accountId, remoteId } of adding) seen.set(accountId, members.value.has(remoteId!) ? 'yes' : 'no');
      return { kind: 'ok', value: seen };
    }
  }
  for (const { accountId, remoteId } of adding) {
    await rows.extend(row);
    const member = await connector.isMember(group, remoteId!);
    if (member.kind !== 'ok') return member;
    seen.set(accountId, member.value);
  }
  return { kind: 'ok', value: seen };
};

/** All members; undefined where there are more than `most`. */
const readMembers = async (
  { connector, row, rows }: PushAttempt,
  group: RemoteId,
  most: number,
): Promise<Outcome<Set<RemoteId> | undefined>> => {
  const members = new Set<RemoteId>();
  for (let cursor: string | undefined; ;) {
    await rows.extend(row);
    const page = await connector.members(group, cursor);
    if (page.kind !== 'ok') return page;
    for (const id of page.value.items) members.add(id);
    if (members.size > most) return { kind: 'ok', value: undefined };
    cursor = page.value.next;
    if (cursor === undefined) return { kind: 'ok', value: members };
  }
};

/** More members of one group are not compared. */
const COMPARE_UP_TO = 200_000;

/** Takes away whom Tenure didn't add from a mirrored group, unless they are more than the app's threshold allows at once (R87). */
export const compareMembers = async (one: PushAttempt, { remoteId: group }: Link): Promise<PushOutcome> => {
  const { connector, row, rows, database, push, timings, write } = one;
  const about = await describe(connector);
  if (about.kind !== 'ok') return { kind: 'failed', failure: about };
  const hidden: PushOutcome = { kind: 'stuck', code: MEMBERS_HIDDEN };
  if (about.value.can.members !== 'list') return hidden;
  const members = await readMembers(one, group, COMPARE_UP_TO);
  if (members.kind === 'refused' || (members.kind === 'ok' && !members.value)) return hidden;
  if (members.kind !== 'ok') return { kind: 'failed', failure: members };
  const all = [...members.value!];
  const strangers = await strangersAmong(database, row, all);
  if (!push.released && isAbove(one, strangers.length, all.length)) return { kind: 'stuck', code: ABOVE_THRESHOLD };
  const size = await pieceOf(one);
  if (size.kind !== 'ok') return { kind: 'failed', failure: size };
  for (let from = 0; from < strangers.length; from += size.value.piece) {
    const some = strangers.slice(from, from + size.value.piece).map(({ remoteId }) => remoteId);
    // Somebody may have become a member meanwhile.
    const still = await strangersAmong(database, row, some);
    if (still.length === 0) continue;
    if (!(await begin(one, null))) return notNow;
    const removed = await connector.changeMembers(
      group,
      [],
      still.map(({ remoteId }) => remoteId),
    );
    if (removed.kind !== 'ok') return failedWith(removed, still.length);
    const accounts = still.flatMap(({ accountId }) => accountId ?? []);
    await write({ type: 'NoteMembers', ...nobody, removed: accounts, others: still.length - accounts.length });
  }
  await rows.compareIn(row, timings.compareEveryMs);
  return { kind: 'sent', command: null };
};

const isAbove = ({ app: { threshold } }: PushAttempt, removed: number, all: number): boolean =>
  (threshold.count !== undefined && removed > threshold.count) ||
  (threshold.percent !== undefined && removed * 100 > threshold.percent * all);
