import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Runtime } from '../runtime/runtime.ts';

/** Stops once, on the first SIGINT or SIGTERM: no new requests, those in flight end, then the parts close in order. A second signal ends at once. */
export const stopOnSignals = (
  app: NestFastifyApplication,
  runtime: Runtime,
  after: () => Promise<void> = async () => undefined,
) => {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(130);
    stopping = true;
    runtime.log.info({ signal }, 'Stopping');
    void app
      .close()
      .then(() => runtime.close())
      .then(after)
      .then(
        () => process.exit(0),
        (error: unknown) => {
          runtime.log.error({ err: error }, 'Stopping failed');
          process.exit(1);
        },
      );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
};
