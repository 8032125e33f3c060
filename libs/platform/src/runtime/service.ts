import type { DynamicModule, Type } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ErrorsReachTransport, type ServerOptions } from '@tenure/messaging';
import { KeyGuard } from '../http/caller.guard.ts';
import type { OnRefused } from '../http/problem.filter.ts';
import { operationsController } from '../http/operations.controller.ts';
import { nestLogger } from '../observe/logging.ts';
import type { Runtime } from './runtime.ts';

class RootModule {}

/** A service as composed: what it serves over HTTP, and what it listens to on the transport, as which consumer. */
export type Service = {
  http: DynamicModule;
  /** Audits what it refuses to whom (R70): of services that send the directory commands. */
  onRefused?: OnRefused;
  messages?: { module: DynamicModule } & ServerOptions;
};

/** The services of a process behind one guard, with health, metrics and the description of their routes. */
export const rootModule = (
  runtime: Runtime,
  services: readonly Service[],
  { segments, title, controllers }: { segments: readonly string[]; title: string; controllers: readonly Type[] },
): DynamicModule => ({
  module: RootModule,
  imports: services.map(({ http }) => http),
  controllers: [operationsController(runtime, segments, title, controllers)],
  providers: [{ provide: APP_GUARD, useValue: new KeyGuard(runtime.rootKey, runtime.adminKeys) }],
});

/** Each service listens as a Nest microservice of its own, so that in one process too every consumer has its own checkpoint. */
export const listenToMessages = async (runtime: Runtime, { messages }: Service) => {
  if (!messages) return;
  const { module, ...listener } = messages;
  const microservice = await NestFactory.createMicroservice(module, {
    strategy: runtime.transport.server(listener),
    logger: nestLogger(runtime.log),
    abortOnError: false,
  });
  microservice.useGlobalFilters(new ErrorsReachTransport());
  await microservice.listen();
  runtime.closing.push(() => microservice.close());
};
