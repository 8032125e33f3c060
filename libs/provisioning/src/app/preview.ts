import type { Sql } from '@tenure/database';
import type { Clock, Instant } from '@tenure/eventing';
import { z } from 'zod';
import { accountDecider } from '../account/account.decider.ts';
import { isRunning, nextDelivery, type AccountState } from '../account/account.state.ts';
import { movedTimers, type DeprovisioningConfig } from '../duration/index.ts';
import { evaluatePerson, type Views } from '../evaluation/evaluate-person.ts';
import { readTargetOf, type ConnectorKinds } from '../connector/index.ts';
import { canonicalAttributes, changedAttributes, type AttributesConfig } from '../mapping/index.ts';
import { findPerson, findTenant, groupsOf } from '../people/find-person.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import type { ruleSchema } from '../rules/index.ts';
import type { ScopeConfig } from '../scope/index.ts';
import { findAccount } from '../view/find-account.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import type { AppConfig, ApprovalAction } from './app-config.ts';
import type { AppQueries } from './app.queries.ts';
import { canonicalRules, refuseAttributes, refuseDeprovisioning, refuseRules } from './app.rules.ts';
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
  timers: z.array(z.object({ id: z.string(), from: z.string(), to: z.string().nullable() })),
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
};

export type Previews = ReturnType<typeof previews>;

/** Runs the evaluation of everybody over a changed configuration and writes nothing. */
export const previews = (sql: Sql, queries: Pick<AppQueries, 'find'>, clock: Clock, kinds: ConnectorKinds) => {
  const peopleAfter = (tenantId: string, after: string) =>
    sql.query<{ id: string }>({
      text: `select id from ${PROVISIONING}.people where tenant_id = $1 and not erased and id > $2 order by id limit $3`,
      values: [tenantId, after, PAGE],
    });

  const preview = async (tenantId: string, appId: string, { edited, fromScratch = false }: Edit): Promise<Preview> => {
    const { config: today } = await queries.find(tenantId, appId);
    const then = edited(today);
    const readTarget = readTargetOf(kinds, today);
    const [tenant, now] = [await findTenant(sql, tenantId), await clock.now()];
    const counts: Preview['counts'] = { create: 0, update: 0, suspend: 0, unsuspend: 0, delete: 0, unchanged: 0 };
    const accounts: Preview['accounts'] = [];
    const failed: NonNullable<Preview['failed']> = { count: 0, accounts: [] };
    for (
      let people = await peopleAfter(tenantId, '');
      people.length > 0;
      people = await peopleAfter(tenantId, people.at(-1)!.id)
    ) {
      for (const { id: userId } of people) {
        const person = await findPerson(sql, tenantId, userId);
        if (!person) continue;
        const views = { person, groups: await groupsOf(sql, tenantId, userId), tenant, readTarget };
        const account = await findAccount(sql, tenantId, appId, userId);
        const before = fromScratch || today.state === 'draft' ? account : evaluated(account, today, views, now);
        const after = evaluated(before, then, views, now);
        if (after.kind === 'present' && after.planFailure) {
          failed.count += 1;
          if (failed.accounts.length < MOST_SHOWN) failed.accounts.push({ userId, ...after.planFailure });
        }
        const { change, attributes } = changeBetween(before, after);
        counts[change] += 1;
        if (change !== 'unchanged' && accounts.length < MOST_SHOWN)
          accounts.push({ userId, change, ...(attributes.length > 0 && { attributes }) });
      }
    }
    return { counts, accounts, timers: [], ...(failed.count > 0 && { failed }) };
  };

  /** The timers that run and that changed time frames would move or end (R48). */
  const moved = async (
    tenantId: string,
    appId: string,
    deprovisioning: DeprovisioningConfig,
  ): Promise<Preview['timers']> => {
    const running = await sql.query<Parameters<typeof movedTimers>[0][number] & { id: string }>({
      text: `select id, trigger, action, triggered_at as "triggeredAt", due_at as "dueAt" from ${PROVISIONING_VIEW}.timers
             where tenant_id = $1 and app_id = $2 and state in ('armed', 'parked') order by due_at, id`,
      values: [tenantId, appId],
    });
    return movedTimers(running, deprovisioning).map(({ timer, from, to }) => ({
      id: (timer as { id: string }).id,
      from,
      to,
    }));
  };

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
    scope: (tenantId: string, appId: string, scope: ScopeConfig) =>
      preview(tenantId, appId, { edited: (app) => ({ ...app, scope }) }),
    deprovisioning: async (
      tenantId: string,
      appId: string,
      { applyToRunning, ...deprovisioning }: DeprovisioningConfig & { applyToRunning: boolean },
    ) => {
      const edited = (app: AppConfig) => {
        refuseDeprovisioning(deprovisioning, app.preset);
        return { ...app, deprovisioning };
      };
      const found = await preview(tenantId, appId, { edited });
      return applyToRunning ? { ...found, timers: await moved(tenantId, appId, deprovisioning) } : found;
    },
    approvals: (tenantId: string, appId: string, { actions }: { actions: ApprovalAction[] }) =>
      preview(tenantId, appId, { edited: (app) => ({ ...app, approvals: actions }) }),
    /** Edited rules decide about new accounts only (R60). */
    rules: (tenantId: string, appId: string, given: readonly z.output<typeof ruleSchema>[]) => {
      const named = given.map((rule, index) => ({ ...rule, id: rule.id ?? `new ${index}` }));
      const edited = (app: AppConfig) => {
        const readTarget = readTargetOf(kinds, app);
        const rules = canonicalRules(named, readTarget);
        refuseRules(rules, app.preset, readTarget);
        return { ...app, ruleSets: withRules(app, rules) };
      };
      return preview(tenantId, appId, { edited });
    },
    reapplication: (tenantId: string, appId: string) =>
      preview(tenantId, appId, { edited: (app) => ({ ...app, ruleSets: reapplied(app) }) }),
    cycle: (tenantId: string, appId: string) => preview(tenantId, appId, { edited: (app) => app, fromScratch: true }),
  };
};

const evaluated = (
  account: AccountState,
  app: AppConfig,
  views: Pick<Views, 'person' | 'groups' | 'tenant' | 'readTarget'>,
  now: Instant,
): AccountState => {
  const { scope: _, ...evaluation } = evaluatePerson({ app, appSince: now, causedAt: now, ...views }, account);
  return accountDecider.decide({ type: 'Evaluate', ...evaluation }, account).reduce(accountDecider.evolve, account);
};

/** What would be done next that would not be done without the edit; a timer that would be armed counts as what it would do. */
const changeBetween = (
  before: AccountState,
  after: AccountState,
): { change: Change; attributes: NonNullable<Preview['accounts'][number]['attributes']> } => {
  const unchanged = { change: 'unchanged' as const, attributes: [] };
  if (after.kind === 'none') return unchanged;
  const known = before.kind === 'none' ? [] : before.timers.map(({ id }) => id);
  const armed = after.timers
    .filter((timer) => isRunning(timer) && !known.includes(timer.id))
    .map(({ action }) => action);
  if (armed.length > 0) return { change: armed.includes('suspend') ? 'suspend' : 'delete', attributes: [] };
  const wanted = (account: AccountState) =>
    account.kind === 'none' ? undefined : (nextDelivery(account) ?? account.approval?.action);
  const attributes = changedAttributes(before.kind === 'none' ? {} : before.plan.attributes, after.plan.attributes);
  const next = wanted(after);
  if (next === undefined || (next === wanted(before) && attributes.length === 0)) return unchanged;
  return { change: next, attributes: next === 'create' || next === 'update' ? attributes : [] };
};
