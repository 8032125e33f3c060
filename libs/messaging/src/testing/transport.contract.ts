import { afterAll, afterEach, beforeAll, describe } from '@jest/globals';
import type { ClientProxy } from '@nestjs/microservices';
import { factTables } from '../facts/fact-tables.ts';
import type { Transport } from '../transport.ts';
import { commandsContract } from './commands.contract.ts';
import { factsContract } from './facts.contract.ts';
import { brokerContract, replicasContract } from './replicas.contract.ts';
import { startReplica, type Replica } from './tally-service.ts';
import { tracesContract } from './traces.contract.ts';
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

const openStage = async (world: TransportWorld): Promise<Stage & { close: () => Promise<void> }> => {
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

/** What every transport promises (design, decision 9). An adapter's spec opens a world and hands it over; one with a broker that may be stopped says so. */
export const transportContract = (name: string, open: () => Promise<TransportWorld>, { withBroker = false } = {}): void =>
  describe(`the transport ${name}`, () => {
    let stage: Awaited<ReturnType<typeof openStage>>;
    beforeAll(async () => {
      stage = await openStage(await open());
    }, 60_000);
    afterAll(() => stage.close(), 60_000);
    /** Whatever a test did, the next one finds one replica. */
    afterEach(async () => {
      stage.journal.poison.clear();
      if (stage.replicas.length === 0) await stage.add();
      for (const extra of stage.replicas.slice(1)) await stage.remove(extra);
    }, 60_000);

    const onStage = () => stage;
    commandsContract(onStage);
    factsContract(onStage);
    tracesContract(onStage);
    replicasContract(onStage);
    if (withBroker) brokerContract(onStage);
  });
