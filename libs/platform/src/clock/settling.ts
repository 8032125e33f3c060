import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@tenure/database';

/** Says what a service still has to do at the present instant; undefined when nothing. */
export type Unsettled = () => Promise<string | undefined>;

const CHECK_MS = 50;
const ANSWER_WITHIN_MS = 3000;
/** A check that ran while the question came may have looked too early, so three: the two after it must both find nothing. */
const CHECKS_TO_SETTLE = 3;
const STREAK_TO_SETTLE = 2;
const SILENT_AFTER_MS = 2000;

/** Reports, while the clock is manual, whether this service is settled; `isSettled` asks the reports of all services. */
export const reportSettling = (
  database: Database,
  service: string,
  unsettled: readonly Unsettled[],
): { stop: () => Promise<void> } => {
  const stopping = new AbortController();
  const run = async () => {
    while (!stopping.signal.aborted) {
      const waiting = await firstOf(unsettled).catch((error: unknown) => `failing: ${(error as Error).message}`);
      await database
        .query({
          name: 'clock.report',
          text: `insert into clock.reports as r (service, checks, streak, waiting, checked_at) values ($1, 1, case when $2::text is null then 1 else 0 end, $2, now())
                 on conflict (service) do update set checks = r.checks + 1, streak = case when $2::text is null then r.streak + 1 else 0 end, waiting = $2, checked_at = now()`,
          values: [service, waiting ?? null],
        })
        .catch(() => undefined);
      await sleep(CHECK_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
};

const firstOf = async (unsettled: readonly Unsettled[]) => {
  for (const ask of unsettled) {
    const waiting = await ask();
    if (waiting !== undefined) return waiting;
  }
  return undefined;
};

type Report = { service: string; checks: number; streak: number; silent: boolean; waiting: string | null };

const reports = (database: Database) =>
  database.query<Report>({
    text: `select service, checks, streak, waiting, checked_at < now() - make_interval(secs => $1) as silent from clock.reports`,
    values: [SILENT_AFTER_MS / 1000],
  });

/** Whether every service that ever reported found nothing to do, twice in a row, after the question was asked; else who waits for what. */
export const isSettled = async (database: Database): Promise<{ settled: boolean; waiting?: string }> => {
  const asked = new Map((await reports(database)).map(({ service, checks }) => [service, checks]));
  for (const until = Date.now() + ANSWER_WITHIN_MS; ;) {
    const now = await reports(database);
    const busy = now.find(({ streak, silent }) => silent || streak === 0);
    const unsure = now.find(
      ({ service, checks, streak }) =>
        checks < (asked.get(service) ?? checks) + CHECKS_TO_SETTLE || streak < STREAK_TO_SETTLE,
    );
    if (!busy && !unsure) return { settled: now.length > 0 };
    if (busy) return { settled: false, waiting: `${busy.service}: ${busy.waiting ?? 'silent'}` };
    if (Date.now() > until) return { settled: false, waiting: `${unsure!.service}: no answer` };
    await sleep(CHECK_MS / 2);
  }
};
