import { isSameEntitlement, type EntitlementChange, type HeldEntitlement } from '../account/account.state.ts';
import type { Failure } from '../connector/index.ts';
import { failedForGood, type Attempt, type Intent, type Settled } from './verdict.ts';

const trouble = (failure: Failure): Settled => ({
  kind: 'trouble',
  // What is gone here is a group, and no account.
  verdict: {
    kind: 'failed',
    failure: failure.kind === 'gone' ? { kind: 'unavailable', reason: failure.reason } : failure,
  },
});

type GroupId =
  { kind: 'one'; id: string } | { kind: 'none' } | { kind: 'several' } | { kind: 'failed'; failure: Failure };

/** By exact name: `eq` ignores case in most apps, and only the exact name is meant. */
const groupNamed = async ({ connector, beforeCall }: Attempt, value: string): Promise<GroupId> => {
  await beforeCall();
  const found = await connector.find('group', { target: 'displayName', value });
  if (found.kind !== 'ok') return { kind: 'failed', failure: found };
  const named = found.value.filter(({ label, values }) => (values['displayName'] ?? label) === value);
  if (named.length > 1) return { kind: 'several' };
  return named[0] ? { kind: 'one', id: named[0].id } : { kind: 'none' };
};

const ambiguous = (value: string): Settled => ({
  kind: 'trouble',
  verdict: failedForGood('entitlement/ambiguous', `The app has several groups named ${value}.`),
});

/**
 * A membership is ours only if it wasn't there the moment before we gave it (R61), asked of the group. It is taken away by the group's id,
 * so a renamed group doesn't keep it. A group that the app doesn't have is never made here.
 */
export const changeMembership = (one: Attempt, remoteId: string, change: EntitlementChange): Promise<Settled> =>
  change.change === 'add' ? give(one, remoteId, change) : takeAway(one, remoteId, change);

const give = async (one: Attempt, remoteId: string, { kind, value }: EntitlementChange): Promise<Settled> => {
  const { app, account, connector, beforeCall, row } = one;
  const group = await groupNamed(one, value);
  if (group.kind === 'failed') return trouble(group.failure);
  if (group.kind === 'several') return ambiguous(value);
  // A pushed group has its members by the push alone, to which the rule is one more reason (R89).
  if (await one.isPushed(group.kind === 'one' ? { id: group.id } : { name: value }))
    return {
      kind: 'held',
      held: { kind, value, owned: false, id: group.kind === 'one' ? group.id : null, evidence: null },
    };
  if (group.kind === 'none')
    return { kind: 'trouble', verdict: failedForGood('entitlement/unknown', `The app has no group ${value}.`) };

  const { id } = group;
  const held = (owned: boolean, evidence: HeldEntitlement['evidence']): Settled => ({
    kind: 'held',
    held: { kind, value, owned, id, evidence: owned ? evidence : null },
  });
  await beforeCall();
  const member = await connector.isMember(id, remoteId);
  if (member.kind !== 'ok') return trouble(member);
  const intent: Intent = { kind, value, id };
  const wasTried = row.given.some((noted) => isSameEntitlement(noted, intent));
  if (member.value === 'yes') return held(wasTried, 'absentBefore');

  const ownUnseen = account.isNew ? 'madeWithAccount' : app.ownership.unseenMemberships === 'own' ? 'setting' : null;
  const evidence = member.value === 'no' ? 'absentBefore' : ownUnseen;
  if (member.value === 'no')
    await one.note([...row.given.filter((noted) => !isSameEntitlement(noted, intent)), intent]);
  await beforeCall();
  const changed = await connector.changeMembers(id, [remoteId], []);
  if (changed.kind === 'ok') {
    return changed.value.missing.length > 0
      ? { kind: 'trouble', verdict: { kind: 'gone' } }
      : held(evidence !== null, evidence);
  }
  // Known not to be done: somebody else may give it before the next try.
  if (changed.kind !== 'unknown' && !wasTried)
    await one.note(row.given.filter((noted) => !isSameEntitlement(noted, intent)));
  return trouble(changed);
};

const takeAway = async (one: Attempt, remoteId: string, { value }: EntitlementChange): Promise<Settled> => {
  const { account, connector, beforeCall } = one;
  const held = account.entitlements.find((each) => each.kind === 'group' && each.value === value);
  let id = held?.id ?? null;
  if (id === null) {
    const group = await groupNamed(one, value);
    if (group.kind === 'failed') return trouble(group.failure);
    if (group.kind === 'several') return ambiguous(value);
    if (group.kind === 'none') return { kind: 'dropped' };
    id = group.id;
  }
  if (await one.isPushed({ id })) return { kind: 'dropped' };
  await beforeCall();
  const changed = await connector.changeMembers(id, [], [remoteId]);
  // With the group the membership is gone.
  return changed.kind === 'ok' || changed.kind === 'gone' ? { kind: 'dropped' } : trouble(changed);
};
