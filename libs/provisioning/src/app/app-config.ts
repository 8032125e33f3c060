import type { AppConnection } from '../connector/index.ts';
import type { DeprovisioningConfig } from '../duration/index.ts';
import type { FrameSet } from './frames.ts';
import type { AttributesConfig } from '../mapping/index.ts';
import type { EndpointConfig, PresetName } from '../presets/index.ts';
import type { Rule } from '../rules/index.ts';
import type { ScopeConfig } from '../scope/index.ts';

export type AppState = 'draft' | 'on' | 'off' | 'needsReauthorization';
export type ApprovalAction = 'create' | 'update' | 'delete';

export type Assignment = { kind: 'users' | 'groups' | 'roles'; id: string; role?: string };

/** `{}` = off. `percent` is of the accounts provisioned at the window's start; whichever limit comes first (R87). */
export type Threshold = { count?: number; percent?: number; window?: string };

/** What counts as ours where an app doesn't show it, and who gets an account back (R61, R92). */
export type Ownership = {
  unseenMemberships: 'leave' | 'own';
  rehire: { keys: readonly ('userName' | 'externalId' | 'employeeNumber')[]; mode: 'automatic' | 'ask' | 'off' };
};

export type CredentialKind = 'bearer' | 'basic' | 'oauth2' | 'bind';

export type DriftPolicy = 'report' | 'repair' | 'ignore';
/** When the app is looked at as a whole, and what follows from what is found (R88). `every`: null = only when asked. */
export type Reconciliation = {
  every: string | null;
  /** Times of day in UTC between which a scheduled run begins. */
  window: { from: string; to: string } | null;
  policies: Record<'missing' | 'changed' | 'suspendedThere' | 'reactivatedThere' | 'entitlementTaken', DriftPolicy> &
    Record<'entitlementAdded' | 'foreign' | 'brokenLink', Exclude<DriftPolicy, 'repair'>>;
  /** By target, for changed values. */
  targets: Readonly<Record<string, DriftPolicy>>;
};

export const reportAll: Reconciliation = {
  every: null,
  window: null,
  policies: {
    missing: 'report',
    changed: 'report',
    suspendedThere: 'report',
    reactivatedThere: 'report',
    entitlementTaken: 'report',
    entitlementAdded: 'report',
    foreign: 'report',
    brokenLink: 'report',
  },
  targets: {},
};

export type PushMode = 'merge' | 'mirror';
/** Which groups of the directory are kept as groups of the app, and what becomes of those that no longer are (R89). */
export type Pushes = {
  groups: readonly { id: string; mode: PushMode }[];
  /** `*` stands for any text. */
  names: readonly { pattern: string; mode: PushMode }[];
  allInScope: boolean;
  whenUnpushed: 'leave' | 'delete';
};

export const noPushes: Pushes = { groups: [], names: [], allInScope: false, whenUnpushed: 'leave' };

/** Each edit makes a set with a version of its own, which never comes again. */
export type RuleSet = { version: number; rules: readonly Rule[] };

/**
 * Everything that decides what an app's accounts should be: the fold of the app's stream, and as it is the `config` column of the
 * provisioning view's `apps`. What an admin never set has the preset's default.
 */
export type AppConfig = {
  id: string;
  tenantId: string;
  name: string;
  preset: PresetName;
  state: AppState;
  sso: { configured: boolean };
  credentials: { secretId: string; kind: CredentialKind; hint: string; setAt: string } | null;
  /** Of the credentials and endpoint as they are now; a change of either makes it `untested`. */
  test: { outcome: 'passed' | 'failed' | 'untested'; reason?: string; at?: string };
  endpoint: (EndpointConfig & { url: string }) | null;
  attributes: AttributesConfig;
  scope: ScopeConfig;
  assignments: readonly Assignment[];
  /** Since when scope, assignments and the rules that count for everyone are as they are. */
  scopeSince: string;
  /** The time frames as they were edited last. */
  deprovisioning: DeprovisioningConfig;
  /** Those that count for triggers which hold already, oldest first; the last are `deprovisioning` (R48). */
  frames: readonly FrameSet[];
  approvals: readonly ApprovalAction[];
  threshold: Threshold;
  /** Instant since which parked actions may run although the threshold was reached. */
  thresholdReleasedAt: string | null;
  /** The rules as they were last reapplied and every edit since, oldest first, at least one: see `rule-sets.ts` (R60). */
  ruleSets: readonly RuleSet[];
  entitlements: { domain?: string; configuredBy: 'admin' | 'user' };
  ownership: Ownership;
  /** Null: a directory whose place and layout aren't known yet. */
  connection: AppConnection | null;
  reconciliation: Reconciliation;
  pushes: Pushes;
  /** Instant of the last turning on: work that became due before waits for it. */
  turnedOnAt: string | null;
};
