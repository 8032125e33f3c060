import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { holdTable } from '@tenure/database/testing';
import { metricsOf, untilMetric } from './testing/metrics.ts';
import { makeTenant, sorted, testWorld, type IdentityProvider, type World } from './testing/world.ts';

let world: World;
let idp: IdentityProvider;
beforeAll(async () => {
  world = await testWorld();
  idp = await (await makeTenant(world)).connect();
  await world.settled();
});
afterAll(() => world.close());

const LAG = 'tenure_follower_lag_seconds';
const metrics = () => metricsOf(world.url());
const lagOf = (follower: string) => metrics().then((found) => found.value(LAG, { follower })!);
const untilLag = (follower: string, is: (seconds: number) => boolean) => untilMetric(() => lagOf(follower), is);

describe('/metrics', () => {
  it('has the lag of every follower: views, reactors and consumers of facts', async () => {
    const found = await metrics();
    const followers = [
      'directory_v4',
      'departed-members',
      'provisioning_v6',
      'references',
      'evaluation.apps',
      'evaluation.heirs',
      'app.reactor',
      'mapping-service/directory.facts',
      'audit-service/directory.facts',
      'audit-service/provisioning.facts',
    ];
    expect(sorted(found.labels(LAG, 'follower'))).toEqual(sorted(followers));
    expect(sorted(found.labels('tenure_follower_failing', 'follower'))).toEqual(sorted(followers));
    expect(sorted(found.labels('tenure_parked_facts', 'consumer'))).toEqual(['audit-service', 'mapping-service']);
  });

  it.each([
    ['the ledger', 'audit.ledger', 'audit-service/directory.facts'],
    ['people', 'provisioning.people', 'mapping-service/directory.facts'],
    ['a view', 'directory.checkpoints', 'directory_v4'],
  ])('shows how %s falls behind, and that it caught up', async (_who, table, follower) => {
    await untilLag(follower, (seconds) => seconds === 0);
    const { release } = await holdTable(world.database, table);
    await idp.hire(`late-${follower.replace(/\W/g, '-')}`);
    const first = await untilLag(follower, (seconds) => seconds > 0.2);
    await untilLag(follower, (seconds) => seconds > first + 0.5);
    await release();
    await untilLag(follower, (seconds) => seconds === 0);
  });

  it('counts what is parked, and how long a write transaction hides new events', async () => {
    const oldest = () => metrics().then((found) => found.value('tenure_oldest_write_transaction_seconds')!);
    expect((await metrics()).value('tenure_parked_facts', { consumer: 'audit-service' })).toBe(0);
    let end!: () => void;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const open = world.database.transaction(async (sql) => {
      await sql.query('select pg_current_xact_id()');
      await ended;
    });
    await untilMetric(oldest, (seconds) => seconds > 0.5);
    end();
    await open;
    await untilMetric(oldest, (seconds) => seconds < 0.5);

    const fact = { stream: 'user-x_y', revision: 2 };
    await world.database.query({
      text: `insert into audit.parked_facts (consumer, stream, revision, fact, reason, due_at) values ('ledger', $1, $2, '{}', 'a gap', now() + interval '1 h')`,
      values: [fact.stream, fact.revision],
    });
    expect((await metrics()).value('tenure_parked_facts', { consumer: 'audit-service' })).toBe(1);
  });
});
