import type { Database } from '@tenure/database';
import { decoder, ERASED, startPoller, type AnyDefinition, type Poller, type Sealer } from '@tenure/eventing';
import type { Fact } from '@tenure/messaging';
import { signed } from './signing.ts';

/** What came of one request to a webhook. `retryAfterMs`: what the receiver asked for. */
export type Sent =
  | { kind: 'answer'; status: number; retryAfterMs?: number }
  /** `forbidden`: the address may not be reached from here. */
  | { kind: 'none'; reason: string; forbidden: boolean };

export type SendWebhook = (url: string, headers: Record<string, string>, body: string) => Promise<Sent>;

export type WebhookWorkerOptions = {
  database: Database;
  schema: string;
  sealer: Sealer;
  /** Definitions whose `personal` may be shown to webhooks that carry people's data. */
  events: readonly AnyDefinition[];
  send: SendWebhook;
  /** The secret of a webhook, to sign with. */
  secretOf: (webhookId: string, sealed: string) => string;
  onFailure: (error: unknown) => void;
  everyMs?: number;
  /** The wait after each failed try, in ms; after the last of them the delivery has failed. */
  schedule?: readonly number[];
};

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** As Standard Webhooks recommends: three days in all. */
export const webhookSchedule = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];
/** A webhook that has failed for so long is switched off; an admin switches it on again. */
const GIVEN_UP_AFTER_DAYS = 5;
const KEPT_DAYS = 30;
const AT_ONCE = 16;
/** So that a slow receiver takes few of the slots. */
const PER_WEBHOOK = 2;
/** Outlasts a request. */
const LEASE_S = 60;
const LONGEST_PAUSE_MS = 5 * MINUTE;
const TIDY_EVERY_MS = 10 * MINUTE;

type Claimed = {
  id: string;
  webhook_id: string;
  payload: { type: string; timestamp: string; data: object };
  fact: Fact | null;
  attempts: number;
  url: string;
  sealed_secret: string;
};

/** Sends what is queued, in real time, each webhook by itself: one that fails or is slow holds up nobody else. */
export const webhookWorker = (options: WebhookWorkerOptions): Poller => {
  const { database, schema, sealer, events, send, secretOf, onFailure } = options;
  const schedule = options.schedule ?? webhookSchedule;
  const decode = decoder(sealer, events);
  const running = new Map<string, number>();
  let inFlight = 0;
  let tidiedAt = 0;

  /** A few due rows of each webhook that isn't paused, through its own index: the backlog of one is never read. */
  const claim = (free: number) =>
    database.query<Claimed>({
      name: `${schema}.claim_webhooks`,
      text: `with due as (
               select d.webhook_id, d.id, w.url, w.sealed_secret
               from ${schema}.webhooks w
               cross join lateral (
                 select webhook_id, id from ${schema}.webhook_deliveries d
                 where d.webhook_id = w.id and d.state = 'pending' and d.next_attempt_at <= now()
                   and (d.lease_until is null or d.lease_until <= now())
                 order by d.next_attempt_at limit greatest(0, ${PER_WEBHOOK} - coalesce(($2::jsonb->>w.id)::int, 0))
                 for update skip locked
               ) d
               where w.enabled and (w.paused_until is null or w.paused_until <= now())
               limit $1)
             update ${schema}.webhook_deliveries d set lease_until = now() + make_interval(secs => ${LEASE_S})
             from due where d.webhook_id = due.webhook_id and d.id = due.id
             returning d.id, d.webhook_id, d.payload, d.fact, d.attempts, due.url, due.sealed_secret`,
      values: [free, JSON.stringify(Object.fromEntries(running))],
    });

  /** With people's data where the webhook carries it and their key still exists. */
  const bodyOf = async ({ payload, fact }: Claimed): Promise<string> => {
    if (!fact) return JSON.stringify(payload);
    const { event } = await decode(fact);
    const personal = event && 'personal' in event ? event.personal : undefined;
    const more =
      personal === undefined || personal === ERASED
        ? { erased: personal === ERASED }
        : { personal: personal as object };
    return JSON.stringify({ ...payload, data: { ...payload.data, ...more } });
  };

  const delivered = async ({ webhook_id, id }: Claimed, status: number) => {
    await database.query({
      text: `with ended as (
               update ${schema}.webhook_deliveries set state = 'delivered', attempts = attempts + 1, ended_at = now(), lease_until = null,
                 last_status = $3, last_error = null
               where webhook_id = $1 and id = $2)
             update ${schema}.webhooks set paused_until = null, failing_since = null where id = $1 and failing_since is not null`,
      values: [webhook_id, id, status],
    });
  };

  const failed = async (row: Claimed, sent: Sent) => {
    const wait = schedule[row.attempts];
    const asked = sent.kind === 'answer' ? (sent.retryAfterMs ?? 0) : 0;
    const error = sent.kind === 'answer' ? `The receiver answered ${sent.status}.` : sent.reason;
    const isLast = wait === undefined;
    const isGone = sent.kind === 'answer' && sent.status === 410;
    await database.query({
      text: `with tried as (
               update ${schema}.webhook_deliveries set state = $3, attempts = attempts + 1, lease_until = null,
                 next_attempt_at = now() + $4 * interval '1 ms', ended_at = case when $3 = 'failed' then now() end, last_status = $5, last_error = $6
               where webhook_id = $1 and id = $2)
             update ${schema}.webhooks set
               failing_since = coalesce(failing_since, now()),
               paused_until = now() + $7 * interval '1 ms',
               enabled = enabled and not $8 and coalesce(failing_since, now()) > now() - make_interval(days => ${GIVEN_UP_AFTER_DAYS})
             where id = $1`,
      values: [
        row.webhook_id,
        row.id,
        isLast ? 'failed' : 'pending',
        Math.max(asked, wait ?? 0),
        sent.kind === 'answer' ? sent.status : null,
        error,
        Math.min(LONGEST_PAUSE_MS, Math.max(asked, Math.min(wait ?? 0, schedule[0] ?? 0))),
        isGone,
      ],
    });
  };

  const deliver = async (row: Claimed) => {
    const body = await bodyOf(row);
    const headers = signed(secretOf(row.webhook_id, row.sealed_secret), row.id, new Date(), body);
    const sent = await send(row.url, headers, body);
    await (sent.kind === 'answer' && sent.status >= 200 && sent.status < 300
      ? delivered(row, sent.status)
      : failed(row, sent));
  };

  /** The log is kept for a month; a few thousand rows at a time, so that no statement runs for long. */
  const tidy = async () => {
    if (Date.now() - tidiedAt < TIDY_EVERY_MS) return;
    tidiedAt = Date.now();
    await database.query({
      text: `delete from ${schema}.webhook_deliveries where ctid = any (array(
               select ctid from ${schema}.webhook_deliveries where ended_at < now() - make_interval(days => ${KEPT_DAYS}) limit 5000))`,
    });
  };

  const count = (webhookId: string, by: number) => {
    inFlight += by;
    const now = (running.get(webhookId) ?? 0) + by;
    if (now > 0) running.set(webhookId, now);
    else running.delete(webhookId);
  };

  const poller = startPoller({
    everyMs: options.everyMs ?? 1000,
    run: async () => {
      await tidy();
      if (inFlight >= AT_ONCE) return false;
      const rows = await claim(AT_ONCE - inFlight);
      for (const row of rows) {
        count(row.webhook_id, 1);
        void deliver(row)
          .catch(onFailure)
          .finally(() => {
            count(row.webhook_id, -1);
            poller.wake();
          });
      }
      return rows.length > 0;
    },
    onFailure,
  });

  return {
    wake: poller.wake,
    stop: async () => {
      await poller.stop();
      while (inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    },
  };
};
