import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { UserCreated } from '@tenure/contracts';
import { lineages, recordSpans, type RecordedSpans } from '@tenure/eventing/testing';
import { appConfig, openWorld, T, type World } from '../testing/world.ts';

let world: World;
let recorded: RecordedSpans;
beforeEach(async () => {
  recorded = recordSpans();
  world = await openWorld();
  await world.start();
  await world.tenant();
});
afterEach(async () => {
  await world.close();
  await recorded.stop();
});

describe('the trace of a change of a person', () => {
  it('leads to the deliveries that follow from it, and holds nothing of the person', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    await world.configure(appConfig());
    await world.sealing.keys.createPerson({ tenantId: T, personId: 'u-1' });
    const fact = await world.userFact(
      'u-1',
      UserCreated(world.standing, {
        resource: world.resourceOf('u-1', { userName: 'ada@plum.example', displayName: 'Ada Holt' }),
      }),
    );
    await world.consume({ ...fact, metadata: { ...fact.metadata, traceparent: `00-${traceId}-00f067aa0ba902b7-01` } });
    await world.settle();
    expect(world.app.byUserName('ada@plum.example')).toBeDefined();

    // Its span ends after what it wrote is seen.
    const isOver = () => recorded.ended(traceId).some(({ name }) => name === 'deliver create');
    for (let tries = 0; tries < 500 && !isOver(); tries++) await sleep(10);
    const spans = recorded.ended(traceId);
    expect(lineages(spans)).toEqual(expect.arrayContaining(['CONSUMER apply people', 'INTERNAL deliver create']));
    const delivery = spans.find(({ name }) => name === 'deliver create')!;
    expect(delivery.attributes).toMatchObject({ 'tenure.tenant.id': T, 'tenure.delivery.verdict': 'over' });

    const events = await world.store.readAll(undefined, { categories: ['account'], limit: 100 });
    expect(events.length).toBeGreaterThan(2);
    for (const { metadata } of events) expect(metadata.traceparent).toContain(traceId);
    expect(events.at(-1)!.metadata.traceparent).toBe(`00-${traceId}-${delivery.spanContext().spanId}-01`);
    expect(
      JSON.stringify(
        recorded.ended().map(({ name, attributes, status, events: noted }) => [name, attributes, status, noted]),
      ),
    ).not.toMatch(/ada|holt/i);
  });
});
