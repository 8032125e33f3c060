import type { Database, Sql } from '@tenure/database';
import { inBatchSpan, inSpan, isOutage, reasonOf, SpanKind, type StreamName } from '@tenure/eventing';
import type { Fact, FactBatch } from '../transport.ts';
import { FactGap } from './failure.ts';
import {
  countParked,
  dueStreams,
  failedAgain,
  firstParked,
  forgetAll,
  listParked,
  lockMarks,
  park,
  saveMarks,
  unpark,
  type StreamMark,
  type ParkedFact,
} from './fact-tables.ts';

export type FactConsumerOptions = {
  /** Marks and parked facts are kept under it; a consumer that must see everything again takes another name. */
  name: string;
  database: Database;
  /** Holds the tables of `factTables(schema)`. */
  schema: string;
  /** Applies one fact in the transaction that moves the mark. */
  handle: (sql: Sql, fact: Fact) => Promise<void>;
  /** The same for the new facts of a batch at once, where that is cheaper. What fails so is tried one by one. */
  handleAll?: (sql: Sql, facts: readonly Fact[]) => Promise<void>;
  /** Hands over facts at or before the mark as well. For a handler that knows by itself what it has: to it a revision that comes again may be another fact. */
  seesKnown?: boolean;
  /** Runs first in a transaction that applies the facts of a batch one by one: to take, in one order, the locks that they need. */
  prepare?: (sql: Sql, facts: FactBatch) => Promise<void>;
  /** How often a fact is tried before it is parked. */
  attempts?: number;
  /** Whether a stream may be seen for the first time at any revision. Otherwise the first is 1, and a gap is an error. */
  startsAnywhere?: boolean;
  /** Parked facts are tried again after this, then after twice as long, up to an hour. */
  retryAfterMs?: number;
  onParked?: (fact: Pick<ParkedFact, 'stream' | 'revision' | 'type' | 'reason'>, error: unknown) => void;
};

export type FactConsumer = {
  /** Applies what was not applied yet, once in effect, in order per stream. Throws only in an outage: then the batch must come again. */
  consume: (facts: FactBatch) => Promise<void>;
  parked: () => Promise<ParkedFact[]>;
  parkedCount: () => Promise<{ streams: number; facts: number }>;
  /** Applies the parked facts of a stream in order, up to the first that fails again. */
  replay: (stream: StreamName) => Promise<{ applied: number; left: boolean }>;
  /** Replays every stream that is due; the timer does it as well. */
  retryDue: () => Promise<void>;
  /** Forgets marks and parked facts in a transaction that also empties what was built from them, so that all facts may come again. */
  forget: (sql: Sql) => Promise<void>;
  /** Stops the timer. */
  stop: () => Promise<void>;
};

const LONGEST_RETRY_MS = 3_600_000;
const LOOK_EVERY_MS = 1000;
/** A batch of more is one span, that links to those of its facts. */
const MOST_SPANS_A_BATCH = 20;

type Apply = (sql: Sql, mark: StreamMark, fact: Fact) => Promise<void>;

/**
 * Consume once in effect: one transaction applies a batch and moves the mark of each stream (design, decision 9).
 * A fact that keeps failing is parked with its stream: later facts of it queue behind, other streams go on.
 */
export const factConsumer = (options: FactConsumerOptions): FactConsumer => {
  const {
    name,
    database,
    schema,
    handle,
    handleAll,
    attempts: attemptsBeforeParking = 3,
    startsAnywhere = false,
    seesKnown = false,
    prepare,
    retryAfterMs = 5000,
    onParked,
  } = options;
  const table = { schema, consumer: name };
  const retryIn = (attempts: number) =>
    Math.min(LONGEST_RETRY_MS, retryAfterMs * 2 ** Math.max(0, attempts - attemptsBeforeParking));

  const span = {
    name: `apply ${name}`,
    kind: SpanKind.CONSUMER,
    attributes: {
      'messaging.system': 'tenure',
      'messaging.operation.name': 'apply',
      'messaging.operation.type': 'process',
      'messaging.consumer.group.name': name,
    },
  };

  const mustFollow = (mark: StreamMark, fact: Fact) => {
    const follows = fact.revision === mark.revision + 1 || (startsAnywhere && mark.revision === 0);
    if (!follows) throw new FactGap(mark.revision, fact.revision);
  };

  const isKnown = (mark: StreamMark, fact: Fact) => fact.revision <= mark.revision;

  const apply: Apply = async (sql, mark, fact) => {
    if (!isKnown(mark, fact)) mustFollow(mark, fact);
    await handle(sql, fact);
    mark.revision = Math.max(mark.revision, fact.revision);
  };

  const applyInSpan: Apply = (sql, mark, fact) => {
    const { id, type, stream, metadata } = fact;
    const attributes = {
      ...span.attributes,
      'messaging.message.id': id,
      'tenure.event.type': type,
      'tenure.stream': stream,
    };
    return inSpan({ ...span, attributes, traceparent: metadata.traceparent }, () => apply(sql, mark, fact));
  };

  /** What is new is handed to `each`; what was consumed is skipped, and what has parked facts before it queues. */
  const consumeWith = (facts: FactBatch, each: Apply, last?: (sql: Sql) => Promise<void>) =>
    database.transaction(
      async (sql) => {
        const marks = await lockMarks(
          sql,
          table,
          facts.map(({ stream }) => stream),
        );
        if (!last) await prepare?.(sql, facts);
        for (const fact of facts) {
          const mark = marks.get(fact.stream)!;
          if (isKnown(mark, fact) && !seesKnown) continue;
          if (mark.parked && !isKnown(mark, fact)) await park(sql, table, fact);
          else await each(sql, mark, fact);
        }
        await last?.(sql);
        await saveMarks(sql, table, [...marks.values()]);
      },
      { synchronousCommit: 'on' },
    );

  /** Tries a fact in a savepoint, so that its failure undoes nothing else. Returns why it failed. */
  const tryOnce = async (sql: Sql, mark: StreamMark, fact: Fact): Promise<{ error: unknown } | undefined> => {
    await sql.query('savepoint fact');
    try {
      await applyInSpan(sql, mark, fact);
      await sql.query('release savepoint fact');
      return undefined;
    } catch (error) {
      if (isOutage(error)) throw error;
      await sql.query('rollback to savepoint fact');
      return { error };
    }
  };

  const applyOrPark: Apply = async (sql, mark, fact) => {
    let failure: { error: unknown } | undefined;
    for (let attempt = 1; attempt <= attemptsBeforeParking; attempt++) {
      failure = await tryOnce(sql, mark, fact);
      if (!failure) return;
    }
    const reason = reasonOf(failure?.error);
    await park(sql, table, fact, {
      reason,
      attempts: attemptsBeforeParking,
      retryInMs: retryIn(attemptsBeforeParking),
    });
    mark.parked = true;
    onParked?.({ stream: fact.stream, revision: fact.revision, type: fact.type, reason }, failure?.error);
  };

  /** Collects what is new, in order, and hands it over at once. */
  const consumeAll = (facts: FactBatch, handing: (sql: Sql, fresh: readonly Fact[]) => Promise<void>) => {
    const fresh: Fact[] = [];
    const collect: Apply = async (_sql, mark, fact) => {
      if (!isKnown(mark, fact)) mustFollow(mark, fact);
      mark.revision = Math.max(mark.revision, fact.revision);
      fresh.push(fact);
    };
    return consumeWith(facts, collect, async (sql) => {
      if (fresh.length > 0) await handing(sql, fresh);
    });
  };

  const consumeBatch = (facts: FactBatch) => {
    if (handleAll && facts.length > 1) return inBatchSpan(span, facts, () => consumeAll(facts, handleAll));
    if (facts.length > MOST_SPANS_A_BATCH) return inBatchSpan(span, facts, () => consumeWith(facts, apply));
    return consumeWith(facts, applyInSpan);
  };

  const consume = async (facts: FactBatch): Promise<void> => {
    if (facts.length === 0) return;
    try {
      await consumeBatch(facts);
    } catch (error) {
      if (isOutage(error)) throw error;
      await consumeWith(facts, applyOrPark);
    }
  };

  /** One fact a transaction: what was replayed stays so. */
  const replayNext = (stream: StreamName): Promise<'applied' | 'failed' | 'none'> =>
    database.transaction(async (sql) => {
      const mark = (await lockMarks(sql, table, [stream])).get(stream)!;
      const first = await firstParked(sql, table, stream);
      if (!first) return 'none';
      const { fact, attempts } = first;
      const failure = isKnown(mark, fact) && !seesKnown ? undefined : await tryOnce(sql, mark, fact);
      if (failure) {
        await failedAgain(sql, table, fact, {
          reason: reasonOf(failure.error),
          attempts: attempts + 1,
          retryInMs: retryIn(attempts + 1),
        });
        return 'failed';
      }
      await unpark(sql, table, fact);
      await saveMarks(sql, table, [mark]);
      return 'applied';
    });

  const replayAll = async (stream: StreamName) => {
    for (let applied = 0; ; applied++) {
      const outcome = await replayNext(stream);
      if (outcome !== 'applied') return { applied, left: outcome === 'failed' };
    }
  };

  let lastReplay: Promise<unknown> = Promise.resolve();
  /** One after another: what waits behind an applied fact is due at once, and the timer would take it from a replay that was asked for. */
  const replay = (stream: StreamName) => {
    const turn = lastReplay.then(() => replayAll(stream));
    lastReplay = turn.catch(() => undefined);
    return turn;
  };

  const retryDue = async () => {
    for (const stream of await dueStreams(database, table)) await replay(stream);
  };

  let looking: Promise<void> | undefined;
  const timer = setInterval(
    () => {
      // In an outage the next look finds the same facts due.
      looking ??= retryDue()
        .catch(() => undefined)
        .finally(() => (looking = undefined));
    },
    Math.min(LOOK_EVERY_MS, retryAfterMs),
  ).unref();

  return {
    consume,
    parked: () => listParked(database, table),
    parkedCount: () => countParked(database, table),
    replay,
    retryDue,
    forget: (sql) => forgetAll(sql, table),
    stop: async () => {
      clearInterval(timer);
      await looking;
    },
  };
};
