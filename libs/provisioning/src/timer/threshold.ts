import type { Sql } from '@tenure/database';
import type { Instant } from '@tenure/eventing';
import type { AppConfig } from '../app/app-config.ts';
import { millisecondsOf } from '../duration/index.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';

const DEFAULT_WINDOW = 'PT1H';

/**
 * Whether one more would be above what may be taken away in the window (R87). What waits for approval counts when it was first due;
 * what an admin released doesn't count. `percent` is of the accounts that were there at the window's start.
 */
export const isAboveThreshold = async (
  sql: Sql,
  { tenantId, id, threshold, thresholdReleasedAt }: AppConfig,
  now: Instant,
): Promise<boolean> => {
  const { count, percent, window = DEFAULT_WINDOW } = threshold;
  if (count === undefined && percent === undefined) return false;
  const opened = new Date(Date.parse(now) - millisecondsOf(window)).toISOString();
  const since = thresholdReleasedAt !== null && thresholdReleasedAt > opened ? thresholdReleasedAt : opened;
  // One counts at a time, until what it counted for is written.
  await sql.query({ text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))', values: [`threshold ${id}`] });
  const [row] = await sql.query<{ fired: number; there: number }>({
    name: 'provisioning.threshold',
    text: `select
             (select count(*) from ${PROVISIONING_VIEW}.timers
              where tenant_id = $1 and app_id = $2 and state = 'fired' and end_reason is null and parked_at is null and ended_at > $3) as fired,
             (select count(*) from ${PROVISIONING_VIEW}.accounts
              where tenant_id = $1 and app_id = $2 and created_at <= $3
                and (remote_id is not null or (status = 'deleted' and since > $3))) as there`,
    values: [tenantId, id, since],
  });
  const { fired, there } = row!;
  return (count !== undefined && fired >= count) || (percent !== undefined && (fired + 1) * 100 > percent * there);
};
