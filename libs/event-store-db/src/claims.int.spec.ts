import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  CLAIM_FORFEITED,
  ClaimTaken,
  StaleStream,
  streamName,
  type Append,
  type EventStore,
  type Revision,
  type StreamName,
} from '@tenure/eventing';
import fc from 'fast-check';
import { connect, type Connection } from './connection.ts';
import { eventStoreOn } from './event-store-db.ts';
import { startStandIn, type EventStoreDbStandIn } from './testing/index.ts';

/** The tests are about what happens, not how long it takes on a busy machine. */
const PATIENT_MS = 60_000;

let server: EventStoreDbStandIn;
let connection: Connection;
let tenantId: string;
beforeAll(async () => {
  server = await startStandIn({ commitTimeoutMs: 20 });
  connection = connect(server.connectionString);
});
afterAll(async () => {
  await connection.close();
  await server.close();
});
const visible = (name: string) => server.log.visible(`tenure.${name}`);
/** Streams and claims that no other test has. */
const begin = () => {
  tenantId = randomUUID().slice(0, 8);
};

const stream = (id: string) => streamName('user', tenantId, id);
const claim = (name: string) => `${tenantId}/${name}`;
const write = (
  name: StreamName,
  expected: Revision,
  { take = [], release = [] }: { take?: string[]; release?: string[] },
): Append => {
  const claims = { take: take.map(claim), release: release.map(claim) };
  const metadata = {
    tenantId,
    actor: { kind: 'root', id: 'root' },
    commandId: randomUUID(),
    correlationId: 'c',
    causationId: 'c',
    occurredAt: '2026-01-05T09:00:00.000Z',
  } as const;
  return {
    stream: name,
    expected,
    claims,
    events: [{ id: randomUUID(), type: 'Changed', schemaVersion: 1, data: { claims }, metadata }],
  };
};
const healthy = (graceMs = 0) => eventStoreOn(connection, { graceMs, appendDeadlineMs: PATIENT_MS });
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

/** A store that stops before its nth append to the server until it is let go on. */
const pausingAt = (nth: number, graceMs = 0) => {
  let appends = 0;
  let goOn: () => void = () => undefined;
  let arrive: () => void = () => undefined;
  const resumed = new Promise<void>((resolve) => (goOn = resolve));
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  const before = async (call: Call) => {
    if (call !== 'append' || ++appends !== nth) return;
    arrive();
    await resumed;
  };
  return {
    store: eventStoreOn(
      around(before, async () => undefined),
      { graceMs, appendDeadlineMs: PATIENT_MS },
    ),
    arrived,
    goOn,
  };
};

class Crash extends Error {}

type Call = 'append' | 'read';

/** A connection whose every call is preceded and followed by something. */
const around = (before: (call: Call) => Promise<void>, after: () => Promise<void>): Connection => {
  const wrap =
    <A extends unknown[], R>(call: Call, carryOut: (...args: A) => Promise<R>) =>
    async (...args: A) => {
      await before(call);
      const result = await carryOut(...args);
      await after();
      return result;
    };
  return { ...connection, append: wrap('append', connection.append), read: wrap('read', connection.read) };
};

/** The process dies at a call to the server: before the call is carried out, or after. */
const crashingAt = (
  nth: number,
  when: 'before' | 'after',
  pace: () => Promise<void> = async () => undefined,
): { store: EventStore; hasCrashed: () => boolean } => {
  let calls = 0;
  const dead = (limit: number) => {
    if (calls >= limit) throw new Crash();
  };
  const before = async () => {
    await pace();
    calls += 1;
    dead(when === 'before' ? nth : nth + 1);
  };
  const store = eventStoreOn(
    around(before, async () => dead(nth)),
    { graceMs: 0, appendDeadlineMs: PATIENT_MS },
  );
  return { store, hasCrashed: () => calls >= nth };
};

type Folded = { holders: Map<string, Set<string>>; most: number };

/** Who holds what by the events of the log, and the most streams that ever held one claim at a time. */
const fold = (): Folded => {
  const holders = new Map<string, Set<string>>();
  let most = 0;
  for (const { stream: inLog, data } of server.log.all) {
    if (!inLog.startsWith(`tenure.user-${tenantId}_`)) continue;
    const name = inLog.slice('tenure.'.length);
    const { take, release } = (
      JSON.parse(Buffer.from(data).toString('utf8')) as { claims: { take: string[]; release: string[] } }
    ).claims;
    for (const released of release) holders.get(released)?.delete(name);
    for (const taken of take) holders.set(taken, (holders.get(taken) ?? new Set()).add(name));
    most = Math.max(most, ...[...holders.values()].map(({ size }) => size));
  }
  return { holders, most };
};

/** What must be true whatever happened: one holder at most, at any time, and it is the one that the claim's stream names. */
const expectSound = () => {
  const { holders, most } = fold();
  expect(most).toBeLessThanOrEqual(1);
  for (const [name, [holder]] of holders) {
    if (holder === undefined) continue;
    const last = visible(`claims-${name}`)!.at(-1)!;
    expect(JSON.parse(Buffer.from(last.data).toString('utf8'))).toEqual({ holder });
  }
};
const holderOf = (name: string) => [...(fold().holders.get(claim(name)) ?? [])][0];
const typesIn = (name: StreamName) => visible(name)?.map(({ type }) => type) ?? [];

describe('a claim whose holder does not hold it', () => {
  const pending = async (id: string) => {
    begin();
    const { store } = crashingAt(3, 'before');
    expect(await failureOf(store.append(write(stream(id), 0, { take: ['x'] })))).toBeInstanceOf(Crash);
    expect(visible(`claims-${claim('x')}`)).toHaveLength(1);
  };

  it('is taken over after the holder has forfeited it, so that its append on the way goes stale', async () => {
    begin();
    const late = write(stream('ada'), 0, { take: ['x'] });
    const { store: slow, arrived, goOn } = pausingAt(2);
    const outcome = failureOf(slow.append(late));
    await arrived;
    await healthy().append(write(stream('ben'), 0, { take: ['x'] }));
    goOn();
    expect(await outcome).toBeInstanceOf(StaleStream);
    expect(typesIn(stream('ada'))).toEqual([CLAIM_FORFEITED]);
    expect(holderOf('x')).toBe(stream('ben'));
    expectSound();
    expect((await healthy().read(stream('ada')))[0]).toMatchObject({
      schemaVersion: 1,
      data: { claims: { take: [], release: [claim('x')] } },
      metadata: { tenantId, actor: { kind: 'system' }, occurredAt: '2026-01-05T09:00:00.000Z' },
    });
  });

  it('is left to a writer that may be about to append', async () => {
    begin();
    const { store: slow, arrived, goOn } = pausingAt(2);
    const first = slow.append(write(stream('ada'), 0, { take: ['x'] }));
    await arrived;
    setTimeout(goOn, 100);
    const refused = await failureOf(healthy(1000).append(write(stream('ben'), 0, { take: ['x'] })));
    expect(refused).toBeInstanceOf(ClaimTaken);
    await first;
    expect(typesIn(stream('ada'))).toEqual(['Changed']);
  });

  it('is taken by its own stream without further ado', async () => {
    await pending('ada');
    await healthy().append(write(stream('ada'), 0, { take: ['x'] }));
    expect(typesIn(stream('ada'))).toEqual(['Changed']);
    expectSound();
  });
});

describe('a claim that is released', () => {
  const refusesBen = async () =>
    expect(await failureOf(healthy().append(write(stream('ben'), 0, { take: ['x'] })))).toMatchObject({
      name: 'ClaimTaken',
      holder: stream('ada'),
    });

  it('is not freed any more once a later append of the stream has taken it again', async () => {
    begin();
    await healthy().append(write(stream('ada'), 0, { take: ['x'] }));
    const { store: slow, arrived, goOn } = pausingAt(2);
    const releasing = slow.append(write(stream('ada'), 1, { release: ['x'] }));
    await arrived;
    await healthy().append(write(stream('ada'), 2, { take: ['x'] }));
    goOn();
    await releasing;
    await refusesBen();
    expectSound();
  });

  it('is not freed by a repeated append, from under a later one that is about to take it again', async () => {
    begin();
    await healthy().append(write(stream('ada'), 0, { take: ['x'] }));
    const release = write(stream('ada'), 1, { release: ['x'] });
    // It dies between its event and the claim.
    await failureOf(crashingAt(5, 'before').store.append(release));
    expect(holderOf('x')).toBeUndefined();
    const { store: slow, arrived, goOn } = pausingAt(2 + 1);
    const takingAgain = slow.append(write(stream('ada'), 2, { take: ['x'] }));
    await arrived;
    await healthy().append(release);
    goOn();
    await takingAgain;
    await refusesBen();
    expectSound();
  });
});

/** Situations in which `ada` appends with claims, and how often she has appended before. */
const situations: Record<string, { prepare: () => Promise<void>; append: () => Append }> = {
  'taking a new value': { prepare: async () => undefined, append: () => write(stream('ada'), 0, { take: ['x', 'y'] }) },
  'taking one value for another': {
    prepare: async () => void (await healthy().append(write(stream('ada'), 0, { take: ['w'] }))),
    append: () => write(stream('ada'), 1, { take: ['x'], release: ['w'] }),
  },
  'taking over from a writer that died before it appended': {
    prepare: async () =>
      void (await failureOf(crashingAt(3, 'before').store.append(write(stream('ghost'), 0, { take: ['x'] })))),
    append: () => write(stream('ada'), 0, { take: ['x'] }),
  },
  'taking over from a writer that died before it released': {
    prepare: async () => {
      await healthy().append(write(stream('ghost'), 0, { take: ['x'] }));
      const { store } = crashingAt(5, 'before');
      await failureOf(store.append(write(stream('ghost'), 1, { release: ['x'] })));
      expect(holderOf('x')).toBeUndefined();
    },
    append: () => write(stream('ada'), 0, { take: ['x'] }),
  },
};

describe.each(Object.entries(situations))('a process that dies while %s', (_, { prepare, append }) => {
  /** Crashes at each call in turn, before and after it is carried out, until the append has no more calls. */
  const atEachCall = async (check: (crashed: Append) => Promise<void>) => {
    let crashes = 0;
    for (const when of ['before', 'after'] as const)
      for (let nth = 1; ; nth++) {
        begin();
        await prepare();
        const crashed = append();
        const { store, hasCrashed } = crashingAt(nth, when);
        await failureOf(store.append(crashed));
        if (!hasCrashed()) break;
        crashes += 1;
        expectSound();
        await check(crashed);
        expectSound();
      }
    expect(crashes).toBeGreaterThan(5);
  };

  it('leaves what a repeat of the append finishes', async () => {
    await atEachCall(async (crashed) => {
      await healthy().append(crashed);
      const ids = visible(crashed.stream)!.filter(({ id }) => id === crashed.events[0]!.id);
      expect(ids).toHaveLength(1);
      expect(await failureOf(healthy().append(write(stream('ben'), 0, { take: ['x'] })))).toMatchObject({
        name: 'ClaimTaken',
        holder: stream('ada'),
      });
      await healthy().append(write(stream('eve'), 0, { take: ['w'] }));
    });
  });

  it('leaves its values to others where the append did not happen', async () => {
    await atEachCall(async (crashed) => {
      const happened = holderOf('x') === stream('ada');
      const taken = await failureOf(healthy().append(write(stream('ben'), 0, { take: ['x'] })));
      if (happened) expect(taken).toBeInstanceOf(ClaimTaken);
      else expect(taken).toBeUndefined();
      const repeated = await failureOf(healthy().append(crashed));
      if (happened) expect(repeated).toBeUndefined();
      else expect(['ClaimTaken', 'StaleStream']).toContain((repeated as Error).name);
      expect(holderOf('x')).toBe(happened ? stream('ada') : stream('ben'));
    });
  });
});

describe('writers that race for a claim, die and repeat themselves', () => {
  it('never make two streams hold it, in whatever order their calls reach the server', async () => {
    /** Which stream it writes to, at which of its calls it dies, and whether each of its appends is sent twice. */
    const writer = fc.record({
      id: fc.constantFrom('ada', 'ben', 'eve'),
      diesAt: fc.integer({ min: 2, max: 80 }),
      when: fc.constantFrom('before' as const, 'after' as const),
      twice: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(writer, { minLength: 2, maxLength: 6 }), async (scheduler, writers) => {
        begin();
        const pace = () => scheduler.schedule(Promise.resolve(), 'call');
        const run = async ({ id, diesAt, when, twice }: (typeof writers)[number]) => {
          const { store, hasCrashed } = crashingAt(diesAt, when, pace);
          for (let turn = 0; turn < 3 && !hasCrashed(); turn++) {
            const events = visible(stream(id)) ?? [];
            const holds = holderOf('x') === stream(id);
            const next = write(stream(id), events.length, holds ? { release: ['x'] } : { take: ['x'] });
            const sent = await Promise.all(Array.from({ length: twice ? 2 : 1 }, () => failureOf(store.append(next))));
            for (const error of sent)
              if (error && ![StaleStream, ClaimTaken, Crash].some((known) => error instanceof known)) throw error;
          }
        };
        await scheduler.waitFor(Promise.all(writers.map(run)));
        expectSound();
        await healthy()
          .append(write(stream('last'), 0, { take: ['x'] }))
          .catch((error: unknown) => expect(error).toMatchObject({ name: 'ClaimTaken', holder: holderOf('x') }));
        expectSound();
      }),
      { numRuns: 30, interruptAfterTimeLimit: 40_000 },
    );
  });
});
