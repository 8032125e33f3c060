import { describe, expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  Module,
  type ExceptionFilter,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern } from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Database } from '@tenure/database';
import { memoryEventStore, Rejected, type Leases } from '@tenure/eventing';
import { connectTransport } from './connect-transport.ts';
import { inProcessTransport } from './in-process/in-process-transport.ts';
import { ask } from './testing/asking.ts';

const hooks: string[] = [];

@Controller()
class RefusingController implements OnModuleInit, OnApplicationBootstrap {
  onModuleInit() {
    hooks.push('init');
  }

  onApplicationBootstrap() {
    hooks.push('bootstrap');
  }

  @MessagePattern('refuse')
  refuse() {
    throw new Rejected('conflict', 'note/exists', 'It is there.');
  }
}

@Catch()
class HttpErrors implements ExceptionFilter {
  catch() {
    throw new Error('A filter for HTTP was asked about a message.');
  }
}

@Module({ controllers: [RefusingController] })
class RefusingModule {}

describe('an app with HTTP and a transport', () => {
  it('lets refusals reach the asker past its HTTP filters, and runs its hooks once', async () => {
    // Neither database nor leases are touched: nobody listens to facts.
    const transport = inProcessTransport({
      store: memoryEventStore(),
      database: {} as Database,
      schema: 's',
      leases: {} as Leases,
      factTopics: {},
    });
    const app = await NestFactory.create(RefusingModule, new FastifyAdapter(), { logger: false });
    app.useGlobalFilters(new HttpErrors());
    connectTransport(app, transport.server({ consumer: 'notes', commandTopic: 'notes' }));
    await app.init();
    await app.startAllMicroservices();

    await expect(ask(transport.client({ commandTopic: 'notes' }), 'refuse', 'ada')).rejects.toMatchObject({
      name: 'Rejected',
      code: 'note/exists',
    });
    await app.close();
    await transport.close();
    expect(hooks).toEqual(['init', 'bootstrap']);
  });
});
