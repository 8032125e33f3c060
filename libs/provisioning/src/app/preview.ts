import type { Database } from '@tenure/database';
import type { Clock } from '@tenure/eventing';
import { z } from 'zod';
import type { AccountCommand } from '../account/account.commands.ts';
import { accountDecider } from '../account/account.decider.ts';
import { isRunning, isSame, nextDelivery, type AccountState } from '../account/account.state.ts';
import type { DeprovisioningConfig } from '../duration/index.ts';
import { evaluatePerson, type Views } from '../evaluation/evaluate-person.ts';
import { readSeen, viewsOf } from '../evaluation/read-views.ts';
import { readTargetOf, type ConnectorKinds } from '../connector/index.ts';
import { canonicalAttributes, changedAttributes, type AttributesConfig } from '../mapping/index.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { idsReferredTo } from '../references/find-references.ts';
import type { ruleSchema } from '../rules/index.ts';
import type { ScopeConfig } from '../scope/index.ts';
import { findAccount } from '../view/find-account.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import type { AppConfig, ApprovalAction } from './app-config.ts';
import { refuseGated, type AppQueries } from './app.queries.ts';
import { canonicalRules, givesEntitlements, refuseAttributes, refuseDeprovisioning, refuseRules } from './app.rules.ts';
import { onlyFrames, withFrames } from './frames.ts';
import { refuseUnknownInRules, refuseUnknownScope } from './known.ts';
import { reapplied, withRules } from './rule-sets.ts';

const changes = ['create', 'update', 'suspend', 'unsuspend', 'delete', 'unchanged'] as const;
type Change = (typeof changes)[number];

const count = z.int();
const attributeChange = z.object({ target: z.string(), from: z.json().optional(), to: z.json().optional() });

/** What an edit would do, before it is made (R48, R49, R60). `accounts` are those that change; at most so many are shown, all are counted. */
export const previewReply = z.object({
  counts: z.object({ create: count, update: count, suspend: count, unsuspend: count, delete: count, unchanged: count }),
  accounts: z.array(
    z.object({ userId: z.string(), change: z.enum(changes), attributes: z.array(attributeChange).optional() }),
  ),
  /** All timers that the edit would arm (`from` is null), move, or end (`to` is null). */
  timers: z.array(z.object({ id: z.string(), from: z.string().nullable(), to: z.string().nullable() })),
  /** People whose account couldn't be worked out, where there are any (R96). */
  failed: z
    .object({ count, accounts: z.array(z.object({ userId: z.string(), code: z.string(), message: z.string() })) })
    .optional(),
});
export type Preview = z.output<typeof previewReply>;

const MOST_SHOWN = 1000;
const PAGE = 500;

type Edit = {
  /** Throws what the edit itself would be refused with. */
  edited: (app: AppConfig) => AppConfig;
  /** Compared with the accounts as they are, rather than as an evaluation of today's configuration would leave them. */
  fromScratch?: boolean;
  /** Timers that run are moved as well (R48). */
  applyToRunning?: boolean;
};

export type Previews = ReturnType<typeof previews>;

/** Runs the evaluation of everybody over a changed configuration and writes nothing. */
export const previews = (
  database: Database,
  queries: Pick<AppQueries, 'find'>,
  clock: Clock,
  kinds: ConnectorKinds,
) => {
  const peopleAfter = (tenantId: string, after: string) =>
    database.query<{ id: string }>({
      text: `select id from ${PROVISIONING}.people where tenant_id = $1 and not erased and id > $2 order by id limit $3`,
      values: [tenantId, after, PAGE],
    });

  const preview = async (
    tenantId: string,
    appId: string,
    { edited, fromScratch = false, applyToRunning = false }: Edit,
  ): Promise<Preview> => {
    const { config: today, version: revision } = await queries.find(tenantId, appId);
    const [then, now] = [edited(today), await clock.now()];
    const counts: Preview['counts'] = { create: 0, update: 0, suspend: 0, unsuspend: 0, delete: 0, unchanged: 0 };
    const accounts: Preview['accounts'] = [];
    const timers: Preview['timers'] = [];
    const failed: NonNullable<Preview['failed']> = { count: 0, accounts: [] };
    const note = (userId: string, before: AccountState, after: AccountState) => {
      if (after.kind === 'present' && after.planFailure) {
        failed.count += 1;
        if (failed.accounts.length < MOST_SHOWN) failed.accounts.push({ userId, ...after.planFailure });
      }
      const { change, attributes, timers: touched } = changeBetween(before, after);
      counts[change] += 1;
      timers.push(...touched);
      if (change !== 'unchanged' && accounts.length < MOST_SHOWN)
        accounts.push({ userId, change, ...(attributes.length > 0 && { attributes }) });
    };
    for (
      let people = await peopleAfter(tenantId, '');
      people.length > 0;
      people = await peopleAfter(tenantId, people.at(-1)!.id)
    ) {
      for (const { id: userId } of people) {
        const seen = await readSeen(database, tenantId, userId, appId);
        if (!seen) continue;
        const withApp = (app: AppConfig) => viewsOf(seen, { app, revision }, kinds, now);
        const account = await findAccount(database, tenantId, appId, userId);
        const before = fromScratch || today.state === 'draft' ? account : await evaluated(account, withApp(today));
        const moved = applyToRunning ? rescheduled(before, then) : before;
        note(userId, before, await evaluated(moved, withApp(then)));
      }
    }
    // Nobody evaluates an erased person, but timers of their accounts go on.
    if (applyToRunning)
      for (const { userId, state } of await erasedWithTimers(tenantId, appId))
        note(userId, state, rescheduled(state, then));
    return { counts, accounts, timers, ...(failed.count > 0 && { failed }) };
  };

  const evaluated = async (account: AccountState, views: Views): Promise<AccountState> => {
    const { scope: _, ...evaluation } = evaluatePerson(views, account);
    const referredIds = await idsReferredTo(database, views.person.tenantId, views.app.id, evaluation.plan);
    return decided(account, { type: 'Evaluate', ...evaluation, referredIds });
  };

  const erasedWithTimers = (tenantId: string, appId: string) =>
    database.query<{ userId: string; state: AccountState }>({
      text: `select a.user_id as "userId", a.record->'state' as state from ${PROVISIONING_VIEW}.accounts a
             join ${PROVISIONING}.people p on p.tenant_id = a.tenant_id and p.id = a.user_id and p.erased
             where a.tenant_id = $1 and a.app_id = $2 and exists (
               select 1 from ${PROVISIONING_VIEW}.timers t where t.tenant_id = a.tenant_id and t.account_id = a.id and t.state in ('armed', 'parked'))
             order by a.user_id`,
      values: [tenantId, appId],
    });

  return {
    attributes: (tenantId: string, appId: string, given: AttributesConfig) =>
      preview(tenantId, appId, {
        edited: (app) => {
          const readTarget = readTargetOf(kinds, app);
          const attributes = canonicalAttributes(given, readTarget);
          refuseAttributes(attributes, app.preset, readTarget);
          return { ...app, attributes };
        },
      }),
    scope: async (tenantId: string, appId: string, scope: ScopeConfig) => {
      await refuseUnknownScope(database, tenantId, scope.groups);
      const scopeSince = await clock.now();
      return preview(tenantId, appId, { edited: (app) => ({ ...app, scope, scopeSince }) });
    },
    deprovisioning: async (
      tenantId: string,
      appId: string,
      { applyToRunning, ...deprovisioning }: DeprovisioningConfig & { applyToRunning: boolean },
    ) => {
      const now = await clock.now();
      const edited = (app: AppConfig): AppConfig => {
        refuseDeprovisioning(deprovisioning, app.preset);
        if (!applyToRunning && isSame(deprovisioning, app.deprovisioning)) return app;
        const frames =
          applyToRunning || app.state === 'draft'
            ? onlyFrames(app.frames, deprovisioning)
            : withFrames(app.frames, deprovisioning, now);
        return { ...app, deprovisioning, frames };
      };
      return preview(tenantId, appId, { edited, applyToRunning });
    },
    approvals: (tenantId: string, appId: string, { actions }: { actions: ApprovalAction[] }) =>
      preview(tenantId, appId, { edited: (app) => ({ ...app, approvals: actions }) }),
    /** Edited rules decide about new accounts only (R60). */
    rules: async (tenantId: string, appId: string, given: readonly z.output<typeof ruleSchema>[]) => {
      const named = given.map((rule, index) => ({ ...rule, id: rule.id ?? `new ${index}` }));
      const edited = (app: AppConfig) => {
        const readTarget = readTargetOf(kinds, app);
        const rules = canonicalRules(named, readTarget);
        refuseRules(rules, app.preset, readTarget);
        return { ...app, ruleSets: withRules(app, rules) };
      };
      if (named.some(givesEntitlements)) await refuseGated(database, tenantId, 'entitlements');
      await refuseUnknownInRules(database, tenantId, named);
      return preview(tenantId, appId, { edited });
    },
    reapplication: async (tenantId: string, appId: string) => {
      const scopeSince = await clock.now();
      return preview(tenantId, appId, { edited: (app) => ({ ...app, ruleSets: reapplied(app), scopeSince }) });
    },
    cycle: (tenantId: string, appId: string) => preview(tenantId, appId, { edited: (app) => app, fromScratch: true }),
  };
};

const rescheduled = (account: AccountState, { deprovisioning }: AppConfig): AccountState =>
  account.kind === 'none' ? account : decided(account, { type: 'Reschedule', deprovisioning });

const decided = (account: AccountState, command: AccountCommand): AccountState =>
  accountDecider.decide(command, account).reduce(accountDecider.evolve, account);

type Changed = {
  change: Change;
  attributes: NonNullable<Preview['accounts'][number]['attributes']>;
  timers: Preview['timers'];
};

/** What would be done next that would not be done without the edit; a timer that would be armed or moved counts as what it does. */
const changeBetween = (before: AccountState, after: AccountState): Changed => {
  if (after.kind === 'none') return { change: 'unchanged', attributes: [], timers: [] };
  const running = (account: AccountState) => (account.kind === 'none' ? [] : account.timers.filter(isRunning));
  const [was, is] = [running(before), running(after)];
  const touched = [
    ...is
      .map((timer) => ({ ...timer, from: was.find(({ id }) => id === timer.id)?.dueAt ?? null, to: timer.dueAt }))
      .filter(({ from, to }) => from !== to),
    ...was
      .filter(({ id }) => is.every((timer) => timer.id !== id))
      .map((timer) => ({ ...timer, from: timer.dueAt, to: null })),
  ];
  const timers = touched.map(({ id, from, to }) => ({ id, from, to }));
  const actions = touched.filter(({ to }) => to !== null).map(({ action }) => action);
  if (actions.length > 0) return { change: actions.includes('suspend') ? 'suspend' : 'delete', attributes: [], timers };
  const wanted = (account: AccountState) =>
    account.kind === 'none' ? undefined : (nextDelivery(account) ?? account.approvals[0]?.action);
  const attributes = changedAttributes(before.kind === 'none' ? {} : before.plan.attributes, after.plan.attributes);
  const next = wanted(after);
  if (next === undefined || (next === wanted(before) && attributes.length === 0))
    return { change: 'unchanged', attributes: [], timers };
  return { change: next, attributes: next === 'create' || next === 'update' ? attributes : [], timers };
};
