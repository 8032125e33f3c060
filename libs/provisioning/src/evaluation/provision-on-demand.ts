import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Sql } from '@tenure/database';
import { Rejected, type Caller, type Clock } from '@tenure/eventing';
import { z } from 'zod';
import { nextDelivery, statusOf } from '../account/account.state.ts';
import { planFailureOf } from '../account/plan-failure.ts';
import type { ConnectorKinds } from '../connector/index.ts';
import { refuseGated } from '../app/app.queries.ts';
import { isKnown } from '../app/known.ts';
import { mark, PROVISIONING } from '../people/to-evaluate.ts';
import { findAccount } from '../view/find-account.ts';
import { findApp } from '../view/find-apps.ts';
import { evaluatePerson } from './evaluate-person.ts';
import { readSeen, viewsOf } from './read-views.ts';

export const onDemandReply = z.object({
  steps: z.array(
    z.object({ name: z.string(), outcome: z.enum(['done', 'skipped', 'failed', 'waiting']), detail: z.string() }),
  ),
});
export type OnDemandReply = z.output<typeof onDemandReply>;
type Step = OnDemandReply['steps'][number];

export type OnDemandNeeds = { database: Database; clock: Clock; kinds: ConnectorKinds; wake: () => void };

const WAIT_MS = 20_000;
const LOOK_EVERY_MS = 50;

const unknownApp = () => new Rejected('not-found', 'app/not-found', 'There is no such app.');

/** Provisions one user now, and tells each step (R63). Attributes are named, not shown: the account has their values. */
export const provisionOnDemand =
  ({ database, clock, kinds, wake }: OnDemandNeeds) =>
  async ({ tenantId, correlationId, traceparent }: Caller, appId: string, userId: string): Promise<OnDemandReply> => {
    if (!(await findApp(database, tenantId, appId))) throw unknownApp();
    await refuseGated(database, tenantId, 'provisioning');
    const look = () => database.transaction((at) => readSeen(at, tenantId, userId, appId), { snapshot: true });
    const seen = (await look()) ?? ((await isKnown(database, tenantId, 'users', userId)) ? await look() : undefined);
    if (!seen) throw new Rejected('not-found', 'user/unknown', 'There is no such user.');
    const [found] = seen.apps;
    if (!found) throw unknownApp();
    const { person } = seen;
    const now = await clock.now();
    const account = await findAccount(database, tenantId, appId, userId);
    const evaluated = evaluatePerson(viewsOf(seen, found, kinds, now), account);

    const steps: Step[] = [
      {
        name: 'user',
        outcome: person.active && person.deletedAt === null ? 'done' : 'skipped',
        detail: person.deletedAt !== null ? 'deleted' : person.active ? 'active' : 'deactivated',
      },
      { name: 'scope', outcome: evaluated.scope.in ? 'done' : 'skipped', detail: evaluated.scope.because },
      { name: 'rules', outcome: 'done', detail: (evaluated.reasons.ruleIds ?? []).join(', ') || 'none applied' },
      {
        name: 'attributes',
        outcome: evaluated.plan ? 'done' : evaluated.problem ? 'failed' : 'skipped',
        detail: evaluated.problem
          ? planFailureOf(evaluated.problem).message
          : Object.keys(evaluated.plan?.attributes ?? {}).join(', '),
      },
      {
        name: 'matching',
        outcome: evaluated.plan ? 'done' : 'skipped',
        detail: (evaluated.plan?.matching ?? []).map(({ target }) => target).join(', '),
      },
    ];
    if (found.app.state !== 'on')
      return { steps: [...steps, { name: 'delivery', outcome: 'waiting', detail: `the app is ${found.app.state}` }] };

    const cause = {
      causationId: correlationId,
      correlationId,
      occurredAt: now,
      ...(traceparent !== undefined && { traceparent }),
    };
    await mark(database, [{ tenantId, userIds: [userId], appId, cause }]);
    wake();
    return { steps: [...steps, await delivered(database, tenantId, appId, userId)] };
  };

const isEvaluated = async (sql: Sql, tenantId: string, appId: string, userId: string): Promise<boolean> =>
  (
    await sql.query({
      text: `select 1 from ${PROVISIONING}.to_evaluate where tenant_id = $1 and user_id = $2 and app_id in ('', $3)`,
      values: [tenantId, userId, appId],
    })
  ).length === 0;

/** Waits for what follows, as long as somebody may be expected to. */
const delivered = async (sql: Sql, tenantId: string, appId: string, userId: string): Promise<Step> => {
  for (const until = Date.now() + WAIT_MS; ; await sleep(LOOK_EVERY_MS)) {
    const evaluated = await isEvaluated(sql, tenantId, appId, userId);
    const account = await findAccount(sql, tenantId, appId, userId);
    if (evaluated && account.kind === 'none')
      return { name: 'delivery', outcome: 'skipped', detail: 'no account is wanted' };
    if (evaluated && account.kind === 'present' && nextDelivery(account) === undefined) {
      const status = statusOf(account);
      return {
        name: 'delivery',
        outcome: status === 'failed' ? 'failed' : status === 'pending' ? 'waiting' : 'done',
        detail: (account.failure ?? account.planFailure)?.code ?? status,
      };
    }
    if (Date.now() > until)
      return {
        name: 'delivery',
        outcome: 'waiting',
        detail: account.kind === 'none' ? 'not evaluated yet' : (account.delivery?.failure?.code ?? statusOf(account)),
      };
  }
};
