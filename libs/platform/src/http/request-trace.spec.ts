import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post, Query, Req } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { recordSpans, type RecordedSpans } from '@tenure/eventing/testing';
import type { FastifyRequest } from 'fastify';
import { openLog } from '../observe/logging.ts';
import { openMetrics } from '../observe/metrics.ts';
import { createHttpApp } from './create-app.ts';
import { traceparentOf } from './request-trace.ts';

@Controller('people')
class PeopleController {
  @Get(':id')
  find(@Req() request: FastifyRequest, @Query() _query: object) {
    return { traceparent: traceparentOf(request) };
  }

  @Post()
  fail() {
    throw new Error('ada@plum.example can not be made');
  }
}
class PeopleModule {}

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;

let recorded: RecordedSpans | undefined;
let app: NestFastifyApplication;
let origin: string;
const open = async () => {
  app = await createHttpApp(
    { module: PeopleModule, controllers: [PeopleController] },
    { log: openLog('test', 'silent'), metrics: openMetrics('test') },
  );
  await app.listen(0, '127.0.0.1');
  origin = await app.getUrl();
};
beforeEach(open);
afterEach(async () => {
  await app.close();
  await recorded?.stop();
  recorded = undefined;
});

describe('a request', () => {
  it('continues the trace of its header, and shows neither path nor query', async () => {
    recorded = recordSpans();
    const response = await fetch(`${origin}/people/u-1?filter=ada`, { headers: { traceparent } });
    const seen = (await response.json()) as { traceparent: string };
    await app.close();
    const [span] = recorded.ended(traceId);
    expect(span!.name).toBe('GET /people/:id');
    expect(span!.attributes).toEqual({
      'http.request.method': 'GET',
      'http.route': '/people/:id',
      'url.scheme': 'http',
      'tenure.correlation.id': expect.any(String),
      'http.response.status_code': 200,
    });
    expect(seen.traceparent).toBe(`00-${traceId}-${span!.spanContext().spanId}-01`);
  });

  it('that fails is an error without its message; one that leads nowhere has no route', async () => {
    recorded = recordSpans();
    await fetch(`${origin}/people`, { method: 'POST' });
    await fetch(`${origin}/ada@plum.example`);
    await app.close();
    expect(recorded.ended().map(({ name, attributes, status }) => [name, attributes['error.type'], status])).toEqual([
      ['POST /people', '500', { code: 2 }],
      ['GET', undefined, { code: 0 }],
    ]);
  });

  it('without tracing keeps a trace that it came with, where its header is one', async () => {
    const ask = async (sent: string) =>
      (await fetch(`${origin}/people/u-1`, { headers: { traceparent: sent } })).json();
    expect(await ask(traceparent)).toEqual({ traceparent });
    expect(await ask('ada@plum.example')).toEqual({});
  });
});
