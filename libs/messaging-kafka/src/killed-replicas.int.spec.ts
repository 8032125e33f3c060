import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ClientProxy } from '@nestjs/microservices';
import { streamName } from '@tenure/eventing';
import {
  ask,
  factTables,
  keysOf,
  prepareSeen,
  seenOf,
  setMany,
  startReplica,
  TENANT,
  until,
  upTo,
} from '@tenure/messaging/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaTransport } from './kafka-transport.ts';
import { hasKafka, sharedBroker } from './testing/brokers.ts';
import { openKafkaWorld, type KafkaWorld } from './testing/kafka-world.ts';
import { startReplicaProcess, type ReplicaProcess } from './testing/replica-process.ts';

const describeWithKafka = hasKafka() ? describe : describe.skip;

describeWithKafka('replicas that are killed (needs Kafka)', () => {
  let world: KafkaWorld;
  let asking: KafkaTransport;
  let client: ClientProxy;
  const replicas: ReplicaProcess[] = [];
  const add = async () => void replicas.push(await startReplicaProcess(world));
  const kill = () => replicas.shift()!.kill();

  beforeAll(async () => {
    world = await openKafkaWorld({ brokers: sharedBroker(), close: async () => {} });
    await world.database.query(factTables('public'));
    await prepareSeen(world.database);
    asking = await world.join();
    client = asking.client({ commandTopic: world.commandTopic });
    await Promise.all([asking.ready(), add(), add()]);
  });
  afterAll(async () => {
    await Promise.all(replicas.map((replica) => replica.kill()));
    await asking.close();
    await world.close();
  });

  it('make requests slow, not refused', async () => {
    await add();
    const waiting = Promise.all(keysOf('slow', 200).map((key) => ask(client, 'tally.set', key, { value: 1 })));
    await kill();
    const asked = keysOf('slower', 50).map((key) => ask(client, 'tally.set', key, { value: 1 }));
    expect(await Promise.all([...asked, ...(await waiting)])).toHaveLength(250);
  });

  it('are given up by who takes their place before their session is over', async () => {
    const others = { ...world, commandTopic: `${world.commandTopic}.taken-over`, sessionMs: 60_000 };
    const killed = await startReplicaProcess(others);
    await killed.kill();
    const started = performance.now();
    const heir = await startReplica(others, { runs: [], poison: new Set() }, 'heir');
    expect(performance.now() - started).toBeLessThan(others.sessionMs - 10_000);
    await heir.stop();
  });

  it('under load, lose nothing and do nothing twice', async () => {
    const keys = keysOf('killed', 16);
    let loading = true;
    const disasters = async () => {
      for (let round = 0; round < 3; round++) {
        await sleep(1500);
        await kill();
        await add();
      }
      loading = false;
    };
    const asked: string[] = [];
    const load = async () => {
      for (let round = 0; loading; round++) {
        const these = keys.map((key) => `${key}.${round}`);
        asked.push(...these);
        await setMany(client, these, 20);
      }
    };
    await Promise.all([disasters(), load()]);

    for (const key of asked) {
      const stream = streamName('tally', TENANT, key);
      expect((await world.store.read(stream)).map(({ data }) => data['value'])).toEqual(upTo(20));
      expect(
        await until(
          () => seenOf(world.database, stream),
          (revisions) => revisions.length >= 20,
        ),
      ).toEqual(upTo(20));
    }
  }, 180_000);
});
