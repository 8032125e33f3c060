import { expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Position, StoredEvent } from '../../event.ts';
import { eventually, types, type Bench } from './kit.ts';

/** Following: what `subscribe` promises. */
export const subscribeContract = (bench: () => Bench): void => {
  const collecting = ({ store, tenantId }: Bench, after: Position, categories?: readonly string[]) => {
    const seen: StoredEvent[] = [];
    const subscription = store.subscribe(after, { categories }, async (event) => {
      if (event.metadata.tenantId === tenantId) seen.push(event);
    });
    const until = (count: number) =>
      eventually(
        () => seen,
        ({ length }) => length >= count,
        20_000,
      );
    return { seen, until, ...subscription };
  };

  it('catches up, then follows, in order', async () => {
    const { store, stream, event, mark } = bench();
    const start = await mark();
    await store.append({ stream: stream('ada'), expected: 0, events: [event('1'), event('2')] });
    const following = collecting(bench(), start);
    expect(types(await following.until(2))).toEqual(['1', '2']);
    await store.append({ stream: stream('ada'), expected: 2, events: [event('3')] });
    await store.append({ stream: stream('ben', 'group'), expected: 0, events: [event('4')] });
    expect(types(await following.until(4))).toEqual(['1', '2', '3', '4']);
    await following.stop();
    await following.ended;
  });

  it('follows only the categories that are asked for', async () => {
    const { store, stream, event, mark } = bench();
    const following = collecting(bench(), await mark(), ['group']);
    for (const n of [0, 1, 2]) {
      await store.append({ stream: stream(`${n}`), expected: 0, events: [event('User')] });
      await store.append({ stream: stream(`${n}`, 'group'), expected: 0, events: [event(`Group${n}`)] });
    }
    expect(types(await following.until(3))).toEqual(['Group0', 'Group1', 'Group2']);
    await following.stop();
  });

  it('hands over one event at a time', async () => {
    const { store, stream, event, mark, tenantId } = bench();
    let [running, most, handled] = [0, 0, 0];
    const start = await mark();
    await store.append({ stream: stream('ada'), expected: 0, events: ['1', '2', '3', '4'].map((type) => event(type)) });
    const { stop } = store.subscribe(start, {}, async ({ metadata }) => {
      if (metadata.tenantId !== tenantId) return;
      most = Math.max(most, ++running);
      await sleep(5);
      running -= 1;
      handled += 1;
    });
    await eventually(
      () => handled,
      (count) => count === 4,
    );
    await stop();
    expect({ most, handled }).toEqual({ most: 1, handled: 4 });
  });

  it('stops after the handler that runs, and hands over nothing more', async () => {
    const { store, stream, event, mark, tenantId } = bench();
    const start = await mark();
    await store.append({ stream: stream('ada'), expected: 0, events: [event('1'), event('2')] });
    const seen: string[] = [];
    const subscription = store.subscribe(start, {}, async ({ type, metadata }) => {
      if (metadata.tenantId !== tenantId) return;
      seen.push(`${type} begins`);
      await sleep(100);
      seen.push(`${type} ends`);
    });
    await eventually(
      () => seen.length,
      (count) => count > 0,
    );
    await subscription.stop();
    expect(seen).toEqual(['1 begins', '1 ends']);
    await subscription.ended;
    await sleep(50);
    expect(seen).toHaveLength(2);
  });

  it('ends with the error that the handler throws, and hands over nothing more', async () => {
    const { store, stream, event, mark, tenantId } = bench();
    const start = await mark();
    await store.append({ stream: stream('ada'), expected: 0, events: [event('1'), event('2')] });
    const seen: string[] = [];
    const { ended, stop } = store.subscribe(start, {}, async ({ type, metadata }) => {
      if (metadata.tenantId !== tenantId) return;
      seen.push(type);
      throw new Error(`cannot handle ${type}`);
    });
    await expect(ended).rejects.toThrow('cannot handle 1');
    await stop();
    expect(seen).toEqual(['1']);
  });

  it('goes on where it was after the connection broke', async () => {
    const { store, stream, event, mark, interrupt } = bench();
    const following = collecting(bench(), await mark());
    await store.append({ stream: stream('ada'), expected: 0, events: [event('1')] });
    await following.until(1);
    await interrupt();
    const write = { stream: stream('ada'), expected: 1, events: [event('2')] };
    await eventually(
      () =>
        store.append(write).then(
          () => true,
          () => false,
        ),
      Boolean,
    );
    expect(types(await following.until(2))).toEqual(['1', '2']);
    await following.stop();
  });

  it('stops all subscriptions when the store is closed', async () => {
    const { mark, reopen } = bench();
    const start = await mark();
    const again = await reopen();
    const { ended } = again.subscribe(start, {}, async () => {});
    await again.close();
    await ended;
  });
};
