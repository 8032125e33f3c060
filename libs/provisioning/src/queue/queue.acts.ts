import type { Database } from '@tenure/database';
import { Rejected, type Clock } from '@tenure/eventing';
import type { AccountActions } from '../account/account.commands.ts';
import { accountIdOf } from '../account/account.aggregate.ts';
import type { AppCommands } from '../app/app.commands.ts';
import type { AppHealth } from '../app/app-health.ts';
import { ENGINE } from '../evaluation/evaluate-person.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import type { PushActions } from '../push/push-actions.ts';
import type { PushQueries } from '../push/push.queries.ts';
import type { Reconciliations } from '../reconciliation/reconciliations.ts';
import { holdRunningApp } from '../app/find-apps.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import type { QueueActs } from './queue.kinds.ts';

export type QueueActNeeds = {
  database: Database;
  clock: Clock;
  actions: AccountActions;
  reconciliations: Pick<Reconciliations, 'settle' | 'adopt'>;
  pushes: { queries: Pick<PushQueries, 'get'>; actions: PushActions };
  commands: Pick<AppCommands, 'releaseThreshold'>;
  health: Pick<AppHealth, 'resume'>;
};

type Account = { id: string; appId: string; userId: string };

/** The acts of the queue are those of the endpoints of accounts and apps, each at the version that was seen. */
export const queueActs = ({
  database,
  clock,
  actions,
  reconciliations,
  pushes,
  commands,
  health,
}: QueueActNeeds): QueueActs => {
  const accountOf = async (tenantId: string, id: string): Promise<Account> => {
    const [account] = await database.query<Account>({
      name: 'provisioning.queued_account',
      text: `select id, app_id as "appId", user_id as "userId" from ${PROVISIONING_VIEW}.accounts where tenant_id = $1 and id = $2`,
      values: [tenantId, id],
    });
    if (!account) throw new Rejected('not-found', 'account/unknown', 'There is no such account.');
    return account;
  };

  const appOfPush = async (tenantId: string, pushId: string): Promise<string> => {
    const [push] = await database.query<{ appId: string }>({
      text: `select app_id as "appId" from ${PROVISIONING_VIEW}.pushes where tenant_id = $1 and id = $2`,
      values: [tenantId, pushId],
    });
    if (!push) throw new Rejected('not-found', 'push/not-found', 'This group is not pushed to the app.');
    return push.appId;
  };

  return {
    decide: async (caller, type, { accountId, ref }, { version, reason }) => {
      const account = await accountOf(caller.tenantId, accountId);
      await actions.carryOut(caller, account, { type, reason, approvalId: ref }, [version]);
    },
    again: async (caller, type, { accountId }, { version, reason }) => {
      const account = await accountOf(caller.tenantId, accountId);
      await actions.carryOut(caller, account, { type, reason }, [version]);
    },
    adopt: async (caller, { accountId }, { version, reason, choice: { remoteId } }) => {
      const { id, appId } = await accountOf(caller.tenantId, accountId);
      const chosen = { ...(remoteId !== undefined && { remoteId }), ...(reason !== null && { reason }) };
      await actions.adopt(caller, appId, id, chosen, [version]);
    },
    adoptFound: async (caller, { appId, remoteKey }, { version, choice }) => {
      const [found] = await database.query<{ remoteId: string; userId: string | null; ambiguous: boolean }>({
        text: `select f.remote_id as "remoteId", f.proposals->0->>'userId' as "userId", f.ambiguous from ${PROVISIONING}.foreign_accounts f
               join ${PROVISIONING}.reconciliations r on r.id = f.run_id and r.phase = 'done'
               where f.tenant_id = $1 and f.app_id = $2 and md5(f.remote_id) = $3`,
        values: [caller.tenantId, appId, remoteKey],
      });
      if (!found) throw new Rejected('not-found', 'queue/not-found', 'Nothing of this waits any more.');
      const userId = choice.userId ?? (found.ambiguous ? null : found.userId);
      if (userId === null)
        throw new Rejected(
          'conflict',
          'queue/choice-required',
          'Several people may have this account. Name one in choice.userId.',
        );
      // The version is that of the likeliest person's account; whoever chooses another one saw no version of it.
      const ifMatch = userId === found.userId ? [version] : undefined;
      await actions.adopt(caller, appId, accountIdOf(appId, userId), { remoteId: found.remoteId }, ifMatch);
      await database.query({
        text: `delete from ${PROVISIONING}.foreign_accounts where tenant_id = $1 and app_id = $2 and remote_id = $3`,
        values: [caller.tenantId, appId, found.remoteId],
      });
    },
    settleDrift: async (caller, how, { accountId }, { version }) => {
      const { id, appId } = await accountOf(caller.tenantId, accountId);
      await reconciliations.settle(caller, appId, id, how, [version]);
    },
    linkPush: async (caller, { pushId }, { version, choice: { remoteId } }) => {
      const appId = await appOfPush(caller.tenantId, pushId);
      const { candidates = [] } = await pushes.queries.get(caller.tenantId, appId, pushId);
      const chosen = remoteId ?? (candidates.length === 1 ? candidates[0] : undefined);
      if (chosen === undefined)
        throw new Rejected(
          'conflict',
          'queue/choice-required',
          `Name the group of the app in choice.remoteId. Of this name are: ${candidates.join(', ')}.`,
        );
      await pushes.actions.link(caller, appId, pushId, chosen, [version]);
    },
    retryPush: async (caller, { pushId }, { version }) =>
      void (await pushes.actions.retry(caller, await appOfPush(caller.tenantId, pushId), pushId, [version])),
    /** One timer that the threshold holds; the others go on waiting. */
    releaseTimer: async (caller, { accountId, ref }, { version }) => {
      const account = await accountOf(caller.tenantId, accountId);
      const now = await clock.now();
      await database.transaction(async (sql) => {
        const held = await holdRunningApp(sql, caller.tenantId, account.appId);
        if (!held) throw new Rejected('conflict', 'app/not-on', 'The app is not on, so its timers are paused.');
        const { app, revision } = held;
        const basis = { engine: ENGINE, app: revision };
        await actions.carryOut(
          caller,
          account,
          { type: 'FireTimer', timerId: ref, now, aboveThreshold: false, approvals: app.approvals, basis },
          [version],
        );
      });
    },
    releaseThreshold: (caller, { appId }, { version }) => commands.releaseThreshold(caller, appId, true, [version]),
    resume: async (caller, { appId }, { version }) => void (await health.resume(caller, appId, [version])),
  };
};
