import type { ClientProxy } from '@nestjs/microservices';
import { factTables } from '../facts/fact-tables.ts';
import type { Transport } from '../transport.ts';
import { startReplica, type Replica } from './tally-service.ts';
import { prepareSeen, type Journal, type TransportWorld } from './world.ts';

/** What the parts of the contract work with: a client, and a service of one replica that each test may add to and take from. */
export type Stage = {
  world: TransportWorld;
  client: ClientProxy;
  journal: Journal;
  replicas: Replica[];
  add: () => Promise<Replica>;
  remove: (replica: Replica) => Promise<void>;
};

export const openStage = async (world: TransportWorld): Promise<Stage & { close: () => Promise<void> }> => {
  await world.database.query(factTables('public'));
  await prepareSeen(world.database);
  const asking: Transport = await world.join();
  const journal: Journal = { runs: [], poison: new Set() };
  const replicas: Replica[] = [];
  let count = 0;
  const add = async () => {
    const replica = await startReplica(world, journal, `replica ${++count}`);
    replicas.push(replica);
    return replica;
  };
  const remove = async (replica: Replica) => {
    replicas.splice(replicas.indexOf(replica), 1);
    await replica.stop();
  };
  const client = asking.client({ commandTopic: world.commandTopic });
  await Promise.all([asking.ready(), add()]);
  return {
    world,
    client,
    journal,
    replicas,
    add,
    remove,
    close: async () => {
      while (replicas[0]) await remove(replicas[0]);
      await asking.close();
      await world.close();
    },
  };
};
