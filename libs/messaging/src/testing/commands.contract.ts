import { describe, expect, it } from '@jest/globals';
import { Rejected, streamName, type Place } from '@tenure/eventing';
import { memorySealer } from '@tenure/eventing/testing';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastValueFrom } from 'rxjs';
import { ask, keysOf, messageOf, TENANT, until, upTo } from './asking.ts';
import { setTally } from './tally-service.ts';
import type { Stage } from './stage.ts';

/** The most that ran at one instant. */
const mostAtOnce = (runs: readonly { startedAt: number; endedAt: number }[]) =>
  Math.max(
    ...runs.map(({ startedAt }) => runs.filter((run) => run.startedAt <= startedAt && run.endedAt > startedAt).length),
  );

export const commandsContract = (onStage: () => Stage): void =>
  describe('commands', () => {
    const runsOf = (key: string) => onStage().journal.runs.filter((run) => run.key === key);
    const valuesOf = async (key: string) =>
      (await onStage().world.store.read(streamName('tally', TENANT, key))).map(({ data }) => data['value']);
    const newKey = () => keysOf('tally', 1)[0]!;

    it('are answered with what the handler returns, as JSON', async () => {
      const { client } = onStage();
      const answer = { at: new Date(0), gone: undefined, text: 'Müller 🌱', list: [1, null] };
      expect(await ask(client, 'tally.echo', newKey(), { answer })).toEqual({
        at: '1970-01-01T00:00:00.000Z',
        text: 'Müller 🌱',
        list: [1, null],
      });
      expect(await ask(client, 'tally.echo', newKey(), { answer: null })).toBeNull();
      expect(await ask(client, 'tally.echo', newKey())).toBeUndefined();
    });

    it('are answered when they are large', async () => {
      const answer = 'x'.repeat(3 * 1024 * 1024);
      const [large, small] = await Promise.all([
        ask<string>(onStage().client, 'tally.echo', newKey(), { answer }),
        ask(onStage().client, 'tally.echo', newKey(), { answer: 1 }),
      ]);
      expect(large.length).toBe(answer.length);
      expect(small).toBe(1);
    });

    it('bring a refusal back as it was thrown', async () => {
      const refused = await ask(onStage().client, 'tally.refuse', newKey()).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(Rejected);
      expect(refused).toMatchObject({
        kind: 'unprocessable',
        code: 'tally/refused',
        message: 'A rule said no.',
        errors: [{ field: 'value', message: 'It is odd.' }],
      });
    });

    it('tell the asker of a failure, and nothing about it', async () => {
      await expect(ask(onStage().client, 'tally.fail', newKey())).rejects.toEqual(new Error('internal'));
      await expect(ask(onStage().client, 'tally.unknown', newKey())).rejects.toEqual(new Error('internal'));
    });

    it('run in order per key, and keys run at the same time', async () => {
      const keys = keysOf('ordered', 8);
      const asked = keys.flatMap((key) =>
        upTo(6).map((value) => ask(onStage().client, 'tally.set-slowly', key, { value, ms: 20 })),
      );
      await Promise.all(asked);
      for (const key of keys) {
        expect(await valuesOf(key)).toEqual(upTo(6));
        expect(mostAtOnce(runsOf(key))).toBe(1);
      }
      expect(mostAtOnce(keys.flatMap(runsOf))).toBeGreaterThan(4);
    });

    it('have a place that goes up with each command of a key', async () => {
      const key = newKey();
      const places: Place[] = [];
      for (const _ of upTo(3)) places.push(await ask(onStage().client, 'tally.place', key));
      expect(new Set(places.map(({ log }) => log)).size).toBe(1);
      expect(places.map(({ offset }) => offset)).toEqual(places.map(({ offset }) => offset).toSorted((a, b) => a - b));
      expect(new Set(places.map(({ offset }) => offset)).size).toBe(3);
      expect(Math.abs(places[0]!.at - Date.now())).toBeLessThan(60_000);
    });

    it('that await no reply are run all the same', async () => {
      const key = newKey();
      await lastValueFrom(onStage().client.emit('tally.set', messageOf(key, { value: 7 })), {
        defaultValue: undefined,
      });
      await until(
        () => valuesOf(key),
        (values) => values.length === 1,
      );
    });

    it('get no reply after their deadline, and are not run after it', async () => {
      const key = newKey();
      const slow = ask(onStage().client, 'tally.set-slowly', key, { value: 1, ms: 2000 }, { deadlineMs: 1000 });
      const behind = ask(onStage().client, 'tally.set', key, { value: 2 }, { deadlineMs: 1300 });
      await expect(slow).rejects.toMatchObject({ kind: 'unavailable', code: 'transport/no-reply' });
      expect(runsOf(key)).toMatchObject([{ endedAt: 0 }]);
      await expect(behind).rejects.toMatchObject({ code: 'transport/no-reply' });
      await ask(onStage().client, 'tally.set', key, { value: 3 });
      expect(await valuesOf(key)).toEqual([1, 3]);
    });

    it('that are repeated are answered with their first result, also after a restart', async () => {
      const { client, add, remove, replicas } = onStage();
      const key = newKey();
      const commandId = randomUUID();
      const first = await ask(client, 'tally.set', key, { value: 1 }, { commandId });
      await ask(client, 'tally.set', key, { value: 2 });
      expect(await ask(client, 'tally.set', key, { value: 1 }, { commandId })).toEqual(first);

      await remove(replicas[0]!);
      await add();
      expect(await ask(client, 'tally.set', key, { value: 1 }, { commandId })).toEqual(first);
      expect(await valuesOf(key)).toEqual([1, 2]);
    });

    it('that were no-ops undo nothing when they are delivered again', async () => {
      const { client, world } = onStage();
      const key = newKey();
      await ask(client, 'tally.set', key, { value: 1 });
      const place: Place = await ask(client, 'tally.place', key);
      await ask(client, 'tally.set', key, { value: 2 });
      const again = await setTally(
        { store: world.store, sealer: memorySealer() },
        { ...messageOf(key, {}), payload: { value: 1 } },
        { place },
      );
      expect(again.value).toBe(2);
      expect(await valuesOf(key)).toEqual([1, 2]);
    });

    it('that take longer than a session run once, and hold up nobody', async () => {
      const { client, add, remove, replicas, world } = onStage();
      const key = newKey();
      const slow = ask(client, 'tally.set-slowly', key, { value: 1, ms: world.sessionMs * 1.4 });
      const answeredAt: number[] = [];
      const stopAt = Date.now() + world.sessionMs * 1.2;
      while (Date.now() < stopAt) {
        await ask(client, 'tally.set', newKey(), { value: 1 });
        answeredAt.push(performance.now());
        await sleep(20);
      }
      expect(await slow).toEqual({ value: 1, revision: 1 });
      expect(answeredAt.filter((at) => at < runsOf(key)[0]!.endedAt).length).toBeGreaterThan(3);

      await remove(replicas[0]!);
      await add();
      await ask(client, 'tally.set', key, { value: 2 });
      expect(runsOf(key)).toHaveLength(2);
    });

    it('that run while their server closes are finished and answered', async () => {
      const { client, remove, replicas, add } = onStage();
      const key = newKey();
      const slow = ask(client, 'tally.set-slowly', key, { value: 1, ms: 500 });
      await until(
        () => runsOf(key),
        (runs) => runs.length === 1,
      );
      await remove(replicas[0]!);
      expect(runsOf(key)[0]!.endedAt).toBeGreaterThan(0);
      expect(await slow).toEqual({ value: 1, revision: 1 });
      await add();
      expect(runsOf(key)).toHaveLength(1);
    });

    it('wait for a server, up to their deadline', async () => {
      const { client, remove, replicas, add } = onStage();
      await remove(replicas[0]!);
      const [lost, waiting] = [newKey(), newKey()];
      const late = ask(client, 'tally.set', lost, { value: 1 }, { deadlineMs: 300 });
      const early = ask(client, 'tally.set', waiting, { value: 1 });
      await expect(late).rejects.toMatchObject({ code: 'transport/no-reply' });
      await add();
      expect(await early).toEqual({ value: 1, revision: 1 });
      expect(await valuesOf(lost)).toEqual([]);
    });
  });
