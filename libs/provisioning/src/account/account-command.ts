import type { AccountPlanned, AccountWithdrawn, DeliveryAction, TimerFired } from '@tenure/contracts';
import type { JsonObject } from '@tenure/scim';
import type { ApprovalAction } from '../app/app-config.ts';
import type { FrameSet } from '../app/frames.ts';
import type { DriftPart } from './drift.ts';
import type { DeprovisioningConfig, Trigger } from '../duration/index.ts';
import type { AccountAttributes, EvaluationProblem, ReferredIds } from '../mapping/index.ts';
import type { AccountRef, Estate } from './rehire.state.ts';
import type { Candidate, Drift, HeldEntitlement, Plan } from './account.state.ts';

type AccountWithdrawnData = ReturnType<typeof AccountWithdrawn>['data'];
type AccountPlannedData = ReturnType<typeof AccountPlanned>['data'];
type TimerFiredData = ReturnType<typeof TimerFired>['data'];

/** A reason to deprovision that holds, since when, and the revision at which it began. */
export type FoundTrigger = { trigger: Trigger; since: string; origin: string };

/** A person who was deleted and has the same keys, and whose account is still in the app (R92). `isOurs`: it is handed over to this account. */
export type FoundPredecessor = AccountRef & {
  by: readonly ('userName' | 'externalId' | 'employeeNumber')[];
  mode: 'automatic' | 'ask';
  isOurs: boolean;
};

/** What an evaluation saw and why it says what it says: ids and codes, no values. */
export type Reasons = Pick<AccountWithdrawnData, 'basis' | 'scope' | 'ruleIds'>;
export type Origins = NonNullable<AccountPlannedData['targets']>;

export type Evaluation = {
  accountId: string;
  appId: string;
  userId: string;
  /** What the account should be; null where that can't be told or doesn't matter: out of scope, or deleted. */
  plan: Plan | null;
  reasons: Reasons;
  /** Where the value of each target of the plan came from. */
  origins: Origins;
  /** Why it can't be told, although it matters. */
  problem: EvaluationProblem | null;
  rulesVersion: number;
  /** Of the people to whom the plan refers, those who have an account in the app. */
  referredIds: ReferredIds;
  /** The triggers that hold; none = the user is eligible. */
  triggers: readonly FoundTrigger[];
  /** Triggers of which nothing can be said: their timers stay as they are. */
  unsure: readonly Trigger[];
  /** The app's time frames, those in force earlier among them. */
  frames: readonly FrameSet[];
  approvals: readonly ApprovalAction[];
  /** Null: there is none. Absent: not looked for. */
  predecessor?: FoundPredecessor | null;
};

/** What came of a delivery. */
export type DeliveryResult =
  | { kind: 'created'; joined: boolean; remoteId: string; attributes: AccountAttributes }
  | {
      kind: 'updated';
      attributes: AccountAttributes;
      entitlements: readonly HeldEntitlement[];
      /** Why the app didn't take whom the account refers to, although it took everything else. */
      referenceRefused?: string;
    }
  | { kind: 'suspended' }
  | { kind: 'unsuspended' }
  | { kind: 'deleted' }
  | { kind: 'gone' }
  | { kind: 'foreign'; remoteId: string; attributes: JsonObject }
  /** Several match (R91). */
  | { kind: 'ambiguous'; candidates: readonly Candidate[] }
  | { kind: 'abandoned' }
  | { kind: 'failed'; code: string; message: string; final: boolean };

export type AccountCommand =
  | ({ type: 'Evaluate' } & Evaluation)
  /** Sent by a timer, perhaps twice, late, early or after a cancel: only the state decides. */
  | {
      type: 'FireTimer';
      timerId: string;
      now: string;
      aboveThreshold: boolean;
      approvals: readonly ApprovalAction[];
      basis: TimerFiredData['basis'];
    }
  /** Changed time frames for timers that already run (R48). */
  | { type: 'Reschedule'; deprovisioning: DeprovisioningConfig }
  /** The app's configuration was deleted: the account stays as it is there (R51). */
  | { type: 'LetGo' }
  /** Without `approvalId`: the only one that waits. */
  | { type: 'Approve' | 'Reject'; approvalId?: string; reason: string | null }
  | { type: 'Retry' | 'Disassociate' | 'Recreate' | 'Rematch'; reason: string | null }
  | { type: 'AcceptPredecessor'; reason: string | null }
  | { type: 'HandOver'; to: AccountRef }
  | { type: 'TakeOver'; predecessor: AccountRef; estate: Estate; lineage: readonly string[] }
  | { type: 'Adopt'; remoteId: string; active: boolean; reason: string | null }
  /** What a reconciliation saw (R88); no kinds: all agrees. `repair`: what the app's policies bring back. */
  | {
      type: 'NoteDrift';
      runId: string;
      remoteId: string;
      found: Omit<Drift, 'runId'>;
      repair: DriftPart;
      approvals: readonly ApprovalAction[];
    }
  | { type: 'SettleDrift'; how: 'ignored' | 'repaired'; approvals: readonly ApprovalAction[] }
  /** The account of somebody to whom this one refers is there, is another one, or isn't there any more (R90). */
  | { type: 'MoveReference'; referredUserId: string; remoteId: string | null; approvals: readonly ApprovalAction[] }
  | { type: 'StartDelivery'; deliveryId: string; action: DeliveryAction }
  | { type: 'EndDelivery'; deliveryId: string; result: DeliveryResult };
