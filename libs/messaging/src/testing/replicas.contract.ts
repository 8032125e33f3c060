import { describe, expect, it } from '@jest/globals';
import { streamName } from '@tenure/eventing';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, askUntilAnswered, keysOf, setMany, TENANT, until, upTo } from './asking.ts';
import type { Stage } from './stage.ts';
import { seenOf } from './world.ts';

/** Every command had its effect once, in order, and every fact of it arrived once. */
const expectNothingLostNorDoubled = async ({ world }: Stage, keys: readonly string[], last: number) => {
  for (const key of keys) {
    const stream = streamName('tally', TENANT, key);
    expect((await world.store.read(stream)).map(({ data }) => data['value'])).toEqual(upTo(last));
    expect(
      await until(
        () => seenOf(world.database, stream),
        (revisions) => revisions.length >= last,
        45_000,
      ),
    ).toEqual(upTo(last));
  }
};

export const replicasContract = (onStage: () => Stage): void => {
  describe('replicas', () => {
    it('may come and go under load: nothing is lost, nothing is done twice', async () => {
      const { client, add, remove, replicas } = onStage();
      const keys = keysOf('load', 12);
      let loading = true;
      const changes = async () => {
        while (loading) {
          await add();
          await sleep(300);
          await remove(replicas[0]!);
          await sleep(300);
        }
      };
      const changing = changes();
      for (let round = 1; round <= 3; round++)
        await setMany(
          client,
          keys.map((key) => `${key}.${round}`),
          25,
        );
      loading = false;
      await changing;
      await expectNothingLostNorDoubled(
        onStage(),
        keys.flatMap((key) => [1, 2, 3].map((round) => `${key}.${round}`)),
        25,
      );
    }, 180_000);
  });

  describe('replicas that join while commands run', () => {
    it('may run them a second time, with one effect and the same answer', async () => {
      const { client, add, world } = onStage();
      const keys = keysOf('moved', 8);
      const slow = keys.map((key) => ask(client, 'tally.set-slowly', key, { value: 1, ms: 2000 }));
      await sleep(300);
      await add();
      for (const answer of slow) expect(await answer).toEqual({ value: 1, revision: 1 });
      await setMany(client, keys, 2);
      await sleep(1500);
      for (const key of keys)
        expect((await world.store.read(streamName('tally', TENANT, key))).map(({ data }) => data['value'])).toEqual([
          1, 2,
        ]);
    });
  });
};

export const brokerContract = (onStage: () => Stage): void =>
  describe('the broker', () => {
    it.each(['stop', 'kill'] as const)(
      'may %s and start again under load: nothing is lost, nothing is done twice',
      async (end) => {
        const { client, world } = onStage();
        const keys = keysOf('outage', 12);
        const loading = setMany(client, keys, 40);
        await sleep(200);
        await world.broker![end]();
        await sleep(2000);
        await world.broker!.start();
        await loading;
        expect(await askUntilAnswered(client, 'tally.set', keys[0]!, { value: 40 })).toEqual({
          value: 40,
          revision: 40,
        });
        await expectNothingLostNorDoubled(onStage(), keys, 40);
      },
      180_000,
    );
  });
