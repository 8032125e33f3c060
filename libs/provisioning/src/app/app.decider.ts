import {
  AppApprovalsSet,
  AppAssigned,
  AppAttributesSet,
  AppConfigurationDeleted,
  AppConnectionSet,
  AppCreated,
  AppCredentialsSet,
  AppCycleStarted,
  AppDeleted,
  AppDeprovisioningSet,
  AppEndpointSet,
  AppEntitlementsSet,
  AppOwnershipSet,
  AppPushesSet,
  AppQuarantined,
  AppReauthorizationNeeded,
  AppReauthorized,
  AppReconciled,
  AppReconciliationSet,
  AppRenamed,
  AppResumed,
  AppRulesReapplied,
  AppRulesSet,
  AppScopeSet,
  AppSsoSet,
  AppTested,
  AppThresholdReleased,
  AppThresholdSet,
  AppTurnedOff,
  AppTurnedOn,
  AppUnassigned,
  type AppEvent,
} from '@tenure/contracts';
import { Rejected, type Decider } from '@tenure/eventing';
import type { DeprovisioningConfig } from '../duration/index.ts';
import type { AttributesConfig } from '../mapping/index.ts';
import { presets, type EndpointConfig, type PresetName } from '../presets/index.ts';
import type { Rule } from '../rules/index.ts';
import type { ScopeConfig } from '../scope/index.ts';
import type { AppConnection } from '../connector/index.ts';
import type {
  AppConfig,
  ApprovalAction,
  Assignment,
  CredentialKind,
  Threshold,
  Ownership,
  Pushes,
  Reconciliation,
} from './app-config.ts';
import { evolveApp } from './app.evolve.ts';
import {
  refuseConnection,
  refuseCredentials,
  refuseDeprovisioning,
  refuseEndpoint,
  refuseEntitlements,
  refusePushes,
  refuseRoleAssignment,
} from './app.rules.ts';
import type { App, PresentApp, TestResult } from './app.state.ts';
import { missingOf, wordsFor } from './app.steps.ts';
import type { Vanished } from './vanished.ts';
import { newestRules } from './rule-sets.ts';

type NewCredentials = { secretId: string; kind: CredentialKind; hint: string };

export type AppCommand =
  | { type: 'Create'; name: string; preset: PresetName }
  | { type: 'Rename'; name: string }
  | { type: 'SetSso'; configured: boolean }
  /** `test`: what came of trying them; null where the endpoint is not known yet. */
  | ({ type: 'SetCredentials'; test: TestResult | null } & NewCredentials)
  /** Counts only where these are still the app's credentials and endpoint. */
  | { type: 'KeepTest'; test: TestResult; secretId: string; url: string }
  | { type: 'SetEndpoint'; endpoint: EndpointConfig & { url: string }; test: TestResult | null }
  | { type: 'SetAttributes'; attributes: AttributesConfig }
  | { type: 'SetScope'; scope: ScopeConfig }
  | { type: 'Assign'; assignment: Assignment }
  | { type: 'Unassign'; assignment: Pick<Assignment, 'kind' | 'id'> }
  | { type: 'SetDeprovisioning'; deprovisioning: DeprovisioningConfig; applyToRunning: boolean }
  | { type: 'SetApprovals'; actions: readonly ApprovalAction[] }
  | { type: 'SetThreshold'; threshold: Threshold }
  | { type: 'ReleaseThreshold' }
  | { type: 'SetRules'; rules: readonly Rule[] }
  | { type: 'ReapplyRules' }
  | { type: 'SetEntitlements'; entitlements: AppConfig['entitlements'] }
  | { type: 'SetOwnership'; ownership: Ownership }
  | { type: 'SetConnection'; connection: AppConnection; test: TestResult | null }
  | { type: 'SetReconciliation'; reconciliation: Reconciliation }
  | { type: 'SetPushes'; pushes: Pushes }
  /** Said by the run that looked (R88). */
  | ({ type: 'NoteReconciled' } & Parameters<typeof AppReconciled>[0])
  /** `gateOpen`: the tenant's, which is not the app's own state (R64), as little as what `vanished`. */
  | { type: 'TurnOn'; gateOpen: boolean; vanished: Vanished }
  | { type: 'TurnOff' }
  | { type: 'StartCycle' }
  /** The app answered 401 to these credentials. */
  | { type: 'NeedReauthorization'; secretId: string }
  /** It was left alone for long, and its test fails (R96). */
  | { type: 'Quarantine'; code: string }
  | { type: 'Resume' }
  | ({ type: 'Reauthorize'; test: TestResult } & NewCredentials)
  | { type: 'DeleteConfiguration' }
  | { type: 'Delete' };

const decide = (command: AppCommand, state: App): AppEvent[] => {
  if (command.type === 'Create') {
    if (state.kind !== 'none') throw new Rejected('conflict', 'app/exists', 'An app with this id exists.');
    return [AppCreated({ name: command.name, preset: command.preset, defaults: defaultsOf(command.preset) })];
  }
  if (state.kind === 'none') throw new Rejected('not-found', 'app/not-found', 'There is no such app.');
  switch (command.type) {
    case 'Rename':
      return command.name === state.name ? [] : [AppRenamed({ name: command.name })];
    case 'SetSso':
      return setSso(command.configured, state);
    case 'SetCredentials':
      refuseCredentials(command.kind, state.preset);
      return [AppCredentialsSet(replacing(command, state)), ...(command.test ? [AppTested(passed(command.test))] : [])];
    case 'Reauthorize':
      refuseCredentials(command.kind, state.preset);
      return [
        AppReauthorized(replacing(command, state)),
        AppTested(passed(command.test)),
        ...(state.state === 'needsReauthorization' ? [AppTurnedOn({})] : []),
      ];
    case 'KeepTest':
      return command.secretId === state.credentials?.secretId && command.url === state.endpoint?.url
        ? [AppTested(command.test)]
        : [];
    case 'SetEndpoint':
      return setEndpoint(command, state);
    case 'SetAttributes':
      return isSame(command.attributes, state.attributes) ? [] : [AppAttributesSet(command.attributes)];
    case 'SetScope':
      return isSame(command.scope, state.scope) ? [] : [AppScopeSet(command.scope)];
    case 'Assign':
      refuseRoleAssignment(command.assignment, state.preset);
      return state.assignments.some((known) => isSame(withRole(known), withRole(command.assignment)))
        ? []
        : [AppAssigned(withRole(command.assignment))];
    case 'Unassign': {
      const { kind, id } = command.assignment;
      return state.assignments.some((known) => known.kind === kind && known.id === id)
        ? [AppUnassigned({ kind, id })]
        : [];
    }
    case 'SetDeprovisioning': {
      const { deprovisioning, applyToRunning } = command;
      refuseDeprovisioning(deprovisioning, state.preset);
      // Saying the same again with `applyToRunning` moves the timers that an earlier edit left where they were.
      return isSame(deprovisioning, state.deprovisioning) && !applyToRunning
        ? []
        : [AppDeprovisioningSet({ ...deprovisioning, applyToRunning })];
    }
    case 'SetApprovals':
      return isSame(command.actions, state.approvals) ? [] : [AppApprovalsSet({ actions: [...command.actions] })];
    case 'SetThreshold':
      return isSame(command.threshold, state.threshold) ? [] : [AppThresholdSet(command.threshold)];
    case 'ReleaseThreshold':
      return [AppThresholdReleased({})];
    case 'SetRules':
      return isSame(command.rules, newestRules(state).rules) ? [] : [AppRulesSet({ rules: [...command.rules] })];
    case 'ReapplyRules':
      return [AppRulesReapplied({})];
    case 'SetEntitlements':
      refuseEntitlements(state.preset);
      return isSame(command.entitlements, state.entitlements) ? [] : [AppEntitlementsSet(command.entitlements)];
    case 'SetOwnership':
      return isSame(command.ownership, state.ownership)
        ? []
        : [
            AppOwnershipSet({
              ...command.ownership,
              rehire: { ...command.ownership.rehire, keys: [...command.ownership.rehire.keys] },
            }),
          ];
    case 'SetConnection':
      return setConnection(command, state);
    case 'SetReconciliation':
      return isSame(command.reconciliation, state.reconciliation)
        ? []
        : [AppReconciliationSet(command.reconciliation as Parameters<typeof AppReconciliationSet>[0])];
    case 'SetPushes':
      refusePushes(state, command.pushes);
      return isSame(command.pushes, state.pushes)
        ? []
        : [AppPushesSet(command.pushes as Parameters<typeof AppPushesSet>[0])];
    case 'NoteReconciled': {
      const { type: _, ...run } = command;
      return [AppReconciled(run)];
    }
    case 'TurnOn':
      return turnOn(command, state);
    case 'TurnOff':
      return state.state === 'on' || state.state === 'needsReauthorization' ? [AppTurnedOff({})] : [];
    case 'StartCycle':
      if (state.state !== 'on') throw new Rejected('conflict', 'app/not-on', 'The app is not on.');
      return [AppCycleStarted({})];
    case 'NeedReauthorization':
      // One answer may be late: credentials that were swapped in since are not to blame.
      return state.state === 'on' && state.credentials?.secretId === command.secretId
        ? [AppReauthorizationNeeded({})]
        : [];
    case 'Quarantine':
      return state.state === 'on' && state.quarantine === null ? [AppQuarantined({ code: command.code })] : [];
    case 'Resume':
      return state.quarantine === null ? [] : [AppResumed({})];
    case 'Delete':
      if (state.state === 'on' || state.state === 'needsReauthorization')
        throw new Rejected('conflict', 'app/on', 'The app is on. Turn it off before you delete it.');
      return [AppDeleted({ wipes: state.credentials?.secretId ?? null })];
    case 'DeleteConfiguration':
      return [
        AppConfigurationDeleted({ wipes: state.credentials?.secretId ?? null, defaults: defaultsOf(state.preset) }),
      ];
  }
};

/** R32. While the app is on nothing untested is saved: deliveries would go there. */
const setEndpoint = ({ endpoint, test }: Extract<AppCommand, { type: 'SetEndpoint' }>, app: PresentApp): AppEvent[] => {
  refuseEndpoint(app.preset);
  if (isSame(endpoint, app.endpoint)) return [];
  if (app.state !== 'on') return [AppEndpointSet({ endpoint })];
  if (!test)
    throw new Rejected('unprocessable', 'app/test-failed', 'The app is on, and the new endpoint was not tested.');
  return [AppEndpointSet({ endpoint }), AppTested(passed(test))];
};

/** A directory's connection says where it is, so that it is tested as an endpoint is. */
const setConnection = (
  { connection, test }: Extract<AppCommand, { type: 'SetConnection' }>,
  app: PresentApp,
): AppEvent[] => {
  refuseConnection(connection.kind, app.preset);
  if (isSame(connection, app.connection)) return [];
  const set = AppConnectionSet({ connection });
  if (connection.kind === 'scim' || app.state !== 'on') return [set, ...(test ? [AppTested(passed(test))] : [])];
  if (!test)
    throw new Rejected('unprocessable', 'app/test-failed', 'The app is on, and the new connection was not tested.');
  return [set, AppTested(passed(test))];
};

/** R24: an app that is on needs it. */
const setSso = (configured: boolean, app: PresentApp): AppEvent[] => {
  if (app.sso.configured === configured) return [];
  if (!configured && app.state !== 'draft' && app.state !== 'off')
    throw new Rejected('conflict', 'app/on', 'The app is on, which needs single sign-on. Turn the app off first.');
  return [AppSsoSet({ configured })];
};

/** R31: refused, naming what is missing. */
const turnOn = ({ gateOpen, vanished }: Extract<AppCommand, { type: 'TurnOn' }>, app: PresentApp): AppEvent[] => {
  if (app.state === 'on') return [];
  const missing = [...missingOf(app, vanished), ...(gateOpen ? [] : (['feature'] as const))];
  if (missing.length === 0) return [AppTurnedOn({})];
  const errors = missing.map((field) => ({ field, message: wordsFor[field] }));
  throw new Rejected(
    'conflict',
    'app/incomplete',
    `The app can't be turned on yet: ${errors.map(({ message }) => message).join(' ')}`,
    errors,
  );
};

/** R34: nothing is saved that failed the test. The edge says what the app answered; this is the rule that can't be gone around. */
const passed = (test: TestResult): TestResult => {
  if (test.outcome === 'failed')
    throw new Rejected('unprocessable', 'app/test-failed', 'The test of the connection failed.');
  return test;
};

const replacing = ({ secretId, kind, hint }: NewCredentials, { credentials }: PresentApp) => ({
  secretId,
  kind,
  hint,
  replaces: credentials?.secretId ?? null,
});

const withRole = ({ kind, id, role }: Assignment): Assignment => ({ kind, id, ...(role !== undefined && { role }) });

const defaultsOf = (preset: PresetName) => {
  const { attributes, assignment, deprovisioning } = presets[preset];
  return { attributes, scope: { assignment, groups: [], orgUnits: [] }, deprovisioning };
};

/** A difference too many, in the order of members, only costs an event. */
const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

export const appDecider: Decider<App, AppCommand, AppEvent> = { initial: { kind: 'none' }, decide, evolve: evolveApp };
