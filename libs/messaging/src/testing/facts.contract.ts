import { describe, expect, it } from '@jest/globals';
import { holdTable } from '@tenure/database/testing';
import { streamName } from '@tenure/eventing';
import { ask, keysOf, setMany, TENANT, until, upTo } from './asking.ts';
import type { Stage } from './stage.ts';
import { seenOf } from './world.ts';

export const factsContract = (onStage: () => Stage): void =>
  describe('facts', () => {
    const streamOf = (key: string) => streamName('tally', TENANT, key);
    const seen = (key: string) => seenOf(onStage().world.database, streamOf(key));

    it('arrive in order per stream, once in effect', async () => {
      const keys = keysOf('facts', 10);
      await setMany(onStage().client, keys, 5);
      for (const key of keys)
        expect(
          await until(
            () => seen(key),
            (revisions) => revisions.length >= 5,
          ),
        ).toEqual(upTo(5));
    });

    it('that came while nobody consumed arrive after a restart', async () => {
      const { client, add, remove, replicas, world } = onStage();
      const [key] = keysOf('missed', 1) as [string];
      await ask(client, 'tally.set', key, { value: 1 });
      await until(
        () => seen(key),
        (revisions) => revisions.length === 1,
      );
      await remove(replicas[0]!);
      const before = await world.store.read(streamOf(key));
      await world.store.append({
        stream: streamOf(key),
        expected: 1,
        events: [2, 3].map((value) => ({ ...before[0]!, id: `${before[0]!.id}-${value}`, data: { value } })),
      });
      await add();
      expect(
        await until(
          () => seen(key),
          (revisions) => revisions.length >= 3,
        ),
      ).toEqual([1, 2, 3]);
    });

    it('that wait show in the age of what their consumer has not handled, until it has', async () => {
      const { client, replicas, world } = onStage();
      const [key] = keysOf('waits', 1) as [string];
      const name = `tally/${world.factTopic}`;
      const lag = async () => replicas[0]!.transport.consumers().find((consumer) => consumer.name === name)!;
      await until(lag, ({ lagMs, failing }) => lagMs === 0 && failing === undefined);
      const { release } = await holdTable(world.database, 'seen');
      await ask(client, 'tally.set', key, { value: 1 });
      const { lagMs } = await until(lag, (seenNow) => seenNow.lagMs > 300);
      expect((await until(lag, (seenNow) => seenNow.lagMs > lagMs + 300)).lagMs).toBeLessThan(60_000);
      await release();
      await until(lag, (seenNow) => seenNow.lagMs === 0);
      expect(await seen(key)).toEqual([1]);
    });

    it('that can not be applied are parked with their stream, while others go on, and are replayed in order', async () => {
      const { client, journal, replicas } = onStage();
      const [bad, good] = keysOf('poison', 2) as [string, string];
      const consumer = replicas[0]!.facts;
      const parked = async () => (await consumer.parked()).filter(({ stream }) => stream === streamOf(bad));
      journal.poison.add(streamOf(bad));
      await setMany(client, [bad, good], 3);
      expect(
        await until(
          () => seen(good),
          (revisions) => revisions.length >= 3,
        ),
      ).toEqual(upTo(3));
      await until(parked, ({ length }) => length === 3);
      expect((await parked()).map(({ reason }) => reason)).toEqual([
        'tally/poison: It can not be applied.',
        null,
        null,
      ]);
      expect(await seen(bad)).toEqual([]);

      journal.poison.clear();
      expect(await consumer.replay(streamOf(bad))).toEqual({ applied: 3, left: false });
      expect(await seen(bad)).toEqual(upTo(3));
    });
  });
