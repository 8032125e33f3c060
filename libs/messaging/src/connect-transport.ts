import { Catch, type INestApplication, type RpcExceptionFilter } from '@nestjs/common';
import type { CustomTransportStrategy, NestMicroservice } from '@nestjs/microservices';
import { throwError, type Observable } from 'rxjs';

/** Nest's own filter logs a refusal as a failure and replaces it. The transport decides what travels (`replyOf`), so it must see what was thrown. */
@Catch()
export class ErrorsReachTransport implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/** Serves the controllers' `@MessagePattern`s and `@EventPattern`s on a transport, once `app.startAllMicroservices()` is called. */
export const connectTransport = (app: INestApplication, strategy: CustomTransportStrategy): void => {
  // Deferred, because filters count only for handlers that are registered after them; the hooks of the modules stay the app's to call.
  const microservice = app.connectMicroservice({ strategy }, { deferInitialization: true }) as NestMicroservice;
  microservice.setIsInitHookCalled(true);
  microservice.useGlobalFilters(new ErrorsReachTransport());
};
