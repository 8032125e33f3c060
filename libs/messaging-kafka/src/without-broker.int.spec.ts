import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { ask } from '@tenure/messaging/testing';
import { kafkaTransport } from './kafka-transport.ts';
import { aesSealer } from './testing/aes-sealer.ts';

describe('a transport whose broker is not there', () => {
  it('is not ready, answers by the deadline that no reply came, and can be closed', async () => {
    Logger.overrideLogger(false);
    const transport = kafkaTransport({
      brokers: ['127.0.0.1:1'],
      clientId: 'test',
      instanceId: 'i',
      sealer: aesSealer,
      factTopics: ['facts'],
    });
    const client = transport.client({ commandTopic: 'commands' });
    const startedAt = Date.now();
    await expect(ask(client, 'anything', 'ada', {}, { deadlineMs: 300 })).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'transport/no-reply',
    });
    expect(Date.now() - startedAt).toBeLessThan(10_000);
    expect((await transport.status()).ready).toBe(false);
    await transport.close();
  });
});
