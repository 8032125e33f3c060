import { setImmediate as nextTurn } from 'node:timers/promises';
import { cursorsOf } from '@tenure/contracts';
import type { Database } from '@tenure/database';
import { Rejected, type Clock } from '@tenure/eventing';
import { z } from 'zod';
import type { AccountCommand } from '../account/account-command.ts';
import { accountDecider } from '../account/account.decider.ts';
import { isRunning, isSame, nextDelivery, type AccountState } from '../account/account.state.ts';
import type { DeprovisioningConfig } from '../duration/index.ts';
import { evaluatePerson, type Views } from '../evaluation/evaluate-person.ts';
import { readSeenOf, viewsOf } from '../evaluation/read-views.ts';
import { readTargetOf, type ConnectorKinds } from '../connector/index.ts';
import { canonicalAttributes, changedAttributes, type AttributesConfig } from '../mapping/index.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { rememberedIds } from '../references/find-references.ts';
import type { ruleSchema } from '../rules/index.ts';
import type { ScopeConfig } from '../scope/index.ts';
import { findAccounts } from '../account/find-account.ts';
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

/** What an edit would do, before it is made (R48, R49, R60). All are counted; `accounts` are those that change, a page of them, with its timers. */
export const previewReply = z.object({
  counts: z.object({ create: count, update: count, suspend: count, unsuspend: count, delete: count, unchanged: count }),
  accounts: z.array(
    z.object({ userId: z.string(), change: z.enum(changes), attributes: z.array(attributeChange).optional() }),
  ),
  /** Timers that the edit would arm (`from` is null), move, or end (`to` is null), of everybody as far as the page goes. */
  timers: z.array(z.object({ id: z.string(), from: z.string().nullable(), to: z.string().nullable() })),
  /** People whose account couldn't be worked out, where there are any (R96). */
  failed: z
    .object({ count, accounts: z.array(z.object({ userId: z.string(), code: z.string(), message: z.string() })) })
    .optional(),
  nextCursor: z.string().optional(),
});
export type Preview = z.output<typeof previewReply>;

const PAGE = 500;
/** Evaluated without a pause, which others would wait for: a few milliseconds. */
const IN_A_TURN = 20;

/** What of a preview is shown: one person alone, or a page of everybody. */
export type PreviewPage = { user?: string | undefined; limit: number; cursor?: string | undefined };
/** The last person of a page. */
const cursors = cursorsOf(z.tuple([z.string()]));

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
    { user, limit, cursor }: PreviewPage,
    { edited, fromScratch = false, applyToRunning = false }: Edit,
  ): Promise<Preview> => {
    const [after] = cursor === undefined ? [''] : cursors.read(cursor);
    const { config: today, version: revision } = await queries.find(tenantId, appId);
    const [then, now] = [edited(today), await clock.now()];
    const counts: Preview['counts'] = { create: 0, update: 0, suspend: 0, unsuspend: 0, delete: 0, unchanged: 0 };
    const accounts: Preview['accounts'] = [];
    const timers: Preview['timers'] = [];
    const failed: NonNullable<Preview['failed']> = { count: 0, accounts: [] };
    const shown = { last: '', isFull: false };
    const note = (userId: string, before: AccountState, now: AccountState) => {
      const { change, attributes, timers: touched } = changeBetween(before, now);
      counts[change] += 1;
      if (change !== 'unchanged' && userId > after && accounts.length === limit) shown.isFull = true;
      const isShown = userId > after && !shown.isFull;
      if (now.kind === 'present' && now.planFailure) {
        failed.count += 1;
        if (isShown) failed.accounts.push({ userId, ...now.planFailure });
      }
      if (!isShown) return;
      shown.last = userId;
      timers.push(...touched);
      if (change !== 'unchanged') accounts.push({ userId, change, ...(attributes.length > 0 && { attributes }) });
    };
    const idsFor = rememberedIds(database, tenantId, appId);
    const evaluated = async (account: AccountState, views: Views): Promise<AccountState> => {
      const { scope: _, ...evaluation } = evaluatePerson(views, account);
      return decided(account, { type: 'Evaluate', ...evaluation, referredIds: await idsFor(evaluation.plan) });
    };
    const evaluateAll = async (userIds: readonly string[]) => {
      const seenOf = await readSeenOf(database, tenantId, userIds, appId);
      const accountOf = await findAccounts(database, tenantId, appId, userIds);
      for (const [index, userId] of userIds.entries()) {
        const seen = seenOf.get(userId);
        if (!seen) continue;
        if (index % IN_A_TURN === 0) await nextTurn();
        const withApp = (app: AppConfig) => viewsOf(seen, { app, revision }, kinds, now);
        const account = accountOf.get(userId) ?? { kind: 'none' };
        const before = fromScratch || today.state === 'draft' ? account : await evaluated(account, withApp(today));
        const moved = applyToRunning ? rescheduled(before, then) : before;
        note(userId, before, await evaluated(moved, withApp(then)));
      }
      return seenOf.size;
    };
    if (user !== undefined) {
      if ((await evaluateAll([user])) === 0) throw noSuchUser(user);
      return { counts, accounts, timers, ...(failed.count > 0 && { failed }) };
    }
    for (
      let people = await peopleAfter(tenantId, '');
      people.length > 0;
      people = await peopleAfter(tenantId, people.at(-1)!.id)
    )
      await evaluateAll(people.map(({ id }) => id));
    // Nobody evaluates an erased person, but timers of their accounts go on.
    if (applyToRunning)
      for (const { userId, state } of await erasedWithTimers(tenantId, appId))
        note(userId, state, rescheduled(state, then));
    return {
      counts,
      accounts,
      timers,
      ...(failed.count > 0 && { failed }),
      ...(shown.isFull && { nextCursor: cursors.write([shown.last]) }),
    };
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
    attributes: (tenantId: string, appId: string, given: AttributesConfig, page: PreviewPage) =>
      preview(tenantId, appId, page, {
        edited: (app) => {
          const readTarget = readTargetOf(kinds, app);
          const attributes = canonicalAttributes(given, readTarget);
          refuseAttributes(attributes, app.preset, readTarget);
          return { ...app, attributes };
        },
      }),
    scope: async (tenantId: string, appId: string, scope: ScopeConfig, page: PreviewPage) => {
      await refuseUnknownScope(database, tenantId, scope.groups);
      const scopeSince = await clock.now();
      return preview(tenantId, appId, page, { edited: (app) => ({ ...app, scope, scopeSince }) });
    },
    deprovisioning: async (
      tenantId: string,
      appId: string,
      { applyToRunning, ...deprovisioning }: DeprovisioningConfig & { applyToRunning: boolean },
      page: PreviewPage,
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
      return preview(tenantId, appId, page, { edited, applyToRunning });
    },
    approvals: (tenantId: string, appId: string, { actions }: { actions: ApprovalAction[] }, page: PreviewPage) =>
      preview(tenantId, appId, page, { edited: (app) => ({ ...app, approvals: actions }) }),
    /** Edited rules decide about new accounts only (R60). */
    rules: async (
      tenantId: string,
      appId: string,
      given: readonly z.output<typeof ruleSchema>[],
      page: PreviewPage,
    ) => {
      const named = given.map((rule, index) => ({ ...rule, id: rule.id ?? `new ${index}` }));
      const edited = (app: AppConfig) => {
        const readTarget = readTargetOf(kinds, app);
        const rules = canonicalRules(named, readTarget);
        refuseRules(rules, app.preset, readTarget);
        return { ...app, ruleSets: withRules(app, rules) };
      };
      if (named.some(givesEntitlements)) await refuseGated(database, tenantId, 'entitlements');
      await refuseUnknownInRules(database, tenantId, named);
      return preview(tenantId, appId, page, { edited });
    },
    reapplication: async (tenantId: string, appId: string, page: PreviewPage) => {
      const scopeSince = await clock.now();
      return preview(tenantId, appId, page, { edited: (app) => ({ ...app, ruleSets: reapplied(app), scopeSince }) });
    },
    cycle: (tenantId: string, appId: string, page: PreviewPage) =>
      preview(tenantId, appId, page, { edited: (app) => app, fromScratch: true }),
  };
};

const noSuchUser = (id: string) =>
  new Rejected('not-found', 'user/unknown', `There is no user ${id}, or it is not known here yet.`);

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
