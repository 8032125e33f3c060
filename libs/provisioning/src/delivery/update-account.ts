import {
  entitlementChanges,
  isSameEntitlement,
  type Entitlement,
  type EntitlementChange,
  type HeldEntitlement,
} from '../account/account.state.ts';
import { wantedAttributes } from '../account/wanted.ts';
import type { Change, Parts, Remote, Scalar, TargetValue } from '../connector/index.ts';
import { isReferring, toChanges } from '../mapping/index.ts';
import { changeMembership } from './membership.ts';
import { failed, failedForGood, over, type Attempt, type Verdict } from './verdict.ts';

/**
 * Attributes and values first, by one update; memberships after it, and then whom the account refers to: an app that refuses that has got
 * everything else. All of it may be done again without harm.
 */
export const updateAccount = async (one: Attempt, remoteId: string): Promise<Verdict> => {
  const { account, connector, beforeCall, kind } = one;
  const { plan } = account;
  const all = entitlementChanges(account.entitlements, plan.entitlements);
  const values = all.filter((change) => change.kind !== 'group');
  const unsupported = values.find(({ kind: wanted }) => wanted !== 'group' && kind.entitlementTargets[wanted] === null);
  if (unsupported)
    return failedForGood('entitlement/unsupported', `The app takes no entitlements of the kind ${unsupported.kind}.`);

  let there: Remote | undefined;
  if (values.some(({ change }) => change === 'add')) {
    await beforeCall();
    const found = await connector.get('account', remoteId);
    if (found.kind !== 'ok') return failed(found);
    there = found.value;
  }
  const ours = values.filter(
    (change) =>
      change.change === 'remove' ||
      !there ||
      !holds(there.values[targetOf(one, change)], change.value) ||
      isNoted(one, change),
  );
  const added = ours
    .filter(({ change }) => change === 'add')
    .map(({ kind: of, value }) => ({ kind: of, value, id: null }));
  if (added.length > 0) await one.note(withNoted(one, added));

  const wanted = wantedAttributes(account);
  const differing = toChanges(account.attributes, wanted, plan.additive);
  const references = differing.filter(({ target }) => isReferring(kind.readTarget, target));
  const changes = [
    ...differing.filter((change) => !references.includes(change)),
    ...ours.map((change) => valueChange(one, change)),
  ];
  if (changes.length > 0) {
    await beforeCall();
    const updated = await connector.update('account', remoteId, changes);
    if (updated.kind !== 'ok') return failed(updated);
  }

  const settled = new Map<EntitlementChange, HeldEntitlement | undefined>(
    values.map((change) => [change, change.change === 'remove' ? undefined : heldValue(change, ours.includes(change))]),
  );
  for (const change of all.filter((each) => each.kind === 'group')) {
    const outcome = await changeMembership(one, remoteId, change);
    if (outcome.kind === 'trouble') return outcome.verdict;
    settled.set(change, outcome.kind === 'held' ? outcome.held : undefined);
  }
  const referred = references.length > 0 ? await sendReferences(one, remoteId, references) : undefined;
  if (referred && referred.kind !== 'ok' && referred.kind !== 'refused' && referred.kind !== 'conflict')
    return failed(referred);
  const isRefused = referred !== undefined && referred.kind !== 'ok';
  const unsent = new Set(isRefused ? references.map(({ target }) => target) : []);
  return over({
    kind: 'updated',
    attributes: {
      ...account.attributes,
      ...Object.fromEntries(Object.entries(wanted).filter(([target]) => !unsent.has(target))),
    },
    ...(isRefused && { referenceRefused: referred.reason }),
    entitlements: [
      ...account.entitlements.filter((held) => !all.some((change) => isSameEntitlement(change, held))),
      ...[...settled.values()].filter((held) => held !== undefined),
    ],
  });
};

const sendReferences = async ({ connector, beforeCall }: Attempt, remoteId: string, changes: readonly Change[]) => {
  await beforeCall();
  return connector.update('account', remoteId, changes);
};

const isNoted = ({ row }: Attempt, change: Entitlement): boolean =>
  row.given.some((noted) => isSameEntitlement(noted, change));

/** What an earlier try noted stays noted: what came of its call is not known. */
const withNoted = ({ row }: Attempt, intents: Attempt['row']['given']) => [
  ...row.given.filter((noted) => !intents.some((each) => isSameEntitlement(each, noted))),
  ...intents,
];

const targetOf = ({ kind }: Attempt, change: Entitlement): string =>
  change.kind === 'group' ? '' : (kind.entitlementTargets[change.kind] ?? '');

const holds = (shown: TargetValue | undefined, value: string): boolean => {
  if (shown === undefined || shown === null) return false;
  if (typeof shown !== 'object') return String(shown) === value;
  const elements = Array.isArray(shown) ? (shown as readonly (Scalar | Parts)[]) : [shown as Parts];
  return elements.some((each) => String(typeof each === 'object' ? each['value'] : each) === value);
};

const valueChange = (one: Attempt, change: EntitlementChange): Change => {
  const target = targetOf(one, change);
  const read = one.kind.readTarget(target);
  const isList = typeof read !== 'string' && read.multiValued;
  const { value } = change;
  if (!isList) return change.change === 'add' ? { target, to: value } : { target, from: value, to: null };
  const element = typeof read !== 'string' && read.type === 'complex' ? { value } : value;
  return change.change === 'add' ? { target, add: [element], remove: [] } : { target, add: [], remove: [element] };
};

/** What was there already, and was not given by us, is left alone (R61). */
const heldValue = ({ kind, value }: Entitlement, owned: boolean): HeldEntitlement => ({
  kind,
  value,
  owned,
  id: null,
  evidence: owned ? 'absentBefore' : null,
});
