import type { DynamicModule, Type } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ErrorsReachTransport, type ServerOptions } from '@tenure/messaging';
import { KeyGuard } from '../http/caller.guard.ts';
import { keyAuthentication, type Authenticate } from '../http/authentication.ts';
import { createHttpApp } from '../http/create-app.ts';
import type { ErrorDialect, OnRefused } from '../http/problem.filter.ts';
import { operationsController } from '../http/operations.controller.ts';
import { nestLogger } from '../observe/logging.ts';
import type { Runtime } from './runtime.ts';

class RootModule {}

/** A service as composed: what it serves over HTTP, and what it listens to on the transport, as which consumer. */
export type Service = {
  http: DynamicModule;
  /** Tokens of connections, where it serves them. */
  authenticateConnection?: Authenticate;
  /** Audits what it refuses to whom (R70): of services that send the directory commands. */
  onRefused?: OnRefused;
  messages?: { module: DynamicModule } & ServerOptions;
};

export type Operations = {
  /** First path segments that belong to the process. */
  segments: readonly string[];
  title: string;
  /** Those that `/openapi.json` describes. */
  controllers: readonly Type[];
  dialects?: readonly ErrorDialect[] | undefined;
};

/** The services of a process as one application behind one guard, with health, metrics and the description of their routes. */
export const createServices = (
  runtime: Runtime,
  services: readonly Service[],
  { segments, title, controllers, dialects }: Operations,
) => {
  const key = keyAuthentication({
    rootKey: runtime.rootKey,
    keys: runtime.adminKeys,
    sessions: runtime.sessions,
    publicUrl: runtime.publicUrl,
  });
  const module: DynamicModule = {
    module: RootModule,
    imports: services.map(({ http }) => http),
    controllers: [operationsController(runtime, segments, title, controllers)],
    providers: [{ provide: APP_GUARD, useValue: new KeyGuard(key) }],
  };
  const connection = services.find((service) => service.authenticateConnection)?.authenticateConnection;
  return createHttpApp(module, {
    log: runtime.log,
    metrics: runtime.metrics,
    dialects: dialects ?? [],
    onRefused: services.find(({ onRefused }) => onRefused)?.onRefused,
    trustedProxies: runtime.trustedProxies,
    authenticators: { key, connection },
  });
};

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
