import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Sql } from '@tenure/database';
import { testDatabase, type TestDatabase } from '@tenure/database/testing';
import { Rejected, streamName, type Position } from '@tenure/eventing';
import { recordSpans } from '@tenure/eventing/testing';
import type { Fact } from '../transport.ts';
import { factConsumer, type FactConsumer, type FactConsumerOptions } from './fact-consumer.ts';
import { factTables } from './fact-tables.ts';

const stream = (id: string) => streamName('user', 'acme', id);
const fact = (id: string, revision: number): Fact => ({
  id: `${id}-${revision}`,
  type: 'UserChanged',
  schemaVersion: 1,
  data: {},
  metadata: {
    tenantId: 'acme',
    actor: { kind: 'system', id: 's' },
    commandId: 'c',
    correlationId: 'c',
    causationId: 'c',
    occurredAt: '2026-01-05T09:00:00.000Z',
  },
  stream: stream(id),
  revision,
  position: '' as Position,
  recordedAt: '2026-01-05T09:00:00.000Z',
});

describe('a consumer of facts', () => {
  let test: TestDatabase;
  let consumer: FactConsumer;
  let poison: Map<string, unknown>;

  /** The view: every application of a fact, so that a doubled one shows. */
  const apply = async (sql: Sql, { id }: Fact) => {
    await sql.query({ text: 'insert into applied (fact) values ($1)', values: [id] });
    if (poison.has(id)) throw poison.get(id);
  };
  const applied = async () =>
    (await test.database.query<{ fact: string }>('select fact from applied order by n')).map((row) => row.fact);
  const open = (options: Partial<FactConsumerOptions> = {}) =>
    factConsumer({
      name: 'view',
      database: test.database,
      schema: 'public',
      handle: apply,
      attempts: 1,
      retryAfterMs: 60_000,
      ...options,
    });

  beforeAll(async () => {
    test = await testDatabase();
    await test.database.query('create table applied (n bigint generated always as identity, fact text)');
    await test.database.query(factTables('public'));
  });
  afterAll(() => test.drop());
  beforeEach(async () => {
    poison = new Map();
    await test.database.query('truncate applied, fact_marks, parked_facts');
    consumer = open();
  });
  afterEach(() => consumer.stop());

  it('applies each fact once, however often and in whatever batches it comes', async () => {
    await consumer.consume([fact('ada', 1), fact('ben', 1), fact('ada', 2)]);
    await consumer.consume([fact('ada', 1), fact('ben', 1), fact('ada', 2), fact('ada', 3)]);
    await Promise.all([
      consumer.consume([fact('ada', 4), fact('ben', 2)]),
      consumer.consume([fact('ben', 2), fact('ada', 4)]),
    ]);
    expect((await applied()).toSorted()).toEqual(['ada-1', 'ada-2', 'ada-3', 'ada-4', 'ben-1', 'ben-2']);
  });

  it('shows each fact of a small batch as a span of its own trace, and a large batch as one that links to them', async () => {
    const recorded = recordSpans();
    const traceIdOf = (n: number) => n.toString(16).padStart(32, '0');
    const traced = (id: string, n: number): Fact => ({
      ...fact(id, 1),
      metadata: { ...fact(id, 1).metadata, traceparent: `00-${traceIdOf(n)}-00f067aa0ba902b7-01` },
    });
    await consumer.consume([traced('ada', 1), traced('ben', 2)]);
    await consumer.consume([traced('ada', 1)]);
    expect(
      recorded.ended().map((span) => [span.name, span.spanContext().traceId, span.attributes['messaging.message.id']]),
    ).toEqual([
      ['apply view', traceIdOf(1), 'ada-1'],
      ['apply view', traceIdOf(2), 'ben-1'],
    ]);
    recorded.reset();
    await consumer.consume(Array.from({ length: 21 }, (_, n) => traced(`person-${n}`, n + 1)));
    expect(
      recorded
        .ended()
        .map(({ name, links, attributes }) => [name, links.length, attributes['messaging.batch.message_count']]),
    ).toEqual([['apply view', 21, 21]]);
    await recorded.stop();
  });

  it('hands what is new of a batch over at once where that is asked for, and one by one when it fails', async () => {
    const handed: string[][] = [];
    await consumer.consume([fact('ada', 1)]);
    const batching = open({
      handleAll: async (_sql, facts) => {
        handed.push(facts.map(({ id }) => id));
        if (facts.some(({ id }) => poison.has(id))) throw new Error('one of them');
      },
    });
    await batching.consume([fact('ada', 1), fact('ada', 2), fact('ben', 1)]);
    expect(handed).toEqual([['ada-2', 'ben-1']]);
    poison.set('ada-3', new Error('bad'));
    await batching.consume([fact('ada', 3), fact('ben', 2)]);
    expect(await applied()).toEqual(['ada-1', 'ben-2']);
    expect(await batching.parkedCount()).toEqual({ streams: 1, facts: 1 });
    await batching.stop();
  });

  it('is independent of other consumers', async () => {
    const other = open({ name: 'other' });
    await consumer.consume([fact('ada', 1)]);
    await other.consume([fact('ada', 1)]);
    await other.stop();
    expect(await applied()).toEqual(['ada-1', 'ada-1']);
  });

  it('parks a fact that keeps failing with its stream, while others go on, and replays it in order', async () => {
    poison.set('ada-2', new Rejected('invalid', 'user/odd', 'It is odd.'));
    await consumer.consume([fact('ada', 1), fact('ada', 2), fact('ben', 1), fact('ada', 3), fact('ben', 2)]);
    await consumer.consume([fact('ada', 4), fact('ben', 3), fact('ada', 3)]);
    expect(await applied()).toEqual(['ada-1', 'ben-1', 'ben-2', 'ben-3']);
    expect(await consumer.parked()).toMatchObject([
      { stream: stream('ada'), revision: 2, type: 'UserChanged', reason: 'user/odd: It is odd.', attempts: 1 },
      { revision: 3, reason: null },
      { revision: 4, reason: null },
    ]);
    expect(await consumer.parkedCount()).toEqual({ streams: 1, facts: 3 });

    expect(await consumer.replay(stream('ada'))).toEqual({ applied: 0, left: true });
    poison.clear();
    expect(await consumer.replay(stream('ada'))).toEqual({ applied: 3, left: false });
    await consumer.consume([fact('ada', 5)]);
    expect(await applied()).toEqual(['ada-1', 'ben-1', 'ben-2', 'ben-3', 'ada-2', 'ada-3', 'ada-4', 'ada-5']);
    expect(await consumer.parkedCount()).toEqual({ streams: 0, facts: 0 });
  });

  it('tells no more of an error than its kind and code', async () => {
    poison.set('ada-1', Object.assign(new Error('ada@plum.example already exists'), { code: '23505' }));
    await consumer.consume([fact('ada', 1)]);
    expect(await consumer.parked()).toMatchObject([{ reason: 'Error 23505' }]);
  });

  it('replays parked facts by itself after a while', async () => {
    await consumer.stop();
    consumer = open({ retryAfterMs: 50 });
    poison.set('ada-1', new Error('no'));
    await consumer.consume([fact('ada', 1), fact('ada', 2)]);
    poison.clear();
    const deadline = Date.now() + 60_000;
    while ((await applied()).length < 2 && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await applied()).toEqual(['ada-1', 'ada-2']);
  });

  it('lets a replay that was asked for finish before the timer takes what waited behind its first fact', async () => {
    poison.set('ada-1', new Rejected('invalid', 'user/odd', 'It is odd.'));
    const twenty = Array.from({ length: 20 }, (_, n) => n + 1);
    await consumer.consume(twenty.map((revision) => fact('ada', revision)));
    poison.clear();
    let asked: Awaited<ReturnType<FactConsumer['replay']>> | undefined;
    const looking = async () => {
      while (!asked) await consumer.retryDue();
    };
    await Promise.all([consumer.replay(stream('ada')).then((outcome) => (asked = outcome)), looking(), looking()]);
    expect(asked).toEqual({ applied: 20, left: false });
    expect(await applied()).toEqual(twenty.map((revision) => `ada-${revision}`));
  });

  it('parks what arrives beyond a gap until the missing fact came', async () => {
    await consumer.consume([fact('ada', 1)]);
    await consumer.consume([fact('ada', 3)]);
    expect(await consumer.parked()).toMatchObject([{ revision: 3, reason: expect.stringContaining('FactGap') }]);
    await consumer.consume([fact('ada', 2)]);
    await consumer.replay(stream('ada'));
    expect(await applied()).toEqual(['ada-1', 'ada-2', 'ada-3']);
  });

  it('may see a stream for the first time in its middle, where it says so', async () => {
    await consumer.stop();
    consumer = open({ startsAnywhere: true });
    await consumer.consume([fact('ada', 7), fact('ada', 8)]);
    await consumer.consume([fact('ada', 10)]);
    expect(await applied()).toEqual(['ada-7', 'ada-8']);
    expect(await consumer.parkedCount()).toEqual({ streams: 1, facts: 1 });
  });

  it('parks nothing in an outage, but throws so that the batch comes again', async () => {
    poison.set('ben-1', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
    await expect(consumer.consume([fact('ada', 1), fact('ben', 1)])).rejects.toThrow('ECONNREFUSED');
    poison.set('ben-1', Object.assign(new Error('deadlock detected'), { code: '40P01' }));
    await expect(consumer.consume([fact('ada', 1), fact('ben', 1)])).rejects.toThrow('deadlock');
    expect(await applied()).toEqual([]);
    expect(await consumer.parkedCount()).toEqual({ streams: 0, facts: 0 });
    poison.clear();
    await consumer.consume([fact('ada', 1), fact('ben', 1)]);
    expect(await applied()).toEqual(['ada-1', 'ben-1']);
  });

  it('throws when its connection is cut in the middle of a batch, and applies it when it comes again', async () => {
    const cutting = open({
      handle: async (sql, one) => {
        await apply(sql, one);
        if (one.id === 'ada-2' && !poison.has('cut')) {
          poison.set('cut', true);
          await sql.query('select pg_terminate_backend(pg_backend_pid())');
        }
      },
    });
    await expect(cutting.consume([fact('ada', 1), fact('ada', 2)])).rejects.toThrow();
    await cutting.consume([fact('ada', 1), fact('ada', 2)]);
    await cutting.stop();
    expect(await applied()).toEqual(['ada-1', 'ada-2']);
  });

  it('forgets what it consumed together with what was built from it', async () => {
    await consumer.consume([fact('ada', 1)]);
    await test.database.transaction(async (sql) => {
      await consumer.forget(sql);
      await sql.query('truncate applied');
    });
    await consumer.consume([fact('ada', 1)]);
    expect(await applied()).toEqual(['ada-1']);
  });
});
