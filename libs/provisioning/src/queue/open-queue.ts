import { startPoller, type Caller, Rejected } from '@tenure/eventing';
import type { JobReply } from '../app/app.bodies.ts';
import type { ActedReply, ActOnFilter, ActOnItems, QueueActionName } from './queue.bodies.ts';
import { queueActs, type QueueActNeeds } from './queue.acts.ts';
import { carryOut, subjectOf, type Given, type Subject } from './queue.kinds.ts';
import { queueJobWorker, startQueueJob } from './queue-jobs.ts';
import { queueQueries, type May, type QueueQueries } from './queue.queries.ts';

export type QueueNeeds = QueueActNeeds & { onFailure: (error: unknown) => void };

export type Queue = Pick<QueueQueries, 'list'> & {
  /** Each item by itself. What is refused says why, and what waits now. */
  act: (caller: Caller, may: May, body: ActOnItems) => Promise<ActedReply>;
  /** All that match, as a job. */
  actOnAll: (caller: Caller, may: May, body: ActOnFilter) => Promise<JobReply>;
  stop: () => Promise<void>;
};

const LOOK_EVERY_MS = 2000;
/** Items of different accounts and apps don't touch one another. */
const SIDE_BY_SIDE = 4;

type Asked = { id: string; version: number };
type Acted = { id: string; code?: string; message?: string };

/** The one queue of everything that waits for a human (R95). */
export const openQueue = (needs: QueueNeeds): Queue => {
  const { database, onFailure } = needs;
  const queries = queueQueries(database);
  const acts = queueActs(needs);

  const actOne = async (
    caller: Caller,
    may: May,
    action: QueueActionName,
    { id, version }: Asked,
    { reason, choice }: Pick<Given, 'reason' | 'choice'>,
  ): Promise<Acted> => {
    const subject = subjectOf(id);
    try {
      if (!subject) throw new Rejected('not-found', 'queue/not-found', 'There is no such item.');
      await carryOut(acts, caller, may, action, subject, { version, reason, choice });
      return { id };
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      return { id, code: error.code, message: error.message };
    }
  };

  /** Those of one account or app one after the other, in the order in which they were named. */
  const actOnSome = async (
    caller: Caller,
    may: May,
    action: QueueActionName,
    items: readonly Asked[],
    given: Pick<Given, 'reason' | 'choice'> = { reason: null, choice: {} },
  ): Promise<Acted[]> => {
    const groups = new Map<string, { item: Asked; at: number }[]>();
    for (const [at, item] of items.entries()) {
      const key = whose(subjectOf(item.id)) ?? item.id;
      groups.set(key, [...(groups.get(key) ?? []), { item, at }]);
    }
    const acted: Acted[] = [];
    const left = [...groups.values()];
    const worker = async () => {
      for (let group = left.shift(); group; group = left.shift())
        for (const { item, at } of group) acted[at] = await actOne(caller, may, action, item, given);
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
    return acted;
  };

  const worker = queueJobWorker(database, actOnSome);
  const working = startPoller({ everyMs: LOOK_EVERY_MS, run: worker.run, onFailure });

  return {
    list: queries.list,
    act: async (caller, may, { items, action, reason, choice = {} }) => {
      const acted = await actOnSome(caller, may, action, items, { reason: reason ?? null, choice });
      const refused = acted.flatMap(({ id, code }) => (code === undefined ? [] : [subjectOf(id)]));
      const waiting = await queries.waitingOf(
        caller.tenantId,
        {
          accountIds: refused.flatMap((subject) => (subject?.of === 'account' ? [subject.accountId] : [])),
          appIds: refused.flatMap((subject) => (subject?.of === 'app' ? [subject.appId] : [])),
        },
        may,
      );
      return {
        items: acted.map(({ id, ...refusal }) => {
          if (refusal.code === undefined) return { id, ok: true };
          const key = whose(subjectOf(id));
          const now = waiting.filter((item) => whose(subjectOf(item.id)) === key);
          return { id, ok: false, ...refusal, ...(key !== undefined && { now }) };
        }),
      };
    },
    actOnAll: async (caller, may, body) => {
      const job = await startQueueJob(database, caller, body, may);
      working.wake();
      return job;
    },
    stop: working.stop,
  };
};

const whose = (subject: Subject | undefined): string | undefined => {
  if (subject?.of === 'account') return `account ${subject.accountId}`;
  return subject?.of === 'app' ? `app ${subject.appId}` : undefined;
};
