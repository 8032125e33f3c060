import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { act, ended, itemsOf, queueOf, totalOf, until } from './testing/queue.ts';
import { testWorld, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

describe('R95: what failed, drifted, is held or left alone', () => {
  it('a failure is tried again, and a drift repaired or ignored', async () => {
    const office = await world.office();
    const [hal, ida] = [await office.idp.hire('hal95'), await office.idp.hire('ida95')];
    await world.sandbox.switchTo({ mode: 'fail', status: 400 });
    await office.app.assign('users', hal);
    await office.app.turnOn();
    await until(async () => (await itemsOf(office, 'kind=failed')).length === 1);
    await world.sandbox.switchTo({ mode: 'ok' });
    const failed = await itemsOf(office, 'kind=failed');
    expect(failed).toMatchObject([
      { user: { id: hal }, action: 'create', actions: ['retry'], reason: { code: expect.any(String) } },
    ]);
    expect(await act(office, 'retry', failed)).toMatchObject([{ ok: true }]);
    await office.app.assign('users', ida);
    await world.settled();
    expect((await queueOf(office)).items).toEqual([]);

    for (const userId of [hal, ida]) {
      const { remoteId } = await office.app.accountOf(userId);
      await world.sandbox.byHand.ok('PATCH', `/Users/${remoteId}`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'replace', value: { displayName: 'By hand' } }],
      });
    }
    const job = await office.mapping.ok('POST', `${office.app.path}/reconcile`, {});
    await ended(office, job.id);
    const drifts = await itemsOf(office, 'kind=drift');
    expect(drifts.map(({ actions }) => actions)).toEqual([
      ['repair', 'ignore'],
      ['repair', 'ignore'],
    ]);
    const of = (userId: string) => drifts.filter(({ user }) => user.id === userId);
    expect(await act(office, 'repair', of(hal))).toMatchObject([{ ok: true }]);
    expect(await act(office, 'ignore', of(ida))).toMatchObject([{ ok: true }]);
    expect(await act(office, 'ignore', of(hal))).toMatchObject([{ ok: false, code: 'drift/not-found', now: [] }]);
    await world.settled();
    expect(await world.sandbox.account('hal95@plum.example')).toMatchObject({ displayName: 'hal95 Plum' });
    expect(await itemsOf(office, 'kind=drift')).toEqual([]);
  });

  it('an account that is gone in the app is made once more, by who may', async () => {
    const office = await world.office();
    const jo = await office.idp.hire('jo95');
    await office.app.assign('users', jo);
    await office.app.turnOn();
    await world.settled();
    await world.sandbox.byHand.ok('DELETE', `/Users/${(await office.app.accountOf(jo)).remoteId}`);
    await office.idp.set(jo, { op: 'replace', path: 'displayName', value: 'Jo 95' });
    await until(async () => (await itemsOf(office, 'kind=failed')).length === 1);
    const admin = office.as((await office.addAdmin('ad@plum.example', 'admin')).key);
    expect((await itemsOf(admin, 'kind=failed'))[0]).toMatchObject({ reason: { code: 'account/gone' }, actions: [] });
    const gone = await itemsOf(office, 'kind=failed');
    expect(gone[0].actions).toEqual(['recreate']);
    expect(await act(admin, 'recreate', gone)).toMatchObject([{ ok: false, code: 'key/role' }]);
    expect(await act(office, 'recreate', gone)).toMatchObject([{ ok: true }]);
    await world.settled();
    expect(await office.app.accountOf(jo)).toMatchObject({ status: 'provisioned' });
  });

  it('timers above the threshold are released one by one, or all', async () => {
    const office = await world.office();
    const ids = [await office.idp.hire('lea95'), await office.idp.hire('max95'), await office.idp.hire('nia95')];
    await office.app.assign('users', ...ids);
    await office.mapping.ok('PUT', `${office.app.path}/deprovisioning`, {
      turnedOff: { suspend: 'PT0S', hardDelete: null },
      suspended: { suspend: 'PT0S', hardDelete: null },
      deleted: { suspend: null, hardDelete: 'PT0S' },
    });
    await office.app.turnOn();
    await world.settled();
    await office.mapping.ok('PUT', `${office.app.path}/threshold`, { count: 1, window: 'PT1H' });
    for (const id of ids) await office.idp.setActive(id, false);
    await world.settled();
    const { items, counts } = await queueOf(office);
    expect(counts).toMatchObject({ parked: 2, threshold: 1 });
    const [parked, other] = items.filter(({ kind }: any) => kind === 'parked');
    const threshold = items.find(({ kind }: any) => kind === 'threshold');
    expect(parked).toMatchObject({ action: 'suspend', reason: { code: 'threshold/reached' }, actions: ['release'] });
    expect(threshold).toMatchObject({
      app: { id: office.app.id },
      actions: ['release'],
      version: (await office.app.get()).version,
    });
    expect(await act(office, 'release', [parked])).toMatchObject([{ ok: true }]);
    await world.settled();
    expect((await queueOf(office)).counts).toMatchObject({ parked: 1, threshold: 1 });
    expect(await office.app.accountOf(parked.user.id)).toMatchObject({ status: 'suspended' });

    await office.mapping.ok('PATCH', office.app.path, { name: 'Renamed' });
    const stale = await act(office, 'release', [threshold]);
    expect(stale).toMatchObject([
      { ok: false, code: 'app/stale', now: [{ id: threshold.id, app: { name: 'Renamed' } }] },
    ]);
    expect(await act(office, 'release', stale[0].now)).toMatchObject([{ ok: true }]);
    await world.settled();
    expect(await office.app.accountOf(other.user.id)).toMatchObject({ status: 'suspended' });
    expect((await queueOf(office)).items).toEqual([]);
  });

  it('apps that need new credentials, or don’t answer at all, wait as well', async () => {
    const office = await world.office();
    const [olga, pia] = [await office.idp.hire('olga95'), await office.idp.hire('pia95')];
    await office.app.assign('users', olga);
    await office.app.turnOn();
    await world.settled();
    await world.sandbox.switchTo({ mode: 'fail', status: 401 });
    await office.app.assign('users', pia);
    await until(async () => (await itemsOf(office, 'kind=reauthorization')).length === 1);
    await world.sandbox.switchTo({ mode: 'ok' });
    const waits = await itemsOf(office, 'kind=reauthorization');
    expect(waits).toMatchObject([
      {
        app: { id: office.app.id },
        reason: { code: 'app/needs-reauthorization' },
        actions: ['reauthorize'],
      },
    ]);
    expect(await act(office, 'reauthorize', waits)).toMatchObject([{ ok: false, code: 'queue/needs-credentials' }]);
    await office.mapping.ok('POST', `${office.app.path}/reauthorize`, { kind: 'bearer', token: world.sandbox.token });
    await world.settled();
    expect(await itemsOf(office, 'kind=reauthorization')).toEqual([]);

    await world.sandbox.switchTo({ mode: 'fail', status: 503 });
    const quinn = await office.idp.hire('quinn95');
    await office.app.assign('users', quinn);
    // As after an hour in which it never answered.
    await world.database.query({
      text: `insert into provisioning.app_lanes (tenant_id, app_id, size, open_since, next_probe_at) values ($1, $2, 1, now() - interval '2 hours', now())
             on conflict (tenant_id, app_id) do update set open_since = excluded.open_since, next_probe_at = excluded.next_probe_at`,
      values: [office.id, office.app.id],
    });
    await until(async () => (await itemsOf(office, 'kind=quarantine')).length === 1);
    await world.sandbox.switchTo({ mode: 'ok' });
    const quarantine = await itemsOf(office, 'kind=quarantine');
    expect(quarantine).toMatchObject([
      { app: { id: office.app.id }, reason: { code: 'app/quarantined' }, actions: ['resume'] },
    ]);
    expect(await act(office, 'resume', quarantine)).toMatchObject([{ ok: true }]);
    await world.settled();
    expect(await office.app.accountOf(quinn)).toMatchObject({ status: 'provisioned' });
    expect((await queueOf(office)).items).toEqual([]);
  });

  it('a fact that can’t be applied is shown, and left to operators', async () => {
    const office = await world.office();
    const ray = await office.idp.hire('ray95');
    await world.settled();
    await world.database.query({
      text: `insert into provisioning.parked_facts (consumer, stream, revision, fact, reason, due_at) values ('people', $1, 9, '{}', 'KeyMissing', now() + interval '1 day')`,
      values: [`user-${office.id}_${ray}`],
    });
    expect(await itemsOf(office, 'kind=parked')).toMatchObject([
      { user: { id: ray, displayName: 'ray95 Plum' }, reason: { code: 'fact/not-applied' }, actions: [] },
    ]);
    expect(await act(office, 'release', await itemsOf(office, 'kind=parked'))).toMatchObject([
      { ok: false, code: 'queue/action-not-allowed' },
    ]);
    await world.database.query(`delete from provisioning.parked_facts where revision = 9`);
  });
});

describe('R95: many at once', () => {
  it('are acted on by their ids, or all that match as a job', async () => {
    const office = await world.office();
    await office.mapping.ok('PUT', `${office.app.path}/approvals`, { actions: ['create', 'update'] });
    await office.mapping.ok('PUT', `${office.app.path}/scope`, { assignment: 'everyone', groups: [], orgUnits: [] });
    await office.app.turnOn();
    const names = Array.from({ length: 100 }, (_, n) => `m${n}-95`);
    for (let from = 0; from < names.length; from += 20)
      await Promise.all(names.slice(from, from + 20).map((name) => office.idp.hire(name)));
    await world.settled();
    const queue = await queueOf(office, 'kind=approval');
    // Each of them, and the admin, who is a user as well.
    const total = names.length + 1;
    expect(queue.items).toHaveLength(total);
    expect(totalOf(queue)).toBe(total);

    const [first, ...rest] = queue.items;
    const given = [{ ...first, version: first.version + 1 }, ...rest.slice(0, 49)];
    const acted = await act(office, 'approve', given);
    expect(acted.map(({ id }) => id)).toEqual(given.map(({ id }) => id));
    expect(acted.filter(({ ok }) => !ok)).toMatchObject([
      { id: first.id, code: 'account/stale', now: [{ id: first.id }] },
    ]);

    const filter = { kind: 'approval', app: office.app.id };
    const left = total - 49;
    expect(
      await office.mapping.post('/queue/act', { filter, expectedCount: left + 1, action: 'reject' }),
    ).toMatchObject({ status: 409, body: { code: 'queue/count-changed' } });
    const { status, body: job } = await office.mapping.post('/queue/act', {
      filter,
      expectedCount: left,
      action: 'reject',
    });
    expect({ status, kind: job.kind, total: job.total }).toEqual({ status: 202, kind: 'queueAction', total: left });
    expect(await ended(office, job.id)).toMatchObject({
      state: 'done',
      done: left,
      total: left,
      result: { done: left, failed: 0, skipped: 0, failures: [] },
    });
    expect((await queueOf(office)).counts).toMatchObject({ approval: 0, failed: 0 });
    expect((await office.mapping.post('/queue/act', { items: [], action: 'approve' })).status).toBe(400);
  });
});
