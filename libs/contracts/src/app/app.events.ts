import { defineEvent, type EventOf } from '@tenure/eventing';
import { z } from 'zod';
import {
  appDefaults,
  approvalActions,
  credentialKind,
  driftCounts,
  presetName,
  storedAssignment,
  storedAttributes,
  storedConnection,
  storedDeprovisioning,
  storedEndpoint,
  storedOwnership,
  storedPushes,
  storedReconciliation,
  storedRule,
  storedScope,
  storedThreshold,
} from './app.configuration.ts';

/** `replaces`: the secret that nothing refers to any more, for whoever wipes it. */
const credentials = z.object({
  secretId: z.string(),
  kind: credentialKind,
  hint: z.string(),
  replaces: z.string().nullable(),
});

/** An app's events hold configuration and ids. What an app itself says is no part of them: it quotes people's addresses (decision 2). */
export const AppCreated = defineEvent('AppCreated', {
  data: z.object({ name: z.string(), preset: presetName, defaults: appDefaults }),
});
export const AppRenamed = defineEvent('AppRenamed', { data: z.object({ name: z.string() }) });
export const AppSsoSet = defineEvent('AppSsoSet', { data: z.object({ configured: z.boolean() }) });
export const AppCredentialsSet = defineEvent('AppCredentialsSet', { data: credentials });
/** Of the credentials and the endpoint as they are: `problem` and `status` tell why not, in a word and as HTTP does. */
export const AppTested = defineEvent('AppTested', {
  data: z.object({
    outcome: z.enum(['passed', 'failed']),
    problem: z.enum(['unauthorized', 'unreachable', 'refused']).nullable(),
    status: z.int().nullable(),
  }),
});
export const AppEndpointSet = defineEvent('AppEndpointSet', { data: z.object({ endpoint: storedEndpoint }) });
export const AppAttributesSet = defineEvent('AppAttributesSet', { data: storedAttributes });
export const AppScopeSet = defineEvent('AppScopeSet', { data: storedScope });
export const AppAssigned = defineEvent('AppAssigned', { data: storedAssignment });
export const AppUnassigned = defineEvent('AppUnassigned', { data: storedAssignment.omit({ role: true }) });
/** `applyToRunning`: timers that run are moved as well (R48). */
export const AppDeprovisioningSet = defineEvent('AppDeprovisioningSet', {
  data: storedDeprovisioning.extend({ applyToRunning: z.boolean() }),
});
export const AppApprovalsSet = defineEvent('AppApprovalsSet', { data: z.object({ actions: approvalActions }) });
export const AppThresholdSet = defineEvent('AppThresholdSet', { data: storedThreshold });
/** What was parked above the threshold may run (R87). */
export const AppThresholdReleased = defineEvent('AppThresholdReleased', { data: z.object({}) });
export const AppRulesSet = defineEvent('AppRulesSet', { data: z.object({ rules: z.array(storedRule) }) });
/** From now on the rules as they are decide about existing accounts too (R60). */
export const AppRulesReapplied = defineEvent('AppRulesReapplied', { data: z.object({}) });
export const AppEntitlementsSet = defineEvent('AppEntitlementsSet', {
  data: z.object({ domain: z.string().optional(), configuredBy: z.enum(['admin', 'user']) }),
});
export const AppOwnershipSet = defineEvent('AppOwnershipSet', { data: storedOwnership });
export const AppConnectionSet = defineEvent('AppConnectionSet', { data: z.object({ connection: storedConnection }) });
export const AppReconciliationSet = defineEvent('AppReconciliationSet', { data: storedReconciliation });
export const AppPushesSet = defineEvent('AppPushesSet', { data: storedPushes });
/** The app was looked at as a whole (R88). `complete`: its list came to an end; `suspicious`: too much differs to be repaired. */
export const AppReconciled = defineEvent('AppReconciled', {
  data: z.object({ runId: z.string(), counts: driftCounts, complete: z.boolean(), suspicious: z.boolean() }),
});
export const AppTurnedOn = defineEvent('AppTurnedOn', { data: z.object({}) });
export const AppTurnedOff = defineEvent('AppTurnedOff', { data: z.object({}) });
/** An admin asked for everyone to be looked at again (R63). */
export const AppCycleStarted = defineEvent('AppCycleStarted', { data: z.object({}) });
/** The app took the credentials no more: work waits (R52). */
export const AppReauthorizationNeeded = defineEvent('AppReauthorizationNeeded', { data: z.object({}) });
/** New credentials passed the test and took the place of the old ones. */
export const AppReauthorized = defineEvent('AppReauthorized', { data: credentials });
/** Left alone for so long that it is only tested now and then; its work is kept. `code` says why (R96). */
export const AppQuarantined = defineEvent('AppQuarantined', { data: z.object({ code: z.string() }) });
/** It passed a test, or an admin said so: its work goes on. */
export const AppResumed = defineEvent('AppResumed', { data: z.object({}) });
/** Back to what the preset gives; `wipes`: the secret of the credentials (R51). */
export const AppConfigurationDeleted = defineEvent('AppConfigurationDeleted', {
  data: z.object({ wipes: z.string().nullable(), defaults: appDefaults }),
});
/** The app is gone from Tenure; accounts that are in it stay as they are. */
export const AppDeleted = defineEvent('AppDeleted', { data: z.object({ wipes: z.string().nullable() }) });

export const appEvents = [
  AppCreated,
  AppRenamed,
  AppSsoSet,
  AppCredentialsSet,
  AppTested,
  AppEndpointSet,
  AppAttributesSet,
  AppScopeSet,
  AppAssigned,
  AppUnassigned,
  AppDeprovisioningSet,
  AppApprovalsSet,
  AppThresholdSet,
  AppThresholdReleased,
  AppRulesSet,
  AppRulesReapplied,
  AppEntitlementsSet,
  AppOwnershipSet,
  AppConnectionSet,
  AppReconciliationSet,
  AppPushesSet,
  AppReconciled,
  AppTurnedOn,
  AppTurnedOff,
  AppCycleStarted,
  AppReauthorizationNeeded,
  AppReauthorized,
  AppQuarantined,
  AppResumed,
  AppConfigurationDeleted,
  AppDeleted,
] as const;
export type AppEvent = EventOf<typeof appEvents>;
