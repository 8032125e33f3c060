import { expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClaimTaken, ForeignPosition, StaleStream } from '../../event-store.ts';
import type { StoredEvent } from '../../event.ts';
import { eventually, types, type Bench } from './kit.ts';

const WRITERS = 12;
const STREAMS = 8;
const APPENDS = 25;

/** The feed: what `readAll` promises. */
export const feedContract = (bench: () => Bench): void => {
  it('reads all events page by page, missing none', async () => {
    const { store, stream, event, mark } = bench();
    const start = await mark();
    await store.append({ stream: stream('ada'), expected: 0, events: [event('1'), event('2')] });
    await store.append({ stream: stream('ben', 'group'), expected: 0, events: [event('3')] });
    await store.append({ stream: stream('ada'), expected: 2, events: [event('4'), event('5')] });
    for (const limit of [1, 2, 3, 100]) {
      const found = await eventually(
        () => bench().feed(start, { limit }),
        ({ length }) => length === 5,
      );
      expect(types(found)).toEqual(['1', '2', '3', '4', '5']);
    }
  });

  it('begins with the first event where no position is given', async () => {
    const { store, mark } = bench();
    await mark();
    const [first, second] = await eventually(
      () => store.readAll(undefined, { limit: 1 }),
      ({ length }) => length === 1,
    );
    expect(first).toBeDefined();
    expect(second).toBeUndefined();
    expect((await store.readAll(first!.position, { limit: 1 }))[0]?.id).not.toBe(first!.id);
  });

  it('has the same positions as the streams and as the append answered', async () => {
    const { store, stream, event, mark, feed } = bench();
    const start = await mark();
    const { position } = await store.append({ stream: stream('ada'), expected: 0, events: [event('1'), event('2')] });
    const found = await eventually(
      () => feed(start),
      ({ length }) => length === 2,
    );
    expect(found).toEqual(await store.read(stream('ada')));
    expect(found.at(-1)!.position).toBe(position);
    expect(await feed(position)).toEqual([]);
  });

  it('reads only the categories that are asked for', async () => {
    const { store, stream, event, mark, feed } = bench();
    const start = await mark();
    for (const [n, category] of ['user', 'group', 'account', 'user', 'group'].entries())
      await store.append({ stream: stream(`${n}`, category), expected: 0, events: [event(`${category}${n}`)] });
    await eventually(
      () => feed(start),
      ({ length }) => length === 5,
    );
    expect(types(await feed(start, { categories: ['user', 'account'], limit: 2 }))).toEqual([
      'user0',
      'account2',
      'user3',
    ]);
    expect(types(await feed(start, { categories: ['group'], limit: 1 }))).toEqual(['group1', 'group4']);
    expect(await feed(start, { categories: ['nothing'] })).toEqual([]);
  });

  it('loses nothing and shows nothing twice to a reader that follows concurrent writers, each stream in order', async () => {
    const { store, stream, event, mark, feed, tenantId } = bench();
    const start = await mark();
    const written = new Set<string>();
    let writing = true;

    const write = async (writer: number, n: number): Promise<void> => {
      const name = stream(`s${(writer * 7 + n) % STREAMS}`);
      const revision = (await store.read(name, { backwards: true, limit: 1 }))[0]?.revision ?? 0;
      // Now and then a claim that is held by another stream, so that some appends fail after they waited.
      const claims = n % 5 === 0 ? { take: [`${tenantId}/contended-${n % 10}`], release: [] } : undefined;
      const events = Array.from({ length: 1 + (n % 3) }, () => event('Written', { data: claims ? { claims } : {} }));
      try {
        await store.append({ stream: name, expected: revision, events, claims });
        events.forEach(({ id }) => written.add(id));
      } catch (error) {
        if (error instanceof ClaimTaken) return;
        if (!(error instanceof StaleStream)) throw error;
        await write(writer, n);
      }
    };
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      for (let n = 0; n < APPENDS; n++) await write(writer, n);
    });

    const seen: StoredEvent[] = [];
    const reader = async () => {
      let position = start;
      const isBehind = () => writing || seen.length < written.size;
      for (const deadline = Date.now() + 50_000; isBehind() && Date.now() < deadline;) {
        const page = await store.readAll(position, { limit: 7 });
        if (page.length === 0) await sleep(2);
        seen.push(...page.filter(({ metadata }) => metadata.tenantId === tenantId));
        position = page.at(-1)?.position ?? position;
      }
    };
    const reading = reader();
    await Promise.all(writers).finally(() => (writing = false));
    await reading;

    expect(seen).toHaveLength(written.size);
    expect(new Set(seen.map(({ id }) => id))).toEqual(written);
    for (let n = 0; n < STREAMS; n++) {
      const ofStream = seen.filter(({ stream: name }) => name === stream(`s${n}`));
      expect(ofStream.map(({ revision }) => revision)).toEqual(ofStream.map((_, index) => index + 1));
    }
    expect((await feed(start)).map(({ id }) => id)).toEqual(seen.map(({ id }) => id));
  });

  it('refuses a position of another store', async () => {
    const { store, foreignPosition } = bench();
    const foreign = await foreignPosition();
    await expect(store.readAll(foreign, { limit: 1 })).rejects.toBeInstanceOf(ForeignPosition);
    await expect(store.subscribe(foreign, {}, async () => {}).ended).rejects.toBeInstanceOf(ForeignPosition);
  });
};
