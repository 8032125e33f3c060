import type { Sql } from '@tenure/database';
import { Rejected, type Instant } from '@tenure/eventing';
import { z } from 'zod';
import { reasonWords } from '../ledger/reason-words.ts';

/** R53, by the names that administrators know, and the events that count for each. */
export const usageEvents = {
  'Create User By Auto Provisioning': ['AccountCreated'],
  'Update Auto Provisioned User': ['AccountUpdated'],
  'Suspend Auto Provisioned User': ['AccountSuspended'],
  'Unsuspend Auto Provisioned User': ['AccountUnsuspended'],
  'Hard Delete Auto Provisioned User': ['AccountDeleted'],
  'Push Group': ['GroupPushed'],
  'Update Pushed Group': ['PushProfileSent', 'PushMembersSent'],
  'Stop Pushing Group': ['PushStopped'],
  Failures: ['DeliveryFailed', 'ForeignAccountFound', 'AmbiguousAccountsFound', 'PushFailed'],
} as const;
export type UsageName = keyof typeof usageEvents;
const names = Object.keys(usageEvents) as UsageName[];
const nameOf = new Map<string, UsageName>(
  names.flatMap((name) => usageEvents[name].map((type): [string, UsageName] => [type, name])),
);

export const usageQuery = z.strictObject({
  /** Without it, all apps together. */
  app: z.string().optional(),
  days: z.coerce.number().int().min(1).max(366).default(30),
});
export type UsageQuery = z.output<typeof usageQuery>;

export const usageReply = z.object({
  appId: z.string().optional(),
  from: z.string(),
  to: z.string(),
  counts: z.record(z.string(), z.int()),
});

const DAY_MS = 86_400_000;

/** Counters of an app, or of all apps together, over the last days of business time, and the same as lines. */
export const usageQueries = (sql: Sql, schema: string) => {
  const window = (now: Instant, days: number) => ({
    from: new Date(Date.parse(now) - days * DAY_MS).toISOString(),
    to: now,
  });
  // Of a delivery's two failures, the first and the final one, only that which ended it counts.
  const where = `tenant_id = $1 and app_id is not null and ($2::text is null or app_id = $2) and at > $3 and at <= $4 and type = any($5) and coalesce(fact->'data'->>'final', 'true') = 'true'`;
  const values = (tenantId: string, app: string | undefined, { from, to }: { from: string; to: string }) => [
    tenantId,
    app ?? null,
    from,
    to,
    [...nameOf.keys()],
  ];

  const requireApp = async (tenantId: string, app: string | undefined) => {
    if (app === undefined) return;
    const [known] = await sql.query({
      text: `select 1 from ${schema}.ledger where tenant_id = $1 and app_id = $2 limit 1`,
      values: [tenantId, app],
    });
    if (!known) throw new Rejected('not-found', 'app/unknown', 'There is no such app.');
  };

  return {
    counts: async (tenantId: string, { app, days }: UsageQuery, now: Instant) => {
      await requireApp(tenantId, app);
      const period = window(now, days);
      const rows = await sql.query<{ type: string; n: number }>({
        text: `select type, count(*)::int as n from ${schema}.ledger where ${where} group by type`,
        values: values(tenantId, app, period),
      });
      const counts = Object.fromEntries(names.map((name) => [name, 0])) as Record<UsageName, number>;
      for (const { type, n } of rows) counts[nameOf.get(type)!] += n;
      return { ...(app !== undefined && { appId: app }), ...period, counts };
    },

    /** `at, event, userId, accountId, reason`, oldest first, the reason in words. */
    csv: async (tenantId: string, { app, days }: UsageQuery, now: Instant): Promise<string> => {
      await requireApp(tenantId, app);
      const rows = await sql.query<{
        at: string;
        type: string;
        user_id: string | null;
        subject_id: string;
        code: string | null;
      }>({
        text: `select at, type, user_id, subject_id, reason->>'code' as code from ${schema}.ledger where ${where} order by seq`,
        values: values(tenantId, app, window(now, days)),
      });
      const lines = rows.map(({ at, type, user_id, subject_id, code }) =>
        [at, nameOf.get(type)!, user_id ?? '', subject_id, code === null ? '' : reasonWords(code)].map(field).join(','),
      );
      return ['at,event,userId,accountId,reason', ...lines, ''].join('\r\n');
    },
  };
};

/** RFC 4180; a leading sign is disarmed, as spreadsheets would run it as a formula. */
const field = (text: string) => {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};
