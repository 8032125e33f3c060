import { expect, it } from '@jest/globals';
import { ClaimTaken, StaleStream, type EventStore } from '../../event-store.ts';
import type { Revision, StreamName } from '../../event.ts';
import { eventually, types, type Bench } from './kit.ts';

/** Claims: values that one stream holds at a time. */
export const claimsContract = (bench: () => Bench): void => {
  const claiming = ({ store, event, tenantId }: Bench) => {
    const names = (list: readonly string[]) => list.map((name) => `${tenantId}/${name}`);
    return (
      stream: StreamName,
      expected: Revision,
      type: string,
      take: readonly string[],
      release: readonly string[] = [],
    ) => {
      const claims = { take: names(take), release: names(release) };
      return store.append({ stream, expected, events: [event(type, { data: { claims } })], claims });
    };
  };

  it('refuses a value that another stream holds, and says which', async () => {
    const { store, stream, tenantId } = bench();
    const append = claiming(bench());
    await append(stream('ada'), 0, 'Created', ['ada']);
    const refused = await append(stream('ben'), 0, 'Created', ['ben', 'ada']).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ClaimTaken);
    expect(refused).toMatchObject({ claim: `${tenantId}/ada`, holder: stream('ada') });
    expect(await store.read(stream('ben'))).toEqual([]);
    // None of its claims was taken either.
    await append(stream('eve'), 0, 'Created', ['ben']);
  });

  it('takes and releases nothing with an append that is stale', async () => {
    const { stream } = bench();
    const append = claiming(bench());
    await append(stream('ada'), 0, 'Created', ['ada']);
    await expect(append(stream('ada'), 0, 'Changed', ['new'], ['ada'])).rejects.toBeInstanceOf(StaleStream);
    await append(stream('ben'), 0, 'Created', ['new']);
    await expect(append(stream('eve'), 0, 'Created', ['ada'])).rejects.toBeInstanceOf(ClaimTaken);
  });

  it('gives a value that was released to another stream', async () => {
    const { stream } = bench();
    const append = claiming(bench());
    await append(stream('ada'), 0, 'Created', ['ada']);
    await append(stream('ada'), 1, 'Renamed', ['lovelace'], ['ada']);
    await append(stream('ben'), 0, 'Created', ['ada']);
    await expect(append(stream('eve'), 0, 'Created', ['lovelace'])).rejects.toMatchObject({ holder: stream('ada') });
  });

  it('lets a stream take again what it holds', async () => {
    const { store, stream } = bench();
    const append = claiming(bench());
    await append(stream('ada'), 0, 'Created', ['ada']);
    await append(stream('ada'), 1, 'Changed', ['ada']);
    await append(stream('ada'), 2, 'Renamed', ['ada'], ['ada']);
    expect(await store.read(stream('ada'))).toHaveLength(3);
    await expect(append(stream('ben'), 0, 'Created', ['ada'])).rejects.toMatchObject({ holder: stream('ada') });
  });

  it('releases nothing that another stream holds', async () => {
    const { stream } = bench();
    const append = claiming(bench());
    await append(stream('ada'), 0, 'Created', ['ada']);
    await append(stream('ben'), 0, 'Created', ['ben'], ['ada']);
    await expect(append(stream('eve'), 0, 'Created', ['ada'])).rejects.toMatchObject({ holder: stream('ada') });
  });

  it('gives a value that many want at once to one of them', async () => {
    const { stream } = bench();
    const append = claiming(bench());
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) => append(stream(`u${n}`), 0, 'Created', ['ada', `own-${n}`])),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const holder = stream(`u${outcomes.findIndex(({ status }) => status === 'fulfilled')}`);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ name: 'ClaimTaken', holder });
  });

  it('does not deadlock on two values taken in opposite orders', async () => {
    const { stream } = bench();
    const append = claiming(bench());
    const rounds = Array.from({ length: 20 }, async (_, n) => {
      const both = [
        append(stream(`a${n}`), 0, 'Created', [`x${n}`, `y${n}`]),
        append(stream(`b${n}`), 0, 'Created', [`y${n}`, `x${n}`]),
      ];
      return (await Promise.allSettled(both)).map(({ status }) => status).sort();
    });
    expect(await Promise.all(rounds)).toEqual(rounds.map(() => ['fulfilled', 'rejected']));
  });

  it('shows in the feed a value as released before it is taken again, whoever races for it', async () => {
    const { store, stream, mark, feed } = bench();
    const append = claiming(bench());
    const start = await mark();
    const writer = async (n: number) => {
      const own = stream(`w${n}`);
      for (let revision = 0, turns = 0; turns < 6;) {
        const taken = await append(own, revision, 'Taken', ['baton']).catch(ifTaken);
        if (!taken) continue;
        await append(own, taken.revision, 'Released', [], ['baton']);
        revision = taken.revision + 1;
        turns += 1;
      }
    };
    await Promise.all(Array.from({ length: 6 }, (_, n) => writer(n)));
    const events = await eventually(
      () => feed(start),
      (found) => found.length === 72,
    );
    expect(types(events)).toEqual(Array.from({ length: 72 }, (_, n) => (n % 2 === 0 ? 'Taken' : 'Released')));
    for (let n = 0; n < 72; n += 2) expect(events[n]!.stream).toBe(events[n + 1]!.stream);
    expect(await store.read(stream('w0'))).toHaveLength(12);
  });
};

const ifTaken = (error: unknown): Awaited<ReturnType<EventStore['append']>> | undefined => {
  if (error instanceof ClaimTaken) return undefined;
  throw error;
};
