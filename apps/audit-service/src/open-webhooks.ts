import { webhookConsumer, webhooks, webhookWorker } from '@tenure/audit';
import { openTargets, sendWebhook } from '@tenure/connectors';
import { accountEvents, userEvents } from '@tenure/contracts';
import type { Runtime } from '@tenure/platform';

/** Composes webhooks on a runtime: the queue that facts fill, the worker that sends, and what admins do with them. */
export const openWebhooks = (
  { database, sealer, log, closing, secretBox }: Runtime,
  schema: string,
  allowPrivateTargets: readonly string[],
) => {
  const targets = openTargets({ allowPrivateTargets });
  const box = secretBox('webhooks');
  const onFailure = (error: unknown) => log.warn({ err: error }, 'A webhook delivery failed and is tried again');
  const worker = webhookWorker({
    database,
    schema,
    sealer,
    events: [...userEvents, ...accountEvents],
    send: sendWebhook(targets),
    secretOf: (id, sealed) => (box.open(sealed, [id]) as { secret: string }).secret,
    onFailure,
  });
  closing.push(targets.close, worker.stop);
  return {
    consumer: webhookConsumer({ database, schema, onQueued: worker.wake, onFailure }),
    webhooks: webhooks({ database, box, refusalOf: targets.refusalOf, wake: worker.wake }),
  };
};
