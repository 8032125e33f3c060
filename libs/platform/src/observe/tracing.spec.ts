import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { currentTraceparent, inSpan, SpanKind } from '@tenure/eventing';
import { startTracing } from './tracing.ts';

/** An endpoint of OTLP over HTTP that keeps what it is sent. */
const collector = async () => {
  const received: { method?: string; url?: string; body: string }[] = [];
  const receive = async (request: IncomingMessage, response: ServerResponse) => {
    received.push({ method: request.method, url: request.url, body: await text(request) });
    response.setHeader('content-type', 'application/json').end('{}');
  };
  const server = createServer((request, response) => void receive(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    received,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
};

describe('tracing', () => {
  it('sends what was recorded to the endpoint, the last of it at shutdown, and can be started again', async () => {
    const { received, endpoint, close } = await collector();
    for (const service of ['first-service', 'second-service']) {
      const stop = startTracing(service, endpoint);
      await inSpan(
        { name: 'user.create', kind: SpanKind.SERVER, attributes: { 'tenure.key': 'key-1' } },
        async () => undefined,
      );
      await stop();
    }
    await close();
    expect(received).toMatchObject(
      ['first-service', 'second-service'].map(() => ({ method: 'POST', url: '/v1/traces' })),
    );
    expect(
      received.map(({ body }) =>
        ['first-service', 'second-service', 'user.create', 'key-1'].filter((word) => body.includes(word)),
      ),
    ).toEqual([
      ['first-service', 'user.create', 'key-1'],
      ['second-service', 'user.create', 'key-1'],
    ]);
  });

  it('is off where no endpoint is set', async () => {
    const stop = startTracing('service', undefined);
    expect(
      await inSpan({ name: 'work', kind: SpanKind.INTERNAL, attributes: {} }, async () => currentTraceparent()),
    ).toBeUndefined();
    await stop();
  });
});
