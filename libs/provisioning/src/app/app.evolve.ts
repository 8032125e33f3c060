import type { AppEvent } from '@tenure/contracts';
import { noPushes, reportAll } from './app-config.ts';
import type { AppConnection } from '../connector/index.ts';
import { presets, type PresetName } from '../presets/index.ts';
import type { App, PresentApp } from './app.state.ts';
import { newestRules, reapplied, withRules } from './rule-sets.ts';

/** Every event is of an app that was created, so only `AppCreated` may find none. */
export const evolveApp = (state: App, event: AppEvent): App => {
  if (event.type === 'AppCreated') {
    const { name, preset, defaults } = event.data;
    return { ...blank, ...defaults, name, preset, connection: firstConnection(preset) };
  }
  // Its id never comes again, so nothing needs to be known of it.
  if (event.type === 'AppDeleted') return { kind: 'none' };
  return state.kind === 'none' ? state : evolvePresent(state, event);
};

const blank: Omit<PresentApp, 'name' | 'preset' | 'attributes' | 'scope' | 'deprovisioning' | 'connection'> = {
  kind: 'present',
  state: 'draft',
  sso: { configured: false },
  credentials: null,
  test: null,
  endpoint: null,
  assignments: [],
  approvals: [],
  threshold: {},
  ruleSets: [{ version: 0, rules: [] }],
  entitlements: { configuredBy: 'admin' },
  ownership: { unseenMemberships: 'leave', rehire: { keys: ['userName', 'externalId'], mode: 'automatic' } },
  quarantine: null,
  reconciliation: reportAll,
  pushes: noPushes,
};

/** Where a directory is and how it is laid out, only an admin knows. */
const firstConnection = (preset: PresetName): AppConnection | null =>
  presets[preset].kind === 'scim' ? { kind: 'scim', mode: 'auto' } : null;

/** The address of a directory is part of its connection; whatever of it changes is to be tested again. */
const withConnection = (app: PresentApp, connection: AppConnection): PresentApp =>
  connection.kind === 'ldap'
    ? { ...app, connection, endpoint: { url: connection.url }, test: null, quarantine: null }
    : { ...app, connection };

const without = (app: PresentApp, wanted: { kind: string; id: string }) =>
  app.assignments.filter(({ kind, id }) => kind !== wanted.kind || id !== wanted.id);

const evolvePresent = (
  app: PresentApp,
  event: Exclude<AppEvent, { type: 'AppCreated' | 'AppDeleted' }>,
): PresentApp => {
  switch (event.type) {
    case 'AppRenamed':
      return { ...app, name: event.data.name };
    case 'AppSsoSet':
      return { ...app, sso: { configured: event.data.configured } };
    case 'AppCredentialsSet':
    case 'AppReauthorized': {
      const { secretId, kind, hint } = event.data;
      return { ...app, credentials: { secretId, kind, hint }, test: null, quarantine: null };
    }
    case 'AppTested':
      return { ...app, test: event.data };
    case 'AppEndpointSet':
      return { ...app, endpoint: event.data.endpoint, test: null, quarantine: null };
    case 'AppAttributesSet':
      return { ...app, attributes: event.data };
    case 'AppScopeSet':
      return { ...app, scope: event.data };
    case 'AppAssigned':
      return { ...app, assignments: [...without(app, event.data), event.data] };
    case 'AppUnassigned':
      return { ...app, assignments: without(app, event.data) };
    case 'AppDeprovisioningSet': {
      const { applyToRunning: _, ...deprovisioning } = event.data;
      return { ...app, deprovisioning };
    }
    case 'AppApprovalsSet':
      return { ...app, approvals: event.data.actions };
    case 'AppThresholdSet':
      return { ...app, threshold: event.data };
    case 'AppThresholdReleased':
    case 'AppCycleStarted':
    case 'AppReconciled':
      return app;
    case 'AppRulesSet':
      return { ...app, ruleSets: withRules(app, event.data.rules) };
    case 'AppRulesReapplied':
      return { ...app, ruleSets: reapplied(app) };
    case 'AppEntitlementsSet':
      return { ...app, entitlements: event.data };
    case 'AppOwnershipSet':
      return { ...app, ownership: event.data };
    case 'AppConnectionSet':
      return withConnection(app, event.data.connection);
    case 'AppReconciliationSet':
      return { ...app, reconciliation: event.data };
    case 'AppPushesSet':
      return { ...app, pushes: event.data };
    case 'AppTurnedOn':
      return { ...app, state: 'on', quarantine: null };
    case 'AppTurnedOff':
      return { ...app, state: 'off' };
    case 'AppQuarantined':
      return { ...app, quarantine: event.data.code };
    case 'AppResumed':
      return { ...app, quarantine: null };
    case 'AppReauthorizationNeeded':
      return {
        ...app,
        state: 'needsReauthorization',
        test: { outcome: 'failed', problem: 'unauthorized', status: 401 },
      };
    // That single sign-on is set up is a fact of the app, not of its provisioning. Accounts that stay know versions of rules, which never come again.
    case 'AppConfigurationDeleted':
      return {
        ...blank,
        ...event.data.defaults,
        name: app.name,
        preset: app.preset,
        sso: app.sso,
        connection: firstConnection(app.preset),
        ruleSets: [{ version: newestRules(app).version + 1, rules: [] }],
      };
  }
};
