import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Place } from '@tenure/eventing';
import { memorySealer } from '@tenure/eventing/testing';
import type { CommandMessage } from '@tenure/messaging';
import { setTally, type SetTally } from '@tenure/messaging/testing';
import type { KafkaWorld } from './kafka-world.ts';
import { runsTypescript } from './runs-typescript.ts';

export type ReplicaProcess = {
  /** SIGKILL: no goodbye to anybody. */
  kill: () => Promise<void>;
};

type Relayed = { id: string; message: CommandMessage<SetTally>; place: Place } | { ready: true };

const program = new URL('./replica.child.ts', import.meta.url);

/** Starts a replica in a process of its own and waits until it has joined. */
export const startReplicaProcess = async ({
  brokers,
  commandTopic,
  factTopic,
  databaseUrl,
  sessionMs,
  store,
}: KafkaWorld): Promise<ReplicaProcess> => {
  const child = fork(program, [JSON.stringify({ brokers, commandTopic, factTopic, databaseUrl, sessionMs })], {
    execArgv: [...runsTypescript],
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const source = { store, sealer: memorySealer() };
  const ended = once(child, 'exit');
  const ready = new Promise<void>((resolve, reject) => {
    child.on('message', (relayed: Relayed) => {
      if ('ready' in relayed) resolve();
      else
        void setTally(source, relayed.message, { place: relayed.place }).then((result) => {
          if (child.connected) child.send({ id: relayed.id, result }, () => undefined);
        });
    });
    child.once('exit', (code) => reject(new Error(`A replica ended with ${code} before it was ready.`)));
  });
  await ready;
  return {
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
};
