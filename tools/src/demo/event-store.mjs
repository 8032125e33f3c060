import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { build, CannotStart } from './program.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export const storeKinds = ['postgres', 'eventstoredb'];

/** The stand-in of the tests, in a process of its own: the system is killed and started again over it. */
const startStandIn = async () => {
  await build(['standalone']);
  const child = fork(join(root, 'tools', 'src', 'servers', 'event-store-stand-in.mjs'), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [url] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new CannotStart(`The stand-in for EventStoreDB ended with code ${code}.`);
    }),
  ]);
  return {
    url,
    close: async () => {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
};

/**
 * The event store that the demo runs on, as settings of Tenure. A server that `EVENTSTOREDB_URL` names may be somebody's: the demo's streams have a prefix
 * of their own, and stay.
 */
export const openEventStore = async (kind) => {
  if (kind === 'postgres') return { settings: {}, name: undefined, close: async () => {} };
  const real = process.env.EVENTSTOREDB_URL;
  const standIn = real ? undefined : await startStandIn();
  const prefix = `demo_${randomBytes(4).toString('hex')}.`;
  return {
    settings: { EVENT_STORE: 'eventstoredb', EVENTSTOREDB_URL: real ?? standIn.url, EVENTSTOREDB_PREFIX: prefix },
    name: real ? `EventStoreDB of EVENTSTOREDB_URL, streams ${prefix}*` : 'the stand-in for EventStoreDB',
    close: async () => standIn?.close(),
  };
};
