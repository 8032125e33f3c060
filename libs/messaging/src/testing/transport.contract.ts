import { afterAll, afterEach, beforeAll, describe } from '@jest/globals';
import { commandsContract } from './commands.contract.ts';
import { factsContract } from './facts.contract.ts';
import { brokerContract, replicasContract } from './replicas.contract.ts';
import { openStage } from './stage.ts';
import { tracesContract } from './traces.contract.ts';
import type { TransportWorld } from './world.ts';

/** What every transport promises (design, decision 9). An adapter's spec opens a world and hands it over; one with a broker that may be stopped says so. */
export const transportContract = (
  name: string,
  open: () => Promise<TransportWorld>,
  { withBroker = false } = {},
): void =>
  describe(`the transport ${name}`, () => {
    let stage: Awaited<ReturnType<typeof openStage>>;
    beforeAll(async () => {
      stage = await openStage(await open());
    });
    afterAll(() => stage.close());
    /** Whatever a test did, the next one finds one replica. */
    afterEach(async () => {
      stage.journal.poison.clear();
      if (stage.replicas.length === 0) await stage.add();
      for (const extra of stage.replicas.slice(1)) await stage.remove(extra);
    });

    const onStage = () => stage;
    commandsContract(onStage);
    factsContract(onStage);
    tracesContract(onStage);
    replicasContract(onStage);
    if (withBroker) brokerContract(onStage);
  });
