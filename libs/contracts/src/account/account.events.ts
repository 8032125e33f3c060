import { defineEvent, type EventOf } from '@tenure/eventing';
import { z } from 'zod';
import { jsonObject } from '../json.ts';

export const deliveryAction = z.enum(['create', 'update', 'suspend', 'unsuspend', 'delete']);
export type DeliveryAction = z.output<typeof deliveryAction>;

const approvalAction = z.enum(['create', 'update', 'delete']);
const deprovisioning = z.enum(['suspend', 'hardDelete']);
const trigger = z.enum(['turnedOff', 'suspended', 'deleted']);

const entitlement = z.object({ kind: z.enum(['group', 'role', 'licence', 'department']), value: z.string() });
/**
 * `owned`: Tenure gave it; what was there before is never taken away (R61). `id`: the group's, by which it is taken away whatever its name
 * has become. `evidence`: why it is ours: it was absent a moment before, it came with an account that the same delivery made, or the app is
 * set so.
 */
const heldEntitlement = entitlement.extend({
  owned: z.boolean(),
  id: z.string().nullable(),
  evidence: z.enum(['absentBefore', 'madeWithAccount', 'setting']).nullable(),
});
type OldHeld = { entitlements: readonly Record<string, unknown>[] };

/** Whose account of which app: in every event, so that nobody who reads one needs another. */
const account = z.object({ appId: z.string(), userId: z.string() });
const delivery = account.extend({ deliveryId: z.string() });
const timer = account.extend({ timerId: z.string() });
/** `approvalId`: of this request alone. Version 1 allowed one request at a time, named by its action. */
const approval = account.extend({
  approvalId: z.string(),
  action: approvalAction,
  deprovisioning: deprovisioning.nullable(),
});
const namedByAction = (data: Record<string, unknown>) => ({ ...data, approvalId: data['action'] });

/**
 * The revisions that an evaluation saw: of the user, the app, the tenant and groups that the app names (at most 20, those of the user first).
 * `engine` is the version of the rules of evaluation themselves. Null: written before reasons were kept, or not by an evaluation.
 */
const basis = z
  .object({
    engine: z.int(),
    user: z.int(),
    app: z.int(),
    tenant: z.int(),
    groups: z.array(z.tuple([z.string(), z.int()])),
  })
  .nullable();
/** Whether the user was in the app's scope, the condition that decided it, and the group or role that met it. */
const scope = z.object({ in: z.boolean(), because: z.string(), by: z.string().optional() }).nullable();
const reasons = { basis, scope, ruleIds: z.array(z.string()).nullable() };
const noReasons = { basis: null, scope: null, ruleIds: null };
const withoutReasons = (data: Record<string, unknown>) => ({ ...data, ...noReasons });

/** Where a target's value came from. `n`: the place of the mapping; `source`: left out where it is the target's own name. */
const origin = z.discriminatedUnion('by', [
  z.object({ by: z.literal('rule'), id: z.string() }),
  z.object({ by: z.literal('mapping'), n: z.int(), source: z.string().optional() }),
  z.object({ by: z.literal('system') }),
]);

/** A timer is fired by the app's configuration as it was at that revision. */
const firing = z.object({ engine: z.int(), app: z.int() }).nullable();

/** Values by target. */
const attributes = jsonObject;
/** What an admin wrote beside an act; it may name people. */
const because = z.object({ reason: z.string().nullable() });

/** What the account should be from now on. The first one asks for the account. `rulesVersion`: by which of the app's sets of rules (R60). */
export const AccountPlanned = defineEvent('AccountPlanned', {
  data: account.extend({
    changed: z.array(z.string()),
    ruleIds: z.array(z.string()),
    rulesVersion: z.int(),
    basis,
    scope,
    /** Of the targets that changed, and of those that are sent on create only. */
    targets: z.record(z.string(), origin).nullable(),
  }),
  upcasts: [
    // 1 → 2: sets of rules got versions. Before, an account that was there went by the oldest set that is kept.
    (data) => ({ ...data, rulesVersion: 0 }),
    // 2 → 3: an evaluation keeps its reasons.
    (data) => ({ ...data, basis: null, scope: null, targets: null }),
  ],
  upcastsPersonal: [
    (personal) => personal,
    // 2 → 3: a match is a target and a value; how an app is asked for it is the connector's business.
    ({ matching, ...rest }) => ({
      ...rest,
      matching: (matching as { target: string; value: string }[]).map(({ target, value }) => ({ target, value })),
    }),
  ],
  personal: z.object({
    attributes,
    /** What is sent when the account is made, and never again (R36). */
    onCreate: attributes,
    /** Targets whose values are added to those of the app. */
    additive: z.array(z.string()),
    entitlements: z.array(entitlement),
    /** How to find an account that is there already, in this order (R38). */
    matching: z.array(z.object({ target: z.string(), value: z.string() })),
  }),
});
/** What the account should be can't be worked out: `target` by its mapping, or by a rule; neither: the matching (R96). */
export const AccountPlanFailed = defineEvent('AccountPlanFailed', {
  data: account.extend({
    code: z.string(),
    /** Of which there was too much. */
    limit: z.enum(['steps', 'size']),
    target: z.string().nullable(),
    ruleId: z.string().nullable(),
    ...reasons,
  }),
  upcasts: [withoutReasons],
});
/** Nobody wants the account any more, and none was made yet. */
export const AccountWithdrawn = defineEvent('AccountWithdrawn', {
  data: account.extend(reasons),
  upcasts: [withoutReasons],
});
/** The user is eligible again: what was or would have been taken is given back (R47). */
export const AccessRestored = defineEvent('AccessRestored', {
  data: account.extend(reasons),
  upcasts: [withoutReasons],
});

export const ApprovalRequested = defineEvent('ApprovalRequested', { data: approval, upcasts: [namedByAction] });
export const ApprovalGranted = defineEvent('ApprovalGranted', {
  data: approval,
  personal: because,
  upcasts: [namedByAction],
});
export const ApprovalRejected = defineEvent('ApprovalRejected', {
  data: approval,
  personal: because,
  upcasts: [namedByAction],
});
export const ApprovalWithdrawn = defineEvent('ApprovalWithdrawn', { data: approval, upcasts: [namedByAction] });

/**
 * Which reasons to deprovision hold from now on, each once per occurrence. `episode` counts them; `origin` names the revision at which the
 * occurrence began, which tells two at one instant apart; `frames` is the version of the app's time frames that apply to it.
 */
export const DeprovisioningTriggersChanged = defineEvent('DeprovisioningTriggersChanged', {
  data: account.extend({
    held: z.array(z.object({ trigger, since: z.string(), origin: z.string(), episode: z.int(), frames: z.int() })),
    ...reasons,
  }),
});

export const DeprovisioningScheduled = defineEvent('DeprovisioningScheduled', {
  data: timer.extend({
    trigger,
    action: deprovisioning,
    triggeredAt: z.string(),
    delay: z.string(),
    dueAt: z.string(),
    /** Of the trigger's occurrence; null in version 1. */
    episode: z.int().nullable(),
    ...reasons,
  }),
  upcasts: [(data) => ({ ...withoutReasons(data), episode: null })],
});
/** Changed time frames were applied to a running timer (R48). */
export const DeprovisioningRescheduled = defineEvent('DeprovisioningRescheduled', {
  data: timer.extend({ delay: z.string(), dueAt: z.string() }),
});
export const DeprovisioningCancelled = defineEvent('DeprovisioningCancelled', {
  data: timer.extend({
    reason: z.enum([
      'eligible',
      'triggerEnded',
      'accountDeleted',
      'neverAnyMore',
      'configurationDeleted',
      'disassociated',
      'handedOver',
    ]),
    ...reasons,
  }),
  upcasts: [
    withoutReasons,
    // 2 → 3: an account may be handed over.
    (data) => data,
  ],
});
/** Due, but above the threshold (R87). */
export const TimerParked = defineEvent('TimerParked', {
  data: timer.extend({ basis: firing }),
  upcasts: [(data) => ({ ...data, basis: null })],
});
export const TimerFired = defineEvent('TimerFired', {
  /** `none`: another timer, or an admin, came first. */
  data: timer.extend({
    trigger,
    action: deprovisioning,
    effect: z.enum(['delivery', 'approval', 'none']),
    basis: firing,
  }),
  upcasts: [(data) => ({ ...data, basis: null })],
});

/** Appended before the app is called, so that a call whose outcome nobody saw is known (decision 17). */
export const DeliveryStarted = defineEvent('DeliveryStarted', { data: delivery.extend({ action: deliveryAction }) });
/** The first failure of a delivery and the final one; tries between are no events. */
export const DeliveryFailed = defineEvent('DeliveryFailed', {
  data: delivery.extend({ action: deliveryAction, code: z.string(), final: z.boolean() }),
  /** What the app said: it quotes people's addresses. */
  personal: z.object({ message: z.string() }),
});
/** Started, and not wanted any more before anything was done in the app. */
export const DeliveryAbandoned = defineEvent('DeliveryAbandoned', {
  data: delivery.extend({ action: deliveryAction }),
});

export const AccountCreated = defineEvent('AccountCreated', {
  /** `joined`: it was found there with our id on it, made by a call whose outcome was unknown. */
  data: delivery.extend({ joined: z.boolean() }),
  personal: z.object({ remoteId: z.string(), attributes }),
});
export const AccountUpdated = defineEvent('AccountUpdated', {
  data: delivery.extend({ changed: z.array(z.string()) }),
  upcastsPersonal: [
    // 1 → 2: a held entitlement names its group's id and why it is ours.
    (personal) => ({
      ...personal,
      entitlements: (personal as OldHeld).entitlements.map((held) => ({ ...held, id: null, evidence: null })),
    }),
  ],
  personal: z.object({ attributes, entitlements: z.array(heldEntitlement) }),
});
export const AccountSuspended = defineEvent('AccountSuspended', { data: delivery });
export const AccountUnsuspended = defineEvent('AccountUnsuspended', { data: delivery });
export const AccountDeleted = defineEvent('AccountDeleted', { data: delivery });
/** The app has it no more, and it wasn't Tenure who deleted it (R67). */
export const AccountGone = defineEvent('AccountGone', { data: delivery });

/** The app has an account that matches and is not ours (R61). */
export const ForeignAccountFound = defineEvent('ForeignAccountFound', {
  data: delivery,
  personal: z.object({ remoteId: z.string(), attributes }),
});
/** Several accounts of the app match, or one that is ours beside others: an admin chooses (R91). */
export const AmbiguousAccountsFound = defineEvent('AmbiguousAccountsFound', {
  data: delivery,
  personal: z.object({
    candidates: z.array(z.object({ remoteId: z.string(), label: z.string(), attributes })),
  }),
});
export const AccountAdopted = defineEvent('AccountAdopted', {
  data: account.extend({ active: z.boolean() }),
  personal: because.extend({ remoteId: z.string() }),
});
export const AccountDisassociated = defineEvent('AccountDisassociated', { data: account, personal: because });
export const RematchRequested = defineEvent('RematchRequested', { data: account, personal: because });
export const RetryRequested = defineEvent('RetryRequested', { data: account, personal: because });
export const RecreationRequested = defineEvent('RecreationRequested', { data: account, personal: because });

const predecessor = account.extend({ fromAccountId: z.string(), fromUserId: z.string() });
/**
 * A person who was deleted shares a key with this one, and their account is still in the app (R92). `by`: the keys. `ask`: an admin must
 * accept; until then nothing is made.
 */
export const PredecessorFound = defineEvent('PredecessorFound', {
  data: predecessor.extend({
    by: z.array(z.enum(['userName', 'externalId', 'employeeNumber'])),
    mode: z.enum(['automatic', 'ask']),
  }),
});
/** An admin said that both are the same person. */
export const PredecessorAccepted = defineEvent('PredecessorAccepted', { data: predecessor, personal: because });
/** There is nothing to take over any more: deleted, erased, or given to somebody else. */
export const PredecessorLost = defineEvent('PredecessorLost', { data: predecessor });
/** From now on the account in the app is that of `toUserId`: this one is over, with its timers and its link. */
export const AccountHandedOver = defineEvent('AccountHandedOver', {
  data: account.extend({ toAccountId: z.string(), toUserId: z.string() }),
});
/**
 * The account in the app that was `fromUserId`'s is linked to this one. `remote`: as it is, or may be. `lineage`: every account that it
 * belonged to before, the last first; one of them may still be its mark. `planned`: what it was to hold when it was handed over.
 */
export const AccountTakenOver = defineEvent('AccountTakenOver', {
  data: predecessor.extend({
    remote: z.enum(['active', 'suspended']),
    owned: z.boolean(),
    lineage: z.array(z.string()),
  }),
  personal: z.object({
    remoteId: z.string(),
    attributes,
    entitlements: z.array(heldEntitlement),
    planned: z.array(entitlement),
  }),
});

/** In which ways an account in the app isn't what Tenure holds (R88); `foreign` ones belong to no account of Tenure. */
export const driftKind = z.enum([
  'missing',
  'changed',
  'suspendedThere',
  'reactivatedThere',
  'entitlementTaken',
  'entitlementAdded',
  'brokenLink',
]);
export type DriftKind = z.output<typeof driftKind>;

const drift = account.extend({ runId: z.string(), kinds: z.array(driftKind), targets: z.array(z.string()) });
/** A reconciliation found the account to differ, and not as it was found the last time. `from`: as sent, `to`: as the app shows it. */
export const AccountDrifted = defineEvent('AccountDrifted', {
  data: drift,
  personal: z.object({
    changes: z.array(z.object({ target: z.string(), from: z.json(), to: z.json() })),
    taken: z.array(entitlement),
    added: z.array(entitlement),
  }),
});
/**
 * `agreed`: the app shows what Tenure holds again. `ignored`: an admin leaves it as it is. `repaired`: what was last sent counts no more,
 * so that it is sent again.
 */
export const DriftSettled = defineEvent('DriftSettled', {
  data: drift.extend({ how: z.enum(['agreed', 'ignored', 'repaired']) }),
});

export const accountEvents = [
  AccountPlanned,
  AccountPlanFailed,
  AccountWithdrawn,
  AccessRestored,
  ApprovalRequested,
  ApprovalGranted,
  ApprovalRejected,
  ApprovalWithdrawn,
  DeprovisioningTriggersChanged,
  DeprovisioningScheduled,
  DeprovisioningRescheduled,
  DeprovisioningCancelled,
  TimerParked,
  TimerFired,
  DeliveryStarted,
  DeliveryFailed,
  DeliveryAbandoned,
  AccountCreated,
  AccountUpdated,
  AccountSuspended,
  AccountUnsuspended,
  AccountDeleted,
  AccountGone,
  ForeignAccountFound,
  AmbiguousAccountsFound,
  AccountAdopted,
  AccountDisassociated,
  RematchRequested,
  RetryRequested,
  RecreationRequested,
  PredecessorFound,
  PredecessorAccepted,
  PredecessorLost,
  AccountHandedOver,
  AccountTakenOver,
  AccountDrifted,
  DriftSettled,
] as const;
export type AccountEvent = EventOf<typeof accountEvents>;
