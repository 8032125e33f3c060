import { sameValue, type Json } from '@tenure/scim';
import type { AccountAttributes } from '../mapping/index.ts';
import { emptyMandatory } from '../mapping/index.ts';
import { markOf } from '../evaluation/evaluate-person.ts';
import { presets } from '../presets/index.ts';
import { CALL_TIMEOUT_MS, type Outcome, type Remote, type TargetValue } from '../connector/index.ts';
import { lookUp } from './look-up.ts';
import { failed, failedForGood, over, type Attempt, type Verdict } from './verdict.ts';

type Values = Readonly<Record<string, TargetValue>>;

/**
 * Looks for the account first: by an earlier call whose outcome nobody saw it may be there, or someone may have made it in the app.
 * Exactly our id on it, and it is ours; any other match is somebody else's, and several are for an admin to choose from (R61, R91).
 */
export const createAccount = async (one: Attempt): Promise<Verdict> => {
  const { app, account, row, connector, beforeCall } = one;
  if (row.callBeganAt !== null) return { kind: 'unknown', reason: 'The call was cut off.', cutOff: true };

  const known = await existing(one, row.unknownSince === null ? 0 : Date.now());
  if (known) return known;
  if (account.aim !== 'present') return over({ kind: 'abandoned' });
  if (row.unknownSince !== null && !row.lookedUp) return { kind: 'notFound' };

  const attributes = sentOnCreate(one);
  const missing = emptyMandatory(attributes, presets[app.preset].mandatory);
  if (missing.length > 0) return failedForGood('account/incomplete', `There is no value for ${missing.join(', ')}.`);

  const mark = markOf(app);
  const values = Object.fromEntries(Object.entries(attributes).filter(([target]) => target !== mark)) as Values;
  const send = async () => {
    await beforeCall({ creating: true });
    return connector.create('account', { mark: mark === null ? null : row.accountId, values });
  };
  let created = await send();
  if (isPassing(created)) {
    const made = await existing(one, Date.now());
    if (made) return made;
    // Its answer doesn't matter: a create always follows a question that was answered, so an app that fails every second request would fail
    // every create.
    await beforeCall();
    await connector.test();
    created = await send();
  }
  switch (created.kind) {
    case 'ok':
      return over({ kind: 'created', joined: false, remoteId: created.value.id, attributes });
    case 'unknown':
      return { kind: 'unknown', reason: created.reason, cutOff: false };
    case 'conflict':
      // Somebody has a value of it: whoever that is may be found now.
      return (await existing(one, Date.now())) ?? failedForGood('account/conflict-unseen', created.reason);
    case 'gone':
    case 'stale':
    case 'throttled':
    case 'unavailable':
    case 'unauthorized':
    case 'refused':
      return failed(created);
  }
};

/** A failure that may be over in a moment, where the app didn't ask to wait. */
const isPassing = (outcome: Outcome<Remote>): boolean =>
  outcome.kind === 'unavailable' && outcome.afterMs === undefined;

const sentOnCreate = ({ account }: Attempt): AccountAttributes => ({
  ...account.plan.onCreate,
  ...account.plan.attributes,
});

/** What the app has of this person already; undefined where that is nothing. */
const existing = async (one: Attempt, asOf: number): Promise<Verdict | undefined> => {
  const { app, row } = one;
  const found = await lookUp(one, asOf);
  if (found.kind === 'failed') return found.failure.kind === 'gone' ? undefined : failed(found.failure);
  if (found.kind === 'unsearchable')
    return failedForGood(
      'app/filters-ignored',
      'The app can’t be searched and has too many accounts to compare them all, so an existing account can’t be ruled out.',
    );
  const { accounts } = found;
  const [first, ...others] = accounts;
  if (!first) return undefined;
  const ours = accounts.filter((each) => markOf(app) !== null && isMarked(each, row.accountId));
  // What it holds is sent once more: it is not known which plan it was made by.
  if (ours.length === 1) return over({ kind: 'created', joined: true, remoteId: ours[0]!.id, attributes: {} });
  if (ours.length === 0 && others.length === 0)
    return appeared(one, first)
      ? over({ kind: 'created', joined: true, remoteId: first.id, attributes: {} })
      : over({ kind: 'foreign', remoteId: first.id, attributes: first.values as Record<string, Json> });
  return over({
    kind: 'ambiguous',
    candidates: accounts.map(({ id, label, values }) => ({
      remoteId: id,
      label,
      attributes: values as Record<string, Json>,
    })),
  });
};

const isMarked = ({ mark }: Remote, accountId: string): boolean => mark === accountId;

/** How far the clocks of an app and of ours may be apart. */
const CLOCK_SKEW_MS = 120_000;

/**
 * In an app that keeps no mark: nobody was found before the call, now there is exactly one, it holds all that was sent as far as it is
 * shown, and it isn't older than the call. Then the call made it, although nobody heard of it.
 */
const appeared = (one: Attempt, remote: Remote): boolean => {
  const { app, row } = one;
  if (markOf(app) !== null || row.unknownSince === null) return false;
  const began = Date.parse(row.unknownSince) - CALL_TIMEOUT_MS - CLOCK_SKEW_MS;
  if (remote.createdAt !== undefined && Date.parse(remote.createdAt) < began) return false;
  return Object.entries(sentOnCreate(one)).every(
    ([target, value]) =>
      value === null || !(target in remote.values) || sameValue(value, remote.values[target] as Json),
  );
};
