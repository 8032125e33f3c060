import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { accountAggregate } from '../account/account.aggregate.ts';
import { accountWriter } from '../account/write-account.ts';
import { PROVISIONING_VIEW } from './provisioning.view.ts';
import { appConfig, openWorld, type World } from '../testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.start();
  await world.tenant();
});
afterEach(() => world.close());

describe('decision 7: the view of provisioning', () => {
  it('gets from the follower what a writer that died never applied', async () => {
    await world.configure(appConfig());
    await world.join('ada');
    await world.settle();
    const [account] = await world.accounts();
    const write = accountWriter({
      source: { store: world.store, sealer: world.sealing.sealer },
      clock: { now: async () => world.clock.at },
      view: { applyInline: async () => undefined },
    });
    const because = { causationId: randomUUID(), correlationId: randomUUID() };
    const { revision } = await write(
      { tenantId: account.tenant_id, id: account.id },
      { type: 'Disassociate', reason: null },
      because,
    );
    await world.settle();
    const [seen] = await world.database.query<{ revision: number }>(
      `select revision from ${PROVISIONING_VIEW}.heads where stream = '${accountAggregate.category}-${account.tenant_id}_${account.id}'`,
    );
    expect(seen).toEqual({ revision });
    expect(world.failures).toEqual([]);
  });
});
