import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Controller, Logger, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type { Position } from '@tenure/eventing';
import { streamName } from '@tenure/eventing';
import { ErrorsReachTransport, type CommandContext, type CommandMessage, type Fact } from '@tenure/messaging';
import { ask, keysOf, until, upTo } from '@tenure/messaging/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { kafkaOf } from './connection.ts';
import { kafkaTransport, type KafkaTransport } from './kafka-transport.ts';
import { aesSealer } from './testing/aes-sealer.ts';
import { hasKafka, sharedBroker } from './testing/brokers.ts';
import { readTopics } from './testing/read-topics.ts';

const describeWithKafka = hasKafka() ? describe : describe.skip;

const factOf = (id: string, revision: number): Fact => ({
  id: `${id}-${revision}`,
  type: 'TallySet',
  schemaVersion: 1,
  data: { value: revision },
  metadata: {
    tenantId: 'acme',
    actor: { kind: 'system', id: 's' },
    commandId: 'c',
    correlationId: 'c',
    causationId: 'c',
    occurredAt: '2026-01-05T09:00:00.000Z',
  },
  stream: streamName('tally', 'acme', id),
  revision,
  position: '' as Position,
  recordedAt: '2026-01-05T09:00:00.000Z',
});

describeWithKafka('a service on Kafka (needs Kafka)', () => {
  const sessionMs = 6000;
  let commandTopic: string;
  let factTopic: string;
  let opened: { close: () => Promise<void> }[];
  Logger.overrideLogger(false);

  const open = (): KafkaTransport => {
    const transport = kafkaTransport({
      brokers: [sharedBroker()],
      clientId: 'test',
      instanceId: randomUUID(),
      sealer: aesSealer,
      factTopics: [factTopic],
      partitions: 4,
      sessionMs,
    });
    opened.unshift(transport);
    return transport;
  };
  const serve = async (controller: Type): Promise<KafkaTransport> => {
    @Module({ controllers: [controller] })
    class ServedModule {}
    const transport = open();
    const app = await NestFactory.createMicroservice(ServedModule, {
      strategy: transport.server({ consumer: 'service', commandTopic }),
      logger: false,
    });
    app.useGlobalFilters(new ErrorsReachTransport());
    await app.listen();
    opened.unshift(app);
    return transport;
  };

  beforeEach(() => {
    opened = [];
    const suffix = randomUUID().slice(0, 8);
    [commandTopic, factTopic] = [`commands.${suffix}`, `facts.${suffix}`];
  });
  afterEach(async () => {
    for (const part of opened) await part.close();
  });

  it('tells the wire nothing but ids: commands and replies are sealed', async () => {
    @Controller()
    class Echo {
      @MessagePattern('echo')
      echo(@Payload() { payload }: CommandMessage) {
        return payload;
      }
    }
    await serve(Echo);
    const asking = open();
    expect(await ask(asking.client({ commandTopic }), 'echo', 'id-of-ada', { email: 'ada@plum.example' })).toEqual({
      email: 'ada@plum.example',
    });
    const admin = kafkaOf({ brokers: [sharedBroker()], clientId: 'spy' }).data.admin();
    await admin.connect();
    const replies = (await admin.listTopics()).filter((topic) => topic.startsWith(`${commandTopic}.replies.`));
    expect(replies).toHaveLength(1);
    const wire = JSON.stringify(await readTopics(sharedBroker(), (topic) => topic.startsWith(commandTopic)));
    expect(wire).toContain('id-of-ada');
    expect(wire).not.toContain('plum');

    await asking.close();
    expect((await admin.listTopics()).filter((topic) => topic.startsWith(`${commandTopic}.replies.`))).toEqual([]);
    await admin.disconnect();
  });

  it('says when it has joined, and how much waits for it', async () => {
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    @Controller()
    class Stuck {
      @MessagePattern('wait')
      wait() {
        return released;
      }

      @EventPattern<string>(factTopic)
      consume() {
        return released;
      }
    }
    const transport = await serve(Stuck);
    expect((await transport.status()).ready).toBe(true);
    const asking = open();
    const client = asking.client({ commandTopic });
    expect((await asking.status()).ready).toBe(false);
    await asking.ready();
    expect((await asking.status()).ready).toBe(true);

    const asked = keysOf('waits', 5).map((key) => ask(client, 'wait', key));
    await asking.publishFacts(factTopic)([factOf('a', 1), factOf('a', 2)]);
    const waiting = async () => {
      const { inFlight, lag } = await transport.status();
      const sum = (topic: string) =>
        lag.filter((one) => one.topic === topic).reduce((total, one) => total + one.waiting, 0);
      return { inFlight, commands: sum(commandTopic), facts: sum(factTopic) };
    };
    expect(await until(waiting, ({ inFlight, facts }) => inFlight === 5 && facts === 2)).toEqual({
      inFlight: 5,
      commands: 5,
      facts: 2,
    });
    release();
    await Promise.all(asked);
    await until(waiting, ({ inFlight, commands, facts }) => inFlight + commands + facts === 0);
  });

  it('keeps its partitions while a batch of facts takes longer than a session or fails, and other partitions go on', async () => {
    const seen: string[] = [];
    let failures = 0;
    @Controller()
    class Consumer {
      @EventPattern<string>(factTopic)
      async consume(@Payload() facts: readonly Fact[]) {
        if (facts.some(({ stream }) => stream.endsWith('_slow'))) await sleep(sessionMs * 1.3);
        if (facts.some(({ stream }) => stream.endsWith('_bad')) && ++failures < 4) throw new Error('not yet');
        seen.push(...facts.map(({ id }) => id));
      }
    }
    await serve(Consumer);
    const publish = open().publishFacts(factTopic);
    const others = keysOf('other', 20);
    await publish([factOf('slow', 1), factOf('bad', 1), factOf('bad', 2), ...others.map((key) => factOf(key, 1))]);
    await until(
      () => seen.length,
      (count) => count >= 3,
      3000,
    );
    await until(
      () => seen.length,
      (count) => count >= 23,
      20_000,
    );
    expect(new Set(seen)).toEqual(new Set(['slow-1', 'bad-1', 'bad-2', ...others.map((key) => `${key}-1`)]));
    expect(seen).toHaveLength(23);
    expect(failures).toBe(4);
  });

  it('hands all facts again to a consumer that was rewound while it was closed', async () => {
    const seen: string[] = [];
    @Controller()
    class Consumer {
      @EventPattern<string>(factTopic)
      consume(@Payload() facts: readonly Fact[]) {
        seen.push(...facts.map(({ id }) => id));
      }
    }
    const first = await serve(Consumer);
    const publishing = open();
    await publishing.publishFacts(factTopic)([factOf('ada', 1), factOf('ada', 2)]);
    await until(
      () => seen.length,
      (count) => count === 2,
    );
    await first.close();
    await publishing.rewind('service', factTopic);
    await serve(Consumer);
    await until(
      () => seen.length,
      (count) => count === 4,
    );
    expect(seen).toEqual(['ada-1', 'ada-2', 'ada-1', 'ada-2']);
  });

  it('holds what it can of a partition that is stuck, goes on with the others, and loses nothing', async () => {
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    const done: string[] = [];
    @Controller()
    class PartlyStuck {
      @MessagePattern('run')
      async run(@Payload() { key, commandId }: CommandMessage) {
        if (key === 'stuck') await released;
        done.push(commandId);
      }
    }
    const transport = await serve(PartlyStuck);
    const asking = open();
    const client = asking.client({ commandTopic });
    await asking.ready();
    const ids = upTo(600).map((number) => `stuck-${number}`);
    const stuck = ids.map((commandId) => ask(client, 'run', 'stuck', {}, { commandId, deadlineMs: 40_000 }));
    await until(
      async () => (await transport.status()).inFlight,
      (count) => count >= 256,
    );
    await sleep(1000);
    expect((await transport.status()).inFlight).toBeLessThan(300);
    const others = await Promise.allSettled(
      keysOf('free', 40).map((key) => ask(client, 'run', key, {}, { deadlineMs: 15_000 })),
    );
    // Those of the stuck partition wait with it.
    expect(others.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(20);
    release();
    await Promise.all(stuck);
    expect(done.filter((id) => id.startsWith('stuck'))).toEqual(ids);
  });

  it('goes on answering others when an asker is gone', async () => {
    @Controller()
    class Slow {
      @MessagePattern('slow')
      async slow() {
        await sleep(800);
        return 'done';
      }
    }
    await serve(Slow);
    const [leaving, staying] = [open(), open()];
    const [leavingClient, stayingClient] = [leaving.client({ commandTopic }), staying.client({ commandTopic })];
    await Promise.all([leaving.ready(), staying.ready()]);
    await ask(leavingClient, 'slow', 'warm up');
    const lost = ask(leavingClient, 'slow', 'a').catch((error: unknown) => error);
    await sleep(300);
    await leaving.close();
    expect(await lost).toMatchObject({ code: 'transport/no-reply' });
    for (const key of keysOf('stays', 3))
      expect(await ask(stayingClient, 'slow', key, {}, { deadlineMs: 15_000 })).toBe('done');
  });

  it('hears of a command again with the same place when its offset was not committed', async () => {
    const places: CommandContext['place'][] = [];
    @Controller()
    class Noting {
      @MessagePattern('note')
      note(@Ctx() { place }: CommandContext) {
        places.push(place);
      }
    }
    const first = await serve(Noting);
    const asking = open();
    await ask(asking.client({ commandTopic }), 'note', 'ada');
    await opened.shift()!.close();
    await first.close();
    const admin = kafkaOf({ brokers: [sharedBroker()], clientId: 'rewind' }).data.admin();
    await admin.connect();
    await admin.resetOffsets({ groupId: `service.${commandTopic}`, topic: commandTopic, earliest: true });
    await admin.disconnect();
    await serve(Noting);
    await until(
      () => places.length,
      (count) => count === 2,
    );
    expect(places[1]).toEqual(places[0]);
  });
});
