import type { DriftKind } from '@tenure/contracts';
import type { Json } from '@tenure/scim';
import { isSameEntitlement, type Drift, type Entitlement, type PresentAccount } from '../account/account.state.ts';
import type { ConnectorKind, ConnectorTarget, Parts, Remote, Scalar, TargetValue } from '../connector/index.ts';

/** How an account differs in the app; no kinds: it agrees. */
export type Found = Omit<Drift, 'runId'>;

export const agrees: Found = { kinds: [], changes: [], taken: [], added: [] };
export const isMissing: Found = { ...agrees, kinds: ['missing'] };

export type Compared = {
  account: PresentAccount;
  remote: Remote;
  kind: ConnectorKind;
  /** The target that says whether an account is active: that is compared by itself. */
  activeTarget: string | null;
  /** Owned memberships that the app denies. */
  takenMemberships: readonly Entitlement[];
  /** The mark there names another account of Tenure. */
  isLinkBroken: boolean;
};

/** What the app shows against what was last sent, as far as the app shows it (R88). */
export const compare = ({ account, remote, kind, activeTarget, takenMemberships, isLinkBroken }: Compared): Found => {
  const changes = account.remote === 'active' ? changedValues(account, remote, kind, activeTarget) : [];
  const { taken, added } = valueEntitlements(account, remote, kind);
  const allTaken = [...taken, ...takenMemberships];
  const kinds: [DriftKind, boolean][] = [
    ['changed', changes.length > 0],
    ['suspendedThere', account.remote === 'active' && remote.active === false],
    ['reactivatedThere', account.remote === 'suspended' && remote.active === true],
    ['entitlementTaken', allTaken.length > 0],
    ['entitlementAdded', added.length > 0],
    ['brokenLink', isLinkBroken],
  ];
  return { kinds: kinds.flatMap(([name, is]) => (is ? [name] : [])), changes, taken: allTaken, added };
};

/** Only targets that Tenure still wants to be something: what was only sent once belongs to the user (R68). */
const changedValues = (
  { plan, attributes }: PresentAccount,
  { values }: Remote,
  { readTarget }: ConnectorKind,
  activeTarget: string | null,
): Drift['changes'] =>
  Object.entries(attributes).flatMap(([name, sent]) => {
    const target = readTarget(name);
    const shown = values[name];
    if (typeof target === 'string' || !target.read || shown === undefined) return [];
    if (name === activeTarget || !(name in plan.attributes)) return [];
    const isAdditive = plan.additive.includes(name);
    return isSameValue(target, sent as TargetValue, shown, isAdditive)
      ? []
      : [{ target: name, from: sent, to: shown as Json }];
  });

const valueEntitlements = (
  { entitlements }: PresentAccount,
  { values }: Remote,
  kind: ConnectorKind,
): { taken: Entitlement[]; added: Entitlement[] } => {
  const taken: Entitlement[] = [];
  const added: Entitlement[] = [];
  for (const granted of ['role', 'licence', 'department'] as const) {
    const target = kind.entitlementTargets[granted];
    const shown = target === null ? undefined : values[target];
    if (shown === undefined) continue;
    const held = entitlements.filter((each) => each.kind === granted);
    const there = textsOf(shown).map((value) => ({ kind: granted, value }));
    const isThere = (one: Entitlement) => there.some((other) => isSameEntitlement(one, other));
    taken.push(...held.filter((one) => one.owned && !isThere(one)).map(({ value }) => ({ kind: granted, value })));
    // Of an account that was given none of a kind, what it has is no concern of Tenure.
    if (held.some(({ owned }) => owned))
      added.push(...there.filter((one) => !held.some((other) => isSameEntitlement(one, other))));
  }
  return { taken, added };
};

const textsOf = (value: TargetValue): string[] =>
  elementsOf(value).map((each) => String(typeof each === 'object' ? each['value'] : each));

const elementsOf = (value: TargetValue): readonly (Scalar | Parts)[] => {
  if (value === null || value === '') return [];
  return Array.isArray(value) ? (value as readonly (Scalar | Parts)[]) : [value as Scalar | Parts];
};

/** Lists compare as sets; of a list that Tenure only adds to, what others added is right as well. */
export const isSameValue = (
  target: ConnectorTarget,
  sent: TargetValue,
  shown: TargetValue,
  isAdditive = false,
): boolean => {
  const [ours, theirs] = [elementsOf(sent), elementsOf(shown)];
  const within = ours.every((one) => theirs.some((other) => isSameElement(target, one, other)));
  return within && (isAdditive || theirs.every((other) => ours.some((one) => isSameElement(target, one, other))));
};

/** Of several parts only those that were sent: apps add their own, such as `primary` or `display`. */
const isSameElement = (target: ConnectorTarget, sent: Scalar | Parts, shown: Scalar | Parts): boolean => {
  if (typeof sent !== 'object')
    return textOf(target, sent) === textOf(target, typeof shown === 'object' ? (shown['value'] ?? '') : shown);
  return Object.entries(sent).every(
    ([part, value]) =>
      textOf(target, value) ===
      textOf(target, typeof shown === 'object' ? (shown[part] ?? '') : part === 'value' ? shown : ''),
  );
};

const textOf = ({ type, compare: how }: ConnectorTarget, value: Scalar): string => {
  if (type === 'instant') {
    const instant = Date.parse(String(value));
    return Number.isNaN(instant) ? String(value) : String(instant);
  }
  if (type === 'integer' || type === 'decimal') return String(Number(value));
  const text = String(value).normalize('NFC');
  switch (how) {
    case 'exact':
      return type === 'boolean' ? text.toLowerCase() : text;
    case 'ignoreCase':
      return text.toLowerCase();
    case 'dn':
      return text.toLowerCase().replace(/\s*([,=+])\s*/g, '$1');
  }
};
