import { markOf } from '../evaluation/evaluate-person.ts';
import type { ConnectorTarget, Failure, Remote, TargetValue } from '../connector/index.ts';
import type { Attempt } from './verdict.ts';

type Key = { target: string; value: string };

/** What a look-up found: accounts that carry what was sought, each once. `unsearchable`: the app can't be searched, nor listed whole. */
export type LookedUp =
  { kind: 'found'; accounts: readonly Remote[] } | { kind: 'unsearchable' } | { kind: 'failed'; failure: Failure };

/**
 * Looks for the person's account by our mark and by every match key, and believes no answer that doesn't carry the value that was sought
 * (R91): an app that ignores filters would hand out somebody else's account. An app that can't be searched is listed; `asOf`: no list
 * that began before will do, since a call of ours may have made the account meanwhile.
 */
export const lookUp = async (one: Attempt, asOf: number): Promise<LookedUp> => {
  const { app, account, row } = one;
  const mark = markOf(app);
  const keys: Key[] = [...(mark === null ? [] : [{ target: mark, value: row.accountId }]), ...account.plan.matching];
  const accounts = new Map<string, Remote>();
  for (const key of keys) {
    const found = await lookUpBy(one, key, { isMark: key.target === mark, asOf });
    if (found.kind !== 'found') return found;
    for (const each of found.accounts) accounts.set(each.id, each);
  }
  return { kind: 'found', accounts: [...accounts.values()] };
};

type How = { isMark: boolean; asOf: number };

const lookUpBy = async (one: Attempt, key: Key, how: How): Promise<LookedUp> => {
  const { connector, kind, beforeCall } = one;
  const { isMark } = how;
  const read = kind.readTarget(key.target);
  if (typeof read === 'string') return { kind: 'found', accounts: [] };
  await beforeCall();
  const found = await connector.find('account', key);
  // An app that can't look up by its mark refuses the question; its match keys decide then.
  if (found.kind === 'refused' && isMark) return { kind: 'found', accounts: [] };
  if (found.kind === 'refused') {
    const listed = await lookUpInList(one, key, read, how);
    // What the app said to the question tells an admin more than that it can't be listed either.
    return listed.kind === 'failed' && listed.failure.kind === 'refused' ? { kind: 'failed', failure: found } : listed;
  }
  if (found.kind !== 'ok') return { kind: 'failed', failure: found };
  const verified: Remote[] = [];
  for (const hit of found.value) {
    const whole = await shownWith(one, hit, key.target, isMark);
    if (whole.kind === 'gone') continue;
    if (whole.kind !== 'ok') return { kind: 'failed', failure: whole };
    if (carries(whole.value, key, read, isMark)) verified.push(whole.value);
  }
  // Found, and nobody of them is meant: the app doesn't filter, so whom it didn't show may be there all the same.
  if (found.value.length > 0 && verified.length === 0) return lookUpInList(one, key, read, how);
  return { kind: 'found', accounts: verified };
};

const lookUpInList = async (
  one: Attempt,
  key: Key,
  target: ConnectorTarget,
  { isMark, asOf }: How,
): Promise<LookedUp> => {
  const listed = await one.listing(key.target, key.value, asOf);
  if (listed.kind === 'tooMany') return { kind: 'unsearchable' };
  if (listed.kind !== 'ok') return { kind: 'failed', failure: listed };
  return { kind: 'found', accounts: listed.value.filter((each) => carries(each, key, target, isMark)) };
};

/** The hit with the value that was sought; read by itself where the answer to the look-up leaves it out. */
const shownWith = async ({ connector, beforeCall }: Attempt, hit: Remote, target: string, isMark: boolean) => {
  if (target in hit.values || (isMark && hit.mark !== undefined)) return { kind: 'ok' as const, value: hit };
  await beforeCall();
  return connector.get('account', hit.id);
};

const carries = (remote: Remote, { target, value }: Key, read: ConnectorTarget, isMark: boolean): boolean => {
  if (isMark) return remote.mark === value || remote.values[target] === value;
  const shown = remote.values[target];
  return valuesOf(shown).some((each) => isSameText(each, value, read.compare));
};

const valuesOf = (value: TargetValue | undefined): string[] => {
  if (value === null || value === undefined) return [];
  if (typeof value !== 'object') return [String(value)];
  if (!Array.isArray(value)) return valuesOf((value as { value?: TargetValue }).value);
  return value.flatMap((each) => valuesOf(each as TargetValue));
};

/** As the target compares. */
export const isSameText = (one: string, other: string, compare: ConnectorTarget['compare']): boolean => {
  if (compare === 'exact') return one === other;
  const folded = (text: string) => {
    const lower = text.normalize('NFC').toLowerCase();
    return compare === 'dn' ? lower.replaceAll(/\s*([,=+])\s*/g, '$1') : lower;
  };
  return folded(one) === folded(other);
};
