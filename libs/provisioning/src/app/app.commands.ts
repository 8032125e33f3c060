import { randomUUID } from 'node:crypto';
import { readTargetOf, type ConnectorKinds } from '../connector/index.ts';
import type { Database } from '@tenure/database';
import { Rejected, type Caller, type Clock, type Handled } from '@tenure/eventing';
import type { AppEvent } from '@tenure/contracts';
import type { z } from 'zod';
import type { DeprovisioningConfig } from '../duration/index.ts';
import { canonicalAttributes, type AttributesConfig } from '../mapping/index.ts';
import { causeOf } from '../people/to-evaluate.ts';
import type { PresetName } from '../presets/index.ts';
import type { Run } from '../reconciliation/runs.ts';
import type { ruleSchema } from '../rules/index.ts';
import type { ScopeConfig } from '../scope/index.ts';
import type {
  AppConfig,
  ApprovalAction,
  Assignment,
  Threshold,
  Ownership,
  Pushes,
  Reconciliation,
} from './app-config.ts';
import type { JobReply } from './app.bodies.ts';
import type { AppCommand } from './app.decider.ts';
import { featuresOf, refuseGated, type AppQueries } from './app.queries.ts';
import type { App } from './app.state.ts';
import {
  canonicalRules,
  refuseAttributes,
  refuseEntitlements,
  refuseRules,
  givesEntitlements,
  refuseRoleAssignment,
} from './app.rules.ts';
import { vanishedFrom } from './app.standing.ts';
import { stepsOf } from './app.steps.ts';
import { startCycle } from '../cycle/cycles.ts';
import { findJob, startJob, startRefreshJob, type JobKind } from './jobs.ts';
import { isKnown, refuseRole, refuseUnknownInRules, refuseUnknownPushes, refuseUnknownScope } from './known.ts';
import { newestRules } from './rule-sets.ts';
import type { IfMatch, WriteApp } from './write-app.ts';

export type AppCommandDeps = {
  write: WriteApp;
  queries: AppQueries;
  database: Database;
  clock: Clock;
  kinds: ConnectorKinds;
  wakeRefresh: () => void;
  wakeCycles: () => void;
};

export type AppCommands = ReturnType<typeof appCommands>;

const refuseUnconfirmed = (confirm: boolean) => {
  if (!confirm)
    throw new Rejected('invalid', 'confirm/required', 'This must be confirmed.', [
      { field: 'confirm', message: 'must be true' },
    ]);
};

/** What admins do to the configuration of an app, apart from how it is reached. */
export const appCommands = ({ write, queries, database, clock, kinds, wakeRefresh, wakeCycles }: AppCommandDeps) => {
  const set =
    <Value>(toCommand: (value: Value) => AppCommand) =>
    async (caller: Caller, appId: string, value: Value, ifMatch?: IfMatch): Promise<void> =>
      void (await write(caller, appId, toCommand(value), ifMatch));

  const job = ({ tenantId }: Caller, appId: string, kind: JobKind, { stored }: Handled<App, AppEvent>) =>
    startJob(database, { tenantId, appId, kind, cause: causeOf(stored.at(-1)!) });

  const cycle = async ({ tenantId }: Caller, appId: string, { stored }: Handled<App, AppEvent>, look: boolean) => {
    const id = await startCycle(database, { tenantId, appId, cause: causeOf(stored.at(-1)!), look });
    wakeCycles();
    return findJob(database, tenantId, id);
  };

  const refuseUnknown = async (tenantId: string, kind: 'users' | 'groups', id: string) => {
    if (await isKnown(database, tenantId, kind, id)) return;
    throw kind === 'users'
      ? new Rejected('not-found', 'user/unknown', 'There is no such user.')
      : new Rejected('not-found', 'group/unknown', 'There is no such group.');
  };

  return {
    create: async (caller: Caller, { name, preset }: { name: string; preset: PresetName }): Promise<string> => {
      const id = randomUUID();
      await write(caller, id, { type: 'Create', name, preset });
      return id;
    },
    rename: set(({ name }: { name: string }) => ({ type: 'Rename', name })),
    setSso: set(({ configured }: { configured: boolean }) => ({ type: 'SetSso', configured })),
    setAttributes: async (caller: Caller, appId: string, given: AttributesConfig, ifMatch?: IfMatch): Promise<void> => {
      const { config } = await queries.find(caller.tenantId, appId);
      const readTarget = readTargetOf(kinds, config);
      const attributes = canonicalAttributes(given, readTarget);
      refuseAttributes(attributes, config.preset, readTarget);
      await write(caller, appId, { type: 'SetAttributes', attributes }, ifMatch);
    },

    setScope: async (caller: Caller, appId: string, scope: ScopeConfig, ifMatch?: IfMatch): Promise<void> => {
      await refuseUnknownScope(database, caller.tenantId, scope.groups);
      await write(caller, appId, { type: 'SetScope', scope }, ifMatch);
    },
    assign: async (caller: Caller, appId: string, assignment: Assignment): Promise<void> => {
      const { config } = await queries.find(caller.tenantId, appId);
      refuseRoleAssignment(assignment, config.preset);
      if (assignment.kind !== 'roles') await refuseUnknown(caller.tenantId, assignment.kind, assignment.id);
      const role = assignment.role ?? (assignment.kind === 'roles' ? assignment.id : undefined);
      if (role !== undefined) await refuseRole(database, caller.tenantId, assignment.kind, role);
      await write(caller, appId, { type: 'Assign', assignment });
    },
    unassign: set((assignment: Pick<Assignment, 'kind' | 'id'>) => ({ type: 'Unassign', assignment })),

    setDeprovisioning: set(
      ({ applyToRunning, ...deprovisioning }: DeprovisioningConfig & { applyToRunning: boolean }) => ({
        type: 'SetDeprovisioning',
        deprovisioning,
        applyToRunning,
      }),
    ),
    setApprovals: set(({ actions }: { actions: ApprovalAction[] }) => ({ type: 'SetApprovals', actions })),
    setThreshold: set((threshold: Threshold) => ({ type: 'SetThreshold', threshold })),
    releaseThreshold: async (caller: Caller, appId: string, confirm: boolean, ifMatch?: IfMatch): Promise<void> => {
      refuseUnconfirmed(confirm);
      await write(caller, appId, { type: 'ReleaseThreshold' }, ifMatch);
    },

    /** A rule that is new gets an id. */
    setRules: async (
      caller: Caller,
      appId: string,
      given: z.output<typeof ruleSchema>[],
      ifMatch?: IfMatch,
    ): Promise<void> => {
      const { config } = await queries.find(caller.tenantId, appId);
      const readTarget = readTargetOf(kinds, config);
      const rules = canonicalRules(
        given.map((rule) => ({ ...rule, id: rule.id ?? randomUUID() })),
        readTarget,
      );
      refuseRules(rules, config.preset, readTarget);
      if (rules.some(givesEntitlements)) await refuseGated(database, caller.tenantId, 'entitlements');
      await refuseUnknownInRules(database, caller.tenantId, rules);
      await write(caller, appId, { type: 'SetRules', rules }, ifMatch);
    },
    reapplyRules: async (caller: Caller, appId: string) => {
      const { config } = await queries.find(caller.tenantId, appId);
      if (newestRules(config).rules.some(givesEntitlements))
        await refuseGated(database, caller.tenantId, 'entitlements');
      return job(caller, appId, 'reapplyRules', await write(caller, appId, { type: 'ReapplyRules' }));
    },

    setEntitlements: async (
      caller: Caller,
      appId: string,
      entitlements: AppConfig['entitlements'],
      ifMatch?: IfMatch,
    ): Promise<void> => {
      await refuseGated(database, caller.tenantId, 'entitlements');
      await write(caller, appId, { type: 'SetEntitlements', entitlements }, ifMatch);
    },

    setOwnership: set((ownership: Ownership) => ({ type: 'SetOwnership', ownership })),
    setReconciliation: async (
      caller: Caller,
      appId: string,
      { targets, ...rest }: Reconciliation,
      ifMatch?: IfMatch,
    ): Promise<void> => {
      const { config } = await queries.find(caller.tenantId, appId);
      const read = Object.entries(targets).map(
        ([name, policy]) => [readTargetOf(kinds, config)(name), name, policy] as const,
      );
      const errors = read.flatMap(([target, name]) =>
        typeof target === 'string' ? [{ field: `targets[${JSON.stringify(name)}]`, message: target }] : [],
      );
      if (errors.length > 0)
        throw new Rejected('invalid', 'mapping/target', 'Some of the targets are not known.', errors);
      const known = read.flatMap(([target, , policy]) => (typeof target === 'string' ? [] : [[target.name, policy]]));
      const reconciliation = { ...rest, targets: Object.fromEntries(known) as Reconciliation['targets'] };
      await write(caller, appId, { type: 'SetReconciliation', reconciliation }, ifMatch);
    },

    /** R89. A group that was chosen before and no longer exists may stay in the list. */
    setPushes: async (caller: Caller, appId: string, pushes: Pushes, ifMatch?: IfMatch): Promise<void> => {
      const { config } = await queries.find(caller.tenantId, appId);
      const known = new Set(config.pushes.groups.map(({ id }) => id));
      await refuseUnknownPushes(database, caller.tenantId, pushes.groups, known);
      await write(caller, appId, { type: 'SetPushes', pushes }, ifMatch);
    },

    /** R58. */
    refreshEntitlements: async ({ tenantId }: Caller, appId: string): Promise<JobReply> => {
      const { config } = await queries.find(tenantId, appId);
      await refuseGated(database, tenantId, 'entitlements');
      refuseEntitlements(config.preset);
      const { credentials, endpoint } = stepsOf(config);
      const errors = [...credentials.problems, ...endpoint.problems];
      if (errors.length > 0) throw new Rejected('conflict', 'app/incomplete', "The app can't be reached yet.", errors);
      const job = await startRefreshJob(database, { tenantId, appId });
      wakeRefresh();
      return job;
    },

    /** Starts the initial cycle, and tells what is overdue (design, decision 16). */
    turnOn: async (caller: Caller, appId: string, confirm: boolean) => {
      refuseUnconfirmed(confirm);
      const { tenantId } = caller;
      const { provisioning: gateOpen } = await featuresOf(database, tenantId);
      const overdueTimers = await queries.overdueTimers(tenantId, appId, await clock.now());
      const { config } = await queries.find(tenantId, appId);
      const vanished = await vanishedFrom(database, tenantId, [config]);
      const handled = await write(caller, appId, { type: 'TurnOn', gateOpen, vanished });
      const app = await queries.get(tenantId, appId);
      if (handled.events.length === 0) return { ...app, overdueTimers };
      return { ...app, overdueTimers, job: { id: (await cycle(caller, appId, handled, false)).id } };
    },
    turnOff: async (caller: Caller, appId: string, confirm: boolean): Promise<void> => {
      refuseUnconfirmed(confirm);
      await write(caller, appId, { type: 'TurnOff' });
    },
    /** The app is read first, then everybody is evaluated (R63). */
    startCycle: async (caller: Caller, appId: string) => {
      await refuseGated(database, caller.tenantId, 'provisioning');
      return cycle(caller, appId, await write(caller, appId, { type: 'StartCycle' }), true);
    },
    /** What is in the app stays as it is there. */
    delete: async (caller: Caller, appId: string, confirm: boolean, ifMatch?: IfMatch): Promise<void> => {
      refuseUnconfirmed(confirm);
      await write(caller, appId, { type: 'Delete' }, ifMatch);
    },
    deleteConfiguration: async (caller: Caller, appId: string, confirm: boolean): Promise<void> => {
      refuseUnconfirmed(confirm);
      await write(caller, appId, { type: 'DeleteConfiguration' });
    },
  };
};

/** For the worker that was answered 401 with the credentials that the app then had (R52). */
export const needReauthorization = async (write: WriteApp, { id, tenantId, credentials }: AppConfig): Promise<void> => {
  if (!credentials) return;
  const caller: Caller = { tenantId, actor: { kind: 'system', id: 'provisioning' }, correlationId: randomUUID() };
  await write(caller, id, { type: 'NeedReauthorization', secretId: credentials.secretId });
};

/** For the run that looked at the app (R88); said twice, it counts once. */
export const noteReconciled = async (
  write: WriteApp,
  { id, tenantId }: AppConfig,
  { id: runId, counts, complete, suspicious }: Pick<Run, 'id' | 'counts' | 'complete' | 'suspicious'>,
): Promise<void> => {
  const caller: Caller = { tenantId, actor: { kind: 'system', id: 'provisioning' }, correlationId: runId };
  await write(caller, id, { type: 'NoteReconciled', runId, counts, complete, suspicious }, undefined, runId);
};
