import type { DeliveryAction, DriftKind } from '@tenure/contracts';
import type { Json, JsonObject } from '@tenure/scim';
import type { ApprovalAction } from '../app/app-config.ts';
import type { DeprovisioningAction, Trigger } from '../duration/index.ts';
import type { AccountAttributes, MatchKey } from '../mapping/index.ts';
import type { EntitlementKind } from '../rules/index.ts';
import { noRehire, type Rehire } from './rehire.state.ts';

export type AccountStatus =
  | 'pending'
  | 'provisioning'
  | 'modifying'
  | 'provisioned'
  | 'suspended'
  | 'failed'
  | 'deleting'
  | 'deleted'
  | 'unknown';

export type Entitlement = { kind: EntitlementKind; value: string };
/** `id`: the group's; `evidence`: why it is ours. Both unknown of what was given before they were kept. */
export type HeldEntitlement = Entitlement & {
  owned: boolean;
  id: string | null;
  evidence: 'absentBefore' | 'madeWithAccount' | 'setting' | null;
};
/** An account of the app that may be this one (R91). */
export type Candidate = { remoteId: string; label: string; attributes: AccountAttributes };

/** How the app's account differs from what was sent, as a reconciliation found it last (R88). */
export type Drift = {
  runId: string;
  kinds: readonly DriftKind[];
  /** Targets whose values were changed in the app; `to`: what the app shows. */
  changes: readonly { target: string; from: Json; to: Json }[];
  taken: readonly Entitlement[];
  added: readonly Entitlement[];
};

/** What an account should be. */
export type Plan = {
  attributes: AccountAttributes;
  onCreate: AccountAttributes;
  additive: readonly string[];
  entitlements: readonly Entitlement[];
  matching: readonly MatchKey[];
};

export type TimerState = 'armed' | 'parked' | 'fired' | 'cancelled';

export type AccountTimer = {
  id: string;
  trigger: Trigger;
  action: DeprovisioningAction;
  triggeredAt: string;
  delay: string;
  dueAt: string;
  state: TimerState;
  /** Of the trigger's occurrence; null of timers from before they were counted. */
  episode: number | null;
  endReason?: string;
};

/** A reason to deprovision that holds, in this occurrence of it. */
export type HeldTrigger = {
  trigger: Trigger;
  since: string;
  /** The revision at which it began: two occurrences at one instant differ in it. */
  origin: string;
  episode: number;
  /** The version of the app's time frames that apply to it. */
  frames: number;
};

export type PendingApproval = { id: string; action: ApprovalAction; deprovisioning: DeprovisioningAction | null };

export type PresentAccount = {
  kind: 'present';
  appId: string;
  userId: string;
  plan: Plan;
  /** The app's set of rules that the plan was made by (R60). */
  rulesVersion: number;
  /** What is wanted in the app; `none`: nothing, and nothing was made. */
  aim: 'present' | 'suspended' | 'deleted' | 'none';
  /** What is there, as far as it is known. `gone`: deleted in the app itself (R67); `unknown`: disassociated (R56). */
  remote: 'none' | 'active' | 'suspended' | 'deleted' | 'gone' | 'unknown' | 'handedOver';
  /** The joining key (R38); null as long as there is none, and of an erased person. */
  remoteId: string | null;
  /** Made by Tenure, or adopted. */
  owned: boolean;
  /** As last sent. */
  attributes: AccountAttributes;
  entitlements: readonly HeldEntitlement[];
  timers: readonly AccountTimer[];
  held: readonly HeldTrigger[];
  /** How many occurrences of triggers there were. */
  episodes: number;
  /** What waits for an admin, in the order in which it was asked for. */
  approvals: readonly PendingApproval[];
  /** How many approvals were ever asked for. */
  approvalsAsked: number;
  /** An admin said no to the plan as it is. */
  updateRejected: boolean;
  failure: { action: DeliveryAction; code: string; message: string } | null;
  /** Nothing can be planned, so nothing is made or changed; a good plan ends it. */
  planFailure?: { code: string; message: string };
  match: { remoteId: string; attributes: JsonObject } | null;
  /** Several that match; an admin chooses. */
  candidates: readonly Candidate[];
  /** Made by the last delivery, and nothing was given since: what such an account is in, it is in by us. */
  isNew: boolean;
  /** Started and not over: between its tries, and while nobody knows what came of it. */
  delivery: { id: string; action: DeliveryAction; failure: { code: string; message: string } | null } | null;
  /** A delivery that deletes was overtaken before it was known what came of it. */
  deleteInDoubt: boolean;
  /** `ignored`: an admin leaves it as it is, until something else is found. */
  drift: (Drift & { ignored: boolean }) | null;
  rehire: Rehire;
};

export type AccountState = { kind: 'none' } | PresentAccount;

export const FOREIGN_MATCH = 'account/foreign-match';
export const AMBIGUOUS_MATCH = 'account/ambiguous-match';
export const GONE = 'account/gone';
export const REJECTED = 'approval/rejected';
export const ERASED_TEXT = '';

export const emptyPlan: Plan = { attributes: {}, onCreate: {}, additive: [], entitlements: [], matching: [] };

export const firstState = (appId: string, userId: string): PresentAccount => ({
  kind: 'present',
  appId,
  userId,
  plan: emptyPlan,
  rulesVersion: 0,
  aim: 'present',
  remote: 'none',
  remoteId: null,
  owned: false,
  attributes: {},
  entitlements: [],
  timers: [],
  held: [],
  episodes: 0,
  approvals: [],
  approvalsAsked: 0,
  updateRejected: false,
  failure: null,
  match: null,
  candidates: [],
  isNew: false,
  delivery: null,
  deleteInDoubt: false,
  drift: null,
  rehire: noRehire,
});

/** Still, or again, to be made. */
export const isUnmade = ({ remote }: Pick<PresentAccount, 'remote'>): boolean =>
  remote === 'none' || remote === 'deleted';

/** Of an event that no evaluation made. */
export const noReasons = { basis: null, scope: null, ruleIds: null };

/** Names an approval once and for all. Before approvals were numbered, each was named by its action alone. */
export const nextApprovalId = ({ approvalsAsked }: PresentAccount, action: ApprovalAction): string =>
  `${action}.${approvalsAsked + 1}`;

export const approvalData = (
  { appId, userId }: PresentAccount,
  { id: approvalId, action, deprovisioning }: PendingApproval,
) => ({ appId, userId, approvalId, action, deprovisioning });

/** Whether such an action waits for an admin. */
export const isPending = ({ approvals }: Pick<PresentAccount, 'approvals'>, action: ApprovalAction): boolean =>
  approvals.some((approval) => approval.action === action);

/** What to do next in the app; undefined while there is nothing to do, or something must be decided first. */
export const nextDelivery = (account: AccountState): DeliveryAction | undefined => {
  if (account.kind === 'none') return undefined;
  // Whether it was created must be known before anything else is done.
  if (account.delivery?.action === 'create') return 'create';
  const next = wantedDelivery(account);
  if (next === undefined || account.rehire.awaits || account.failure?.action === next) return undefined;
  return next === 'create' || account.remoteId !== null ? next : undefined;
};

const wantedDelivery = (account: PresentAccount): DeliveryAction | undefined => {
  const { aim, remote, delivery, planFailure } = account;
  switch (aim) {
    case 'none':
      return undefined;
    case 'present': {
      if (remote === 'none' || remote === 'deleted')
        return isPending(account, 'create') || planFailure ? undefined : 'create';
      if (remote !== 'active' && remote !== 'suspended') return undefined;
      // One that was under way may have been done, although nobody saw it: it is undone.
      if (remote === 'suspended' || (delivery && delivery.action !== 'update')) return 'unsuspend';
      const isHeldBack =
        isPending(account, 'update') || account.updateRejected || planFailure || account.rehire.isUnplanned;
      return !isHeldBack && (delivery || isBehind(account)) ? 'update' : undefined;
    }
    case 'suspended':
      return remote === 'active' || (remote === 'suspended' && delivery) ? 'suspend' : undefined;
    case 'deleted':
      return remote === 'active' || remote === 'suspended' || remote === 'gone' ? 'delete' : undefined;
  }
};

/** Whether the app lacks something of the plan, or has something of ours that is not in it any more. */
export const isBehind = ({ plan, attributes, entitlements }: PresentAccount): boolean =>
  changedTargets(attributes, plan.attributes).length > 0 ||
  entitlementChanges(entitlements, plan.entitlements).length > 0;

/** Targets whose value in `to` differs from the one in `from`. */
export const changedTargets = (from: AccountAttributes, to: AccountAttributes): string[] =>
  Object.keys(to).filter((target) => canonical(from[target] ?? null) !== canonical(to[target] ?? null));

export const isSame = (one: unknown, other: unknown): boolean => canonical(one as Json) === canonical(other as Json);

/** The same text for the same JSON, whatever the order of members. */
const canonical = (json: Json): string =>
  JSON.stringify(json, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  );

export const isSameEntitlement = (one: Entitlement, other: Entitlement) =>
  one.kind === other.kind && one.value === other.value;

export type EntitlementChange = Entitlement & { change: 'add' | 'remove' };

/** What was made in the app itself is never taken away (R61). */
export const entitlementChanges = (
  held: readonly HeldEntitlement[],
  wanted: readonly Entitlement[],
): EntitlementChange[] => {
  const isIn = (list: readonly Entitlement[], one: Entitlement) => list.some((each) => isSameEntitlement(each, one));
  return [
    ...wanted.filter((one) => !isIn(held, one)).map(({ kind, value }) => ({ kind, value, change: 'add' as const })),
    ...held
      .filter((one) => one.owned && !isIn(wanted, one))
      .map(({ kind, value }) => ({ kind, value, change: 'remove' as const })),
  ];
};

/** R55. */
export const statusOf = (account: PresentAccount): AccountStatus => {
  const { remote, failure, delivery } = account;
  if (failure) return 'failed';
  if (remote === 'unknown') return 'unknown';
  if (account.planFailure && account.aim === 'present') return 'failed';
  if (account.rehire.awaits || isPending(account, 'create') || isPending(account, 'update')) return 'pending';
  switch (delivery?.action ?? nextDelivery(account)) {
    case 'create':
      return delivery ? 'provisioning' : 'pending';
    case 'update':
    case 'suspend':
    case 'unsuspend':
      return 'modifying';
    case 'delete':
      return 'deleting';
    case undefined:
      return settledStatus(remote);
  }
};

const settledStatus = (remote: Exclude<PresentAccount['remote'], 'unknown'>): AccountStatus => {
  switch (remote) {
    case 'active':
      return 'provisioned';
    case 'suspended':
      return 'suspended';
    case 'none':
    case 'deleted':
    case 'gone':
    case 'handedOver':
      return 'deleted';
  }
};

export const isRunning = ({ state }: Pick<AccountTimer, 'state'>): boolean => state === 'armed' || state === 'parked';

/** Of several running timers of one action the earliest counts (R47). */
export const isEffective = (timers: readonly AccountTimer[], timer: AccountTimer): boolean => {
  if (!isRunning(timer)) return timer.state === 'fired' && timer.endReason === undefined;
  const rivals = timers.filter((other) => other.action === timer.action && isRunning(other));
  return rivals.every(
    (other) =>
      other.id === timer.id ||
      other.dueAt > timer.dueAt ||
      (other.dueAt === timer.dueAt && timers.indexOf(other) > timers.indexOf(timer)),
  );
};

export const presentOf = (state: AccountState): PresentAccount | undefined =>
  state.kind === 'present' ? state : undefined;
