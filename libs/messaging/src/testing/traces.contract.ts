import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SpanKind, streamName } from '@tenure/eventing';
import { lineages, recordSpans, type RecordedSpans } from '@tenure/eventing/testing';
import { ask, keysOf, TENANT, until } from './asking.ts';
import type { Stage } from './stage.ts';

export const tracesContract = (onStage: () => Stage): void =>
  describe('traces', () => {
    let recorded: RecordedSpans;
    let traceId: string;
    let traceparent: string;
    beforeAll(() => {
      recorded = recordSpans();
    });
    beforeEach(() => {
      traceId = randomBytes(16).toString('hex');
      traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    });
    afterAll(() => recorded.stop());

    it('lead from a command over its handler and the events it appends to followers and consumers of facts', async () => {
      const { client, world } = onStage();
      const [key] = keysOf('traced', 1) as [string];
      await ask(client, 'tally.set', key, { value: 1 }, { traceparent });
      const seen = await until(
        () => lineages(recorded.ended(traceId)).sort(),
        (found) => found.length >= 4,
      );
      expect(seen).toEqual([
        'CLIENT tally.set',
        'CONSUMER apply tally < SERVER tally.set',
        expect.stringMatching(/^CONSUMER follow .+ < SERVER tally.set$/),
        'SERVER tally.set < CLIENT tally.set',
      ]);

      const ended = (kind: SpanKind) => recorded.ended(traceId).find((span) => span.kind === kind)!;
      expect(ended(SpanKind.CLIENT).parentSpanContext!.spanId).toBe('00f067aa0ba902b7');
      const [event] = await world.store.read(streamName('tally', TENANT, key));
      expect(event!.metadata.traceparent).toBe(`00-${traceId}-${ended(SpanKind.SERVER).spanContext().spanId}-01`);
    });

    it('take a refusal for an answer and a failure for an error, and tell no more of either than its code or name', async () => {
      const { client } = onStage();
      const [key] = keysOf('traced', 1) as [string];
      for (const pattern of ['tally.refuse', 'tally.fail'])
        await ask(client, pattern, key, {}, { traceparent }).catch(() => undefined);
      const spans = recorded.ended(traceId).map(({ name, status, attributes, events }) => ({
        name,
        isError: status.code === 2,
        said: status.message,
        refusal: attributes['tenure.refusal'],
        error: attributes['error.type'],
        events,
      }));
      const refused = { name: 'tally.refuse', isError: false, refusal: 'tally/refused', events: [] };
      const failed = { name: 'tally.fail', isError: true, error: 'Error', events: [] };
      expect(spans).toEqual(
        [refused, refused, failed, failed].map((each) => ({
          said: undefined,
          refusal: undefined,
          error: undefined,
          ...each,
        })),
      );
    });
  });
