import type { Outcome, Remote } from '../connector/index.ts';
import { begin, describe, notNow, type PushAttempt, type PushOutcome } from './push-attempt.ts';
import { FOREIGN_GROUP, NAME_TAKEN, RENAME_UNSUPPORTED } from './push.state.ts';

/** A clock of the app may be behind ours by so much. */
const CLOCKS_MS = 120_000;
const MOST_TOLD = 10;

const same = (one: string, other: string) =>
  one.normalize('NFC').toLowerCase() === other.normalize('NFC').toLowerCase();
const nameOf = ({ values, label }: Remote) => {
  const { displayName } = values;
  return typeof displayName === 'string' ? displayName : label;
};

type Found = { ours?: Remote; named: readonly Remote[] };

/** Looks for the group by our mark and by its name; an answer that has neither isn't believed, and all groups are read instead (R91). */
const lookFor = async (one: PushAttempt): Promise<Outcome<Found>> => {
  const { connector, row, rows, name } = one;
  const about = await describe(connector);
  if (about.kind !== 'ok') return about;
  const isOurs = (remote: Remote) => remote.mark === row.pushId;
  const { group: mark } = about.value.mark;
  if (mark !== null) {
    await rows.extend(row);
    const byMark = await connector.find('group', { target: mark, value: row.pushId });
    // An app that can't look up by its mark refuses the question.
    if (byMark.kind !== 'ok' && byMark.kind !== 'refused') return byMark;
    const ours = byMark.kind === 'ok' ? byMark.value.find(isOurs) : undefined;
    if (ours) return { kind: 'ok', value: { ours, named: [] } };
  }
  await rows.extend(row);
  const byName = await connector.find('group', { target: 'displayName', value: name });
  if (byName.kind !== 'ok' && byName.kind !== 'refused') return byName;
  const isMeant = (remote: Remote) => isOurs(remote) || same(nameOf(remote), name);
  if (byName.kind === 'ok') {
    const hits = byName.value.filter(isMeant);
    if (hits.length > 0 || byName.value.length === 0) return { kind: 'ok', value: sorted(hits, isOurs) };
  }
  const listed = await amongAll(one, isMeant);
  // What the app said to the question tells an admin more than that it can't be listed either.
  if (byName.kind === 'refused' && listed.kind === 'refused') return byName;
  return listed.kind === 'ok' ? { kind: 'ok', value: sorted(listed.value, isOurs) } : listed;
};

/** For an app that can't be searched. */
const amongAll = async (
  { connector, row, rows }: PushAttempt,
  isMeant: (remote: Remote) => boolean,
): Promise<Outcome<Remote[]>> => {
  const meant: Remote[] = [];
  for (let cursor: string | undefined; ;) {
    await rows.extend(row);
    const page = await connector.list('group', cursor);
    if (page.kind !== 'ok') return page;
    meant.push(...page.value.items.filter(isMeant));
    cursor = page.value.next;
    if (cursor === undefined) return { kind: 'ok', value: meant };
  }
};

const sorted = (hits: readonly Remote[], isOurs: (remote: Remote) => boolean): Found => {
  const ours = hits.find(isOurs);
  return ours ? { ours, named: [] } : { named: hits };
};

const made = ({ id }: Remote, displayName: string): PushOutcome => ({
  kind: 'sent',
  command: { type: 'NoteMade', remoteId: id, displayName },
});

const foreign = (named: readonly Remote[]): PushOutcome => ({
  kind: 'stuck',
  code: FOREIGN_GROUP,
  remoteIds: named.slice(0, MOST_TOLD).map(({ id }) => id),
});

/**
 * Makes the group, unless the app has one of that name: that is for an admin to link (R61). After a call whose outcome nobody knows it is
 * looked up twice before it is made again; one without a mark is ours if it is the only one, and wasn't there before.
 */
export const createGroup = async (one: PushAttempt): Promise<PushOutcome> => {
  const { row, rows, connector, name, timings } = one;
  const noted = row.noted?.kind === 'create' ? row.noted : undefined;
  const earliest = noted ? Date.parse(noted.at) + timings.callTimeoutMs : 0;
  if (Date.now() < earliest) return { kind: 'wait', ms: earliest - Date.now() };
  const found = await lookFor(one);
  if (found.kind !== 'ok') return { kind: 'failed', failure: found };
  const { ours, named } = found.value;
  if (ours) return made(ours, nameOf(ours));
  const [only, ...others] = named;
  if (only) {
    const appeared =
      only.createdAt === undefined || Date.parse(only.createdAt) >= Date.parse(noted?.at ?? '') - CLOCKS_MS;
    const isOurs = noted !== undefined && others.length === 0 && same(noted.displayName, name) && appeared;
    return isOurs && only.mark === undefined ? made(only, nameOf(only)) : foreign(named);
  }
  if (one.push.aim !== 'pushed') {
    await rows.forget(row);
    return { kind: 'idle' };
  }
  const at = new Date().toISOString();
  if (noted && !noted.lookedUp) {
    const again = await begin(one, { ...noted, at, lookedUp: true });
    return again ? { kind: 'wait', ms: timings.callTimeoutMs } : notNow;
  }
  if (!(await begin(one, { kind: 'create', displayName: name, at, lookedUp: false }))) return notNow;
  const created = await connector.create('group', { mark: row.pushId, values: { displayName: name } });
  if (created.kind === 'ok') return made(created.value, name);
  if (created.kind === 'unknown') return { kind: 'failed', failure: created };
  await rows.forget(row);
  if (created.kind !== 'conflict') return { kind: 'failed', failure: created };
  const again = await lookFor(one);
  if (again.kind !== 'ok') return { kind: 'failed', failure: again };
  if (again.value.ours) return made(again.value.ours, name);
  return again.value.named.length > 0
    ? foreign(again.value.named)
    : { kind: 'stuck', code: 'push/conflict', reason: created.reason };
};

/** By its id; an app that refuses the new name keeps the old one, and the push goes on. */
export const renameGroup = async (one: PushAttempt, remoteId: string): Promise<PushOutcome> => {
  const { connector, name, push } = one;
  if (!(await begin(one, null))) return notNow;
  const renamed = await connector.update('group', remoteId, [
    { target: 'displayName', from: push.displayName, to: name },
  ]);
  switch (renamed.kind) {
    case 'ok':
      return { kind: 'sent', command: { type: 'NoteProfile', displayName: name } };
    case 'conflict':
      return { kind: 'stuck', code: NAME_TAKEN, reason: renamed.reason, displayName: name };
    case 'refused':
      return { kind: 'stuck', code: RENAME_UNSUPPORTED, reason: renamed.reason, displayName: name };
    case 'gone':
    case 'stale':
    case 'throttled':
    case 'unavailable':
    case 'unknown':
    case 'unauthorized':
      return { kind: 'failed', failure: renamed };
  }
};

/** Only what Tenure made is ever deleted; what is gone already is fine. */
export const deleteGroup = async (one: PushAttempt, remoteId: string): Promise<PushOutcome> => {
  if (!(await begin(one, null))) return notNow;
  const deleted = await one.connector.delete('group', remoteId);
  return deleted.kind === 'ok'
    ? { kind: 'sent', command: { type: 'NoteDeleted' } }
    : { kind: 'failed', failure: deleted };
};
