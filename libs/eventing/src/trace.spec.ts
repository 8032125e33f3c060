import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { streamName, type Position, type StoredEvent } from './event.ts';
import { Rejected } from './rejected.ts';
import { lineages, recordSpans, type RecordedSpans } from './testing/recorded-spans.ts';
import { currentTraceparent, inBatchSpan, inCurrentSpan, inSpan, readTraceparent } from './trace.ts';

const traceIdOf = (n: number) => n.toString(16).padStart(32, '0');
const traceparentOf = (n: number) => `00-${traceIdOf(n)}-00f067aa0ba902b7-01`;
const span = (name: string) => ({ name, kind: SpanKind.INTERNAL, attributes: {} });

const eventIn = (traceparent: string | undefined, revision = 1): StoredEvent => ({
  id: `e${revision}`,
  type: 'TallySet',
  schemaVersion: 1,
  data: {},
  metadata: {
    tenantId: 'acme',
    actor: { kind: 'system', id: 's' },
    commandId: 'c',
    correlationId: 'c',
    causationId: 'c',
    occurredAt: '2026-01-05T09:00:00.000Z',
    traceparent,
  },
  stream: streamName('tally', 'acme', 'a'),
  revision,
  position: String(revision) as Position,
  recordedAt: '2026-01-05T09:00:00.000Z',
});

describe('without tracing', () => {
  it('work runs as it is, and a command keeps the trace it came with', async () => {
    const command = { traceparent: traceparentOf(1) };
    const [current, kept] = await inSpan({ ...span('work'), traceparent: traceparentOf(1) }, async () => [
      currentTraceparent(),
      inCurrentSpan(command),
    ]);
    expect(current).toBeUndefined();
    expect(kept).toBe(command);
    expect(await inBatchSpan(span('batch'), [eventIn(traceparentOf(1))], async () => 'done')).toBe('done');
  });
});

describe('with tracing', () => {
  let recorded: RecordedSpans;
  beforeEach(() => {
    recorded = recordSpans();
  });
  afterEach(() => recorded.stop());

  it('a span continues the trace that came with a message, else the current one', async () => {
    await inSpan({ ...span('outer'), traceparent: traceparentOf(7) }, () =>
      inSpan(span('inner'), async () => undefined),
    );
    expect(lineages(recorded.ended(traceIdOf(7)))).toEqual(['INTERNAL inner < INTERNAL outer', 'INTERNAL outer']);
  });

  it('what is sent within a span is part of it', async () => {
    const sent = await inSpan(span('outer'), async () => inCurrentSpan({ traceparent: traceparentOf(7) }));
    const { traceId, spanId } = recorded.ended()[0]!.spanContext();
    expect(sent.traceparent).toBe(`00-${traceId}-${spanId}-01`);
  });

  it('a batch of one trace continues it; one that joins several links to each once', async () => {
    await inBatchSpan(span('one'), [eventIn(traceparentOf(7), 1), eventIn(traceparentOf(7), 2)], async () => undefined);
    await inBatchSpan(
      span('several'),
      [eventIn(traceparentOf(8), 1), eventIn(traceparentOf(9), 2), eventIn(traceparentOf(9), 3), eventIn(undefined, 4)],
      async () => undefined,
    );
    await inBatchSpan(span('none'), [eventIn(undefined), eventIn('nonsense')], async () => undefined);
    const seen = recorded.ended().map(({ name, links, attributes, parentSpanContext }) => ({
      name,
      parent: parentSpanContext?.traceId,
      links: links.map(({ context }) => context.traceId),
      count: attributes['messaging.batch.message_count'],
    }));
    expect(seen).toEqual([
      { name: 'one', parent: traceIdOf(7), links: [], count: 2 },
      { name: 'several', parent: undefined, links: [traceIdOf(8), traceIdOf(9)], count: 4 },
      { name: 'none', parent: undefined, links: [], count: 2 },
    ]);
  });

  it.each([
    {
      thrown: new TypeError('ada@acme.example is unknown'),
      told: { 'error.type': 'TypeError' },
      code: SpanStatusCode.ERROR,
    },
    {
      thrown: new Rejected('taken', 'user/name-taken', 'ada is taken.'),
      told: { 'tenure.refusal': 'user/name-taken' },
      code: SpanStatusCode.UNSET,
    },
    {
      thrown: new Rejected('unavailable', 'transport/no-reply', 'None.'),
      told: { 'tenure.refusal': 'transport/no-reply', 'error.type': 'Rejected' },
      code: SpanStatusCode.ERROR,
    },
  ])('$thrown.name $told is told without its message', async ({ thrown, told, code }) => {
    await expect(inSpan(span('work'), () => Promise.reject(thrown))).rejects.toBe(thrown);
    const [{ attributes, status, events }] = recorded.ended() as [ReturnType<RecordedSpans['ended']>[number]];
    expect({ attributes, status, events }).toEqual({ attributes: told, status: { code }, events: [] });
  });
});

describe('a traceparent header', () => {
  it('is taken as the standard writes it, and nothing else is', () => {
    expect(readTraceparent(traceparentOf(7))).toBe(traceparentOf(7));
    const others = [
      undefined,
      ['00'],
      '',
      'ada@acme.example',
      traceparentOf(0),
      traceparentOf(7).toUpperCase(),
      `ff${traceparentOf(7).slice(2)}`,
      `00-${traceIdOf(7)}-${'0'.repeat(16)}-01`,
      `${traceparentOf(7)}-more`,
    ];
    for (const other of others) expect(readTraceparent(other)).toBeUndefined();
  });
});
