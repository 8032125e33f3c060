import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventStoreDb } from '@tenure/event-store-db';
import { streamName, type NewEvent } from '@tenure/eventing';
import { openTestStore } from './testing/store.ts';
import { makeTenant, operations, person, testWorld, type World } from './testing/world.ts';

let world: World;
afterEach(() => world?.close());

const untilReady = async () => {
  for (const until = Date.now() + 60_000; Date.now() < until;)
    if ((await world.root().get('/health/ready')).status === 200) return;
};

describe('the system on EventStoreDB', () => {
  it('provisions and deprovisions, over restarts and a rebuild', async () => {
    world = await testWorld('eventstoredb');
    const { idp, app } = await world.office();
    const staff = await idp.group('Staff');
    await app.assign('groups', staff);
    await app.turnOn();
    const ada = await idp.hire('ada');
    await idp.join(staff, ada);
    await world.settled();
    expect(await world.sandbox.accounts()).toMatchObject([{ userName: 'ada@plum.example', active: true }]);
    await world.restart();
    await idp.setActive(ada, false);
    await world.settled();
    await world.rebuild();
    expect((await idp.scim.get(`/Users/${ada}`)).body).toMatchObject({ active: false });
    expect((await idp.scim.post('/Users', person('ada'))).status).toBe(409);
    await idp.set(ada, { op: 'replace', path: 'displayName', value: 'Ada' });
    expect((await idp.scim.get(`/Users/${ada}`)).body).toMatchObject({ displayName: 'Ada' });
  });

  it('makes one call for a change of a user, and one more for each claim of a new one; nobody reads what is known', async () => {
    // The stand-in, also where there is a real server: it counts.
    const { EVENTSTOREDB_URL } = process.env;
    delete process.env['EVENTSTOREDB_URL'];
    world = await testWorld('eventstoredb');
    if (EVENTSTOREDB_URL !== undefined) process.env['EVENTSTOREDB_URL'] = EVENTSTOREDB_URL;
    // Without an app: whatever is evaluated for one costs calls of its own.
    const idp = await (await makeTenant(world)).connect();
    await idp.hire('warm');
    await world.settled();
    const { calls, forgetCalls } = world.standIn!;
    forgetCalls();
    const ids = await Promise.all(['ada', 'ben', 'eve'].map((name) => idp.hire(name)));
    expect(calls.writes.filter((name) => /\.(user|claims)-/.test(name))).toHaveLength(6);
    expect(calls).toMatchObject({ appends: 6, reads: [], subscriptions: 0 });
    forgetCalls();
    for (const id of ids)
      await idp.scim.ok('PATCH', `/Users/${id}`, operations({ op: 'replace', path: 'title', value: 'Engineer' }));
    expect(calls).toMatchObject({ appends: 3, reads: [], subscriptions: 0 });
  });

  it('starts by what is new, however long the log is', async () => {
    world = await testWorld('eventstoredb');
    const { idp, id: tenantId } = await world.office();
    await idp.hire('ada');
    await world.settled();
    await untilReady();
    // Streams of a kind that only some followers read, and other applications' events.
    const { connectionString, log, onLogRead } = world.standIn!;
    const ours = /^test_\w+\./.exec(log.all.find(({ stream }) => stream.includes('user-'))!.stream)![0];
    const store = eventStoreDb({ connectionString, prefix: ours, appendDeadlineMs: 60_000 });
    const event = (): NewEvent => ({
      id: randomUUID(),
      type: 'RequestNoted',
      schemaVersion: 1,
      data: {},
      metadata: {
        tenantId,
        actor: { kind: 'root', id: 'root' },
        commandId: randomUUID(),
        correlationId: 'c',
        causationId: 'c',
        occurredAt: '2026-01-05T09:00:00.000Z',
      },
    });
    await world.stop();
    for (let n = 0; n < 20; n++)
      await store.append({
        stream: streamName('noise', tenantId, randomUUID()),
        expected: 0,
        events: Array.from({ length: 500 }, event),
      });
    await store.close();
    // The first start looks at what came while it was stopped, and keeps that it did.
    await world.start();
    await world.settled();
    await world.stop();
    const looked: number[] = [];
    onLogRead((records) => looked.push(records));
    await world.start();
    await world.settled();
    expect(looked.length).toBeGreaterThan(0);
    expect(Math.max(...looked)).toBeLessThan(1000);
  });
});

describe('a store whose people have no keys in the database', () => {
  it('ends the start with one line', async () => {
    const store = await openTestStore('eventstoredb');
    world = await testWorld('postgres', store.environment);
    await (await world.office()).idp.hire('ada');
    await world.settled();
    const other = testWorld('postgres', store.environment);
    await expect(other).rejects.toThrow(
      /^The events in this event store are sealed with keys that this database doesn’t have\. /,
    );
    await store.close();
  });
});
