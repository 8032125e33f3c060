import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appConfig, openWorld, type World } from '../testing/world.ts';

let world: World;
const begin = async (timings: Parameters<typeof openWorld>[0] = {}) => {
  world = await openWorld(timings);
  await world.start();
  await world.tenant();
  await world.configure(appConfig());
};
beforeEach(() => begin());
afterEach(() => world.close());

const count = (call: string) => world.app.calls.filter((each) => each === call).length;
const accounts = () => [...world.app.accounts.values()].filter(({ userName }) => userName === 'ada@plum.example');
const until = async (condition: () => boolean | Promise<boolean>) => {
  for (let tries = 0; !(await condition()); tries++) {
    if (tries > 500) throw new Error('It never came true.');
    await sleep(10);
  }
};

describe('a delivery', () => {
  it('to a failing app is tried again until it arrives, once in effect, with its first failure written down', async () => {
    let failing = true;
    world.app.fault = () => (failing ? { kind: 'unavailable', reason: '503: down for maintenance' } : undefined);
    await world.join('ada');
    await until(() => world.app.calls.length >= 4);
    expect(await world.accounts()).toMatchObject([
      { status: 'provisioning', record: { state: { delivery: { failure: { code: 'delivery/failing' } } } } },
    ]);
    failing = false;
    await world.settle();
    expect(accounts()).toHaveLength(1);
    expect(await world.eventTypes()).toEqual(['AccountPlanned', 'DeliveryStarted', 'DeliveryFailed', 'AccountCreated']);
    expect(new Set(world.delivered.slice(0, -1))).toEqual(new Set(['create retried']));
    expect(world.delivered.at(-1)).toBe('create done');
    expect(await world.database.query('select * from provisioning.deliveries')).toEqual([]);
  });

  it('honours Retry-After', async () => {
    let asked = 0;
    world.app.fault = (call) =>
      call === 'create' && asked++ === 0 ? { kind: 'throttled', reason: '429', afterMs: 1000 } : undefined;
    const began = Date.now();
    await world.join('ada');
    await world.settle();
    expect(Date.now() - began).toBeGreaterThan(1000);
    expect(accounts()).toHaveLength(1);
  });

  it('is final when the app refuses it, says why, and is tried again by a changed plan or an admin', async () => {
    world.app.fault = (call) =>
      call === 'create' ? { kind: 'refused', code: 'app/refused', status: 400, reason: 'No such country' } : undefined;
    await world.join('ada');
    await world.settle();
    expect(await world.accounts()).toMatchObject([
      {
        status: 'failed',
        record: { state: { failure: { code: 'delivery/refused', message: '400: No such country' } } },
      },
    ]);
    await world.change('ada', { displayName: 'Ada' });
    await world.settle();
    expect(count('create')).toBe(2);
    world.app.fault = () => undefined;
    const [{ id }] = await world.accounts();
    await world
      .provisioning()
      .write({ tenantId: 'acme', id }, { type: 'Retry', reason: null }, { causationId: 'x', correlationId: 'x' });
    await world.settle();
    expect(accounts()).toHaveLength(1);
  });

  it('R52: waits while the credentials are refused, and goes on with nothing lost', async () => {
    world.app.fault = () => ({ kind: 'unauthorized', reason: 'Invalid authentication' });
    await world.join('ada');
    await until(() => world.unauthorized.length > 0);
    await world.configure(appConfig({ state: 'needsReauthorization' }));
    await world.settle();
    world.app.fault = () => undefined;
    await world.configure(appConfig());
    await world.settle();
    expect(accounts()).toHaveLength(1);
  });

  it('R64: waits, as timers do, while provisioning is gated, and goes on with nothing lost', async () => {
    await world.join('ada');
    await world.settle();
    await world.deactivate('ada');
    await world.settle();
    await world.gate({ provisioning: false, entitlements: true });
    await world.join('bob');
    await world.advance('2026-01-06T09:00:00.000Z');
    expect([...world.app.accounts.values()]).toMatchObject([{ userName: 'ada@plum.example', active: true }]);
    expect(await world.provisioning().timersDue()).toBe(0);
    await world.gate({ provisioning: true, entitlements: true });
    await world.settle();
    expect([...world.app.accounts.values()]).toMatchObject([{ active: false }, { userName: 'bob@plum.example' }]);
  });

  it('whose outcome is unknown finds its account by our id and joins it, rather than making another', async () => {
    let lost = 0;
    world.app.fault = (call) => (call === 'create' && lost++ === 0 ? 'lost' : undefined);
    await world.join('ada');
    await world.settle();
    expect(accounts()).toHaveLength(1);
    expect(count('create')).toBe(1);
    expect(await world.accounts()).toMatchObject([{ status: 'provisioned' }]);
    expect(await world.eventTypes()).toEqual([
      'AccountPlanned',
      'DeliveryStarted',
      'DeliveryFailed',
      'AccountCreated',
      'DeliveryStarted',
      'AccountUpdated',
    ]);
  });

  it('whose outcome is unknown is looked up twice before the account is made', async () => {
    let lost = 0;
    world.app.fault = (call) =>
      call === 'create' && lost++ === 0 ? { kind: 'unknown', reason: 'timed out' } : undefined;
    await world.join('ada');
    await world.settle();
    expect(world.app.calls.map((call) => call.replace(/ .*/, ''))).toEqual([
      'find',
      'find',
      'create',
      'find',
      'find',
      'find',
      'find',
      'create',
    ]);
    expect(accounts()).toHaveLength(1);
  });

  it('R61: finds somebody else’s account and leaves it alone until it is adopted', async () => {
    const foreign = world.app.addAccount({ userName: 'ada@plum.example', displayName: 'By hand' });
    await world.join('ada');
    await world.settle();
    expect(await world.accounts()).toMatchObject([
      {
        status: 'failed',
        record: { state: { failure: { code: 'account/foreign-match' }, match: { remoteId: foreign } } },
      },
    ]);
    await world.change('ada', { displayName: 'Ada' });
    await world.settle();
    expect(accounts()).toMatchObject([{ displayName: 'By hand' }]);
    const [{ id }] = await world.accounts();
    await world
      .provisioning()
      .write(
        { tenantId: 'acme', id },
        { type: 'Adopt', remoteId: foreign, active: true, reason: 'It is hers' },
        { causationId: 'x', correlationId: 'x' },
      );
    await world.settle();
    expect(accounts()).toMatchObject([{ displayName: 'Ada', externalId: id }]);
    expect(await world.accounts()).toMatchObject([
      { status: 'provisioned', remote_id: foreign, record: { state: { owned: true } } },
    ]);
  });

  it('R67: records an account that was deleted in the app as drift, and does not make it again by itself', async () => {
    await world.join('ada');
    await world.settle();
    world.app.accounts.clear();
    await world.change('ada', { displayName: 'Ada' });
    await world.settle();
    expect(await world.accounts()).toMatchObject([
      { status: 'failed', record: { state: { failure: { code: 'account/gone' } } } },
    ]);
    await world.change('ada', { displayName: 'Ada H' });
    await world.settle();
    expect(accounts()).toEqual([]);
    const [{ id }] = await world.accounts();
    await world
      .provisioning()
      .write({ tenantId: 'acme', id }, { type: 'Recreate', reason: null }, { causationId: 'x', correlationId: 'x' });
    await world.settle();
    expect(accounts()).toMatchObject([{ displayName: 'Ada H' }]);
  });

  it('that was cut off in the middle of a call is taken over when its lease ends, and nothing is doubled', async () => {
    world.app.fault = (call) => (call === 'create' ? 'hang' : undefined);
    await world.join('ada');
    await until(() => count('create') === 1);
    // The call arrives after all, and nobody hears of it.
    const [account] = await world.accounts();
    world.app.addAccount({ userName: 'ada@plum.example', externalId: account.id });
    world.app.fault = () => undefined;
    await world.settle();
    expect(accounts()).toHaveLength(1);
    expect(count('create')).toBe(1);
    expect(await world.accounts()).toMatchObject([{ status: 'provisioned' }]);
    world.app.release();
  });

  it('of a worker that died after it had sent the call is gone on with by another one, and nothing is doubled', async () => {
    let died = false;
    world.app.fault = (call) => {
      if (call !== 'create' || died) return undefined;
      died = true;
      return 'die';
    };
    await world.join('ada');
    await until(() => died);
    await world.provisioning().stop();
    await world.start();
    await world.settle();
    expect(accounts()).toHaveLength(1);
    expect(count('create')).toBe(1);
    expect(await world.accounts()).toMatchObject([{ status: 'provisioned' }]);
  });

  it('R47: that suspends, and whose answer was lost when the person came back, is undone', async () => {
    await world.join('ada');
    await world.settle();
    world.app.fault = (call, detail) => (call === 'setActive' && detail === 'false' ? 'lost' : undefined);
    await world.deactivate('ada');
    await until(async () => (await world.timers()).length > 0);
    world.clock.at = '2026-01-06T09:00:00.000Z';
    await until(() => accounts()[0]?.['active'] === false);
    await world.reactivate('ada');
    await world.settle();
    expect(accounts()).toMatchObject([{ active: true }]);
    expect(await world.accounts()).toMatchObject([{ status: 'provisioned' }]);
  });

  it('begins with four at once for one app, and runs more as the app bears it', async () => {
    // Calls that are held up here must not outlast their leases, or they are taken over: no connector lets them.
    await world.close();
    await begin({ deliveryTimings: {} });
    let [running, most, first] = [0, 0, 0];
    const { create } = world.app.connector;
    world.app.connector.create = async (kind, body) => {
      most = Math.max(most, ++running);
      // Long enough for one more to come, if it may: the look-ups of the first four have made the window grow by a few.
      if (world.app.accounts.size < 4) await until(() => most >= 4).then(() => sleep(400));
      first ||= most;
      if (world.app.accounts.size > 10) await until(() => most > first || world.app.accounts.size >= 40);
      running -= 1;
      return create(kind, body);
    };
    for (let n = 0; n < 60; n++) await world.join(`p${n}`);
    await world.settle();
    expect(world.app.accounts.size).toBe(60);
    expect(first).toBeGreaterThanOrEqual(4);
    expect(first).toBeLessThanOrEqual(8);
    expect(most).toBeGreaterThan(first);
    expect(most).toBeLessThanOrEqual(16);
  });
});
