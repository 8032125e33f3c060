import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from './testing/client.ts';
import { later } from './testing/system.ts';
import { person, sorted, testWorld, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

type Office = Awaited<ReturnType<World['office']>>;

const until = async (condition: () => Promise<boolean>) => {
  for (const end = Date.now() + 60_000; !(await condition()); await sleep(50))
    if (Date.now() > end) throw new Error('It never came true.');
};
const queueOf = async ({ mapping }: { mapping: Client }, query = ''): Promise<any> =>
  mapping.ok('GET', `/queue?limit=1000&${query}`);
const itemsOf = async (office: { mapping: Client }, query = ''): Promise<any[]> => (await queueOf(office, query)).items;
const seen = ({ id, version }: any) => ({ id, version });
const act = async ({ mapping }: { mapping: Client }, action: string, items: any[], more: object = {}): Promise<any[]> =>
  (await mapping.ok('POST', '/queue/act', { items: items.map(seen), action, ...more })).items;
const ended = async ({ mapping }: { mapping: Client }, id: string): Promise<any> => {
  await until(async () => (await mapping.ok('GET', `/jobs/${id}`)).state !== 'running');
  return mapping.ok('GET', `/jobs/${id}`);
};
const totalOf = ({ counts }: { counts: Record<string, number> }) =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** People with an account each, in an app that asks for approval of whatever is named. */
const awaiting = async (actions: string[], ...names: string[]) => {
  const office = await world.office();
  await office.mapping.ok('PUT', `${office.app.path}/approvals`, { actions });
  const ids: string[] = [];
  for (const name of names) ids.push(await office.idp.hire(name));
  await office.app.assign('users', ...ids);
  await office.app.turnOn();
  await world.settled();
  return { ...office, ids };
};

describe('R95: approvals', () => {
  it('are listed with names, found by name and address, counted and paged, in their tenant alone', async () => {
    const office = await world.office();
    await office.mapping.ok('PUT', `${office.app.path}/approvals`, { actions: ['create'] });
    const zoe = await office.idp.hire('zoe.b95', {
      displayName: 'Zoë O’Brien',
      emails: [{ value: 'zoe@fig.example', type: 'work' }],
    });
    const others = [await office.idp.hire('ada95'), await office.idp.hire('bob95')];
    await office.app.assign('users', zoe, ...others);
    await office.app.turnOn();
    await world.settled();
    const { items, counts } = await queueOf(office);
    expect(counts).toMatchObject({ approval: 3, foreign: 0, failed: 0, threshold: 0 });
    expect(items).toHaveLength(3);
    expect(items.find(({ user }: any) => user.id === zoe)).toMatchObject({
      kind: 'approval',
      app: { id: office.app.id, name: 'Sandbox scim' },
      user: { id: zoe, displayName: 'Zoë O’Brien', userName: 'zoe.b95@plum.example' },
      action: 'create',
      version: (await office.app.accountOf(zoe)).version,
      actions: ['approve', 'reject'],
    });
    for (const search of ['zoe', 'o’b zoë', 'zoe.b95@plum', 'zoe@fig.example']) {
      const found = await queueOf(office, `search=${encodeURIComponent(search)}`);
      expect(found.items.map(({ user }: any) => user.id)).toEqual([zoe]);
      expect(found.counts).toMatchObject({ approval: 1 });
    }
    expect((await queueOf(office, 'search=nobody')).counts).toMatchObject({ approval: 0 });
    expect(await queueOf(office, 'kind=failed,foreign')).toEqual({ items: [], counts: { failed: 0, foreign: 0 } });
    expect((await queueOf(office, `app=${office.app.id}&kind=approval`)).counts).toEqual({ approval: 3 });
    expect((await itemsOf(office, 'app=none')).length).toBe(0);

    const paged: any[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const page = await office.mapping.ok('GET', `/queue?limit=1${cursor && `&cursor=${cursor}`}`);
      expect(page.counts).toMatchObject({ approval: 3 });
      paged.push(...page.items);
      cursor = page.nextCursor;
    }
    expect(paged).toEqual(items);

    const pear = await world.office();
    expect(await queueOf(pear)).toMatchObject({ items: [], counts: { approval: 0 } });
    expect(await act(pear, 'approve', [items[0]])).toMatchObject([{ ok: false, code: 'account/unknown', now: [] }]);
    expect((await pear.mapping.get(`/../${office.id}/queue`)).status).toBe(404);
    for (const query of ['kind=lost', 'limit=0', 'cursor=mine', 'sort=since'])
      expect((await office.mapping.get(`/queue?${query}`)).status).toBe(400);
  });

  it('are decided one by one, each at the version that was seen', async () => {
    const office = await awaiting(['create', 'update'], 'ann95', 'ben95', 'cy95', 'di95');
    const of = async (index: number) => (await itemsOf(office)).find(({ user }) => user.id === office.ids[index]);
    const [ann, ben, cy, di] = [await of(0), await of(1), await of(2), await of(3)];
    expect(await act(office, 'approve', [ann])).toEqual([{ id: ann.id, ok: true }]);
    expect(await act(office, 'reject', [ben], { reason: 'Not in this app.' })).toEqual([{ id: ben.id, ok: true }]);

    // What is asked for is the same, but the account is another version: it is shown as it is now.
    await office.idp.set(office.ids[2]!, { op: 'replace', path: 'displayName', value: 'Boss' });
    await world.settled();
    const stale = await act(office, 'approve', [cy]);
    expect(stale).toMatchObject([{ id: cy.id, ok: false, code: 'account/stale', now: [{ id: cy.id }] }]);
    expect(stale[0].now[0].version).toBeGreaterThan(cy.version);
    expect(await act(office, 'approve', stale[0].now)).toMatchObject([{ ok: true }]);

    expect(await act(office, 'approve', [di, di, ann, { id: 'nothing', version: 1 }])).toMatchObject([
      { id: di.id, ok: true },
      { id: di.id, ok: false, code: 'account/no-approval', now: [] },
      { id: ann.id, ok: false, code: 'account/no-approval', now: [] },
      { id: 'nothing', ok: false, code: 'queue/not-found' },
    ]);
    await world.settled();
    for (const [index, status] of ['provisioned', 'failed', 'provisioned', 'provisioned'].entries())
      expect(await office.app.accountOf(office.ids[index]!)).toMatchObject({ status });
    expect((await queueOf(office)).items).toEqual([]);

    // Another action than the one that was shown is what waits now.
    await office.idp.set(office.ids[0]!, { op: 'replace', path: 'displayName', value: 'Head' });
    await world.settled();
    const next = await of(0);
    expect(next).toMatchObject({ kind: 'approval', action: 'update' });
    const changed = await act(office, 'approve', [{ id: ann.id, version: next.version }]);
    expect(changed).toMatchObject([{ ok: false, code: 'approval/changed', now: [{ id: next.id, action: 'update' }] }]);
    expect(await act(office, 'retry', [next])).toMatchObject([{ ok: false, code: 'queue/action-not-allowed' }]);
  });

  it('show what each role may do, and an auditor acts on nothing', async () => {
    const office = await awaiting(['create'], 'eve95');
    const [auditor, admin] = [
      office.as((await office.addAdmin('aud@plum.example', 'auditor')).key),
      office.as((await office.addAdmin('adm@plum.example', 'admin')).key),
    ];
    const [item] = await itemsOf(auditor);
    expect(item).toMatchObject({ kind: 'approval', actions: [] });
    expect(await auditor.mapping.post('/queue/act', { items: [seen(item)], action: 'approve' })).toMatchObject({
      status: 403,
      body: { code: 'key/role' },
    });
    expect((await itemsOf(admin))[0].actions).toEqual(['approve', 'reject']);
    expect(await act(admin, 'approve', await itemsOf(admin))).toMatchObject([{ ok: true }]);
  });

  it('of a person who was erased are still to be decided, and name nobody', async () => {
    const office = await awaiting(['delete'], 'gone95');
    const [gone] = office.ids;
    await office.idp.scim.ok('DELETE', `/Users/${gone}`);
    await world.settled();
    await world.moveTo(later(await world.now(), { days: 40 }));
    const items = await itemsOf(office);
    expect(items).toMatchObject([{ kind: 'approval', user: { id: gone } }]);
  });
});

describe('R95: accounts of the app that may be somebody’s', () => {
  it('are adopted: the one that matches, or the one that is chosen', async () => {
    const office = await world.office();
    const { byHand } = world.sandbox;
    const one = await byHand.ok('POST', '/Users', person('fay95'));
    const fay = await office.idp.hire('fay95');
    await office.app.assign('users', fay);
    await office.app.turnOn();
    await world.settled();
    const [foreign] = await itemsOf(office, 'kind=foreign');
    expect(foreign).toMatchObject({
      user: { id: fay },
      action: 'create',
      reason: { code: 'account/foreign-match' },
      actions: ['adopt', 'retry'],
    });
    // A reconciliation that finds the same account doesn't list it twice.
    const job = await office.mapping.ok('POST', `${office.app.path}/reconcile`, {});
    await ended(office, job.id);
    expect(await itemsOf(office, `kind=foreign&search=fay95`)).toHaveLength(1);
    expect(await act(office, 'adopt', [foreign])).toEqual([{ id: foreign.id, ok: true }]);
    await world.settled();
    expect(await office.app.accountOf(fay)).toMatchObject({ remoteId: one.id, status: 'provisioned' });
    expect(await itemsOf(office, `search=fay95`)).toEqual([]);
  });

  it('are chosen from, where several match', async () => {
    const office = await world.office();
    const { byHand } = world.sandbox;
    const [one, two] = [
      await byHand.ok('POST', '/Users', person('gus95a', { displayName: 'Gus 95' })),
      await byHand.ok('POST', '/Users', person('gus95b', { displayName: 'Gus 95' })),
    ];
    const { mappings } = await office.mapping.ok('GET', `${office.app.path}/attributes`);
    await office.mapping.ok('PUT', `${office.app.path}/attributes`, {
      mappings,
      matching: [{ source: 'displayName', target: 'displayName' }],
    });
    const gus = await office.idp.hire('gus95', { displayName: 'Gus 95' });
    await office.app.assign('users', gus);
    await office.app.turnOn();
    await world.settled();
    const items = await itemsOf(office);
    expect(items).toMatchObject([
      {
        kind: 'ambiguous',
        user: { id: gus },
        reason: { code: 'account/ambiguous-match' },
        actions: ['adopt', 'retry'],
      },
    ]);
    expect(sorted(items[0].choices.map(({ remoteId }: any) => remoteId))).toEqual(sorted([one.id, two.id]));
    expect(await act(office, 'adopt', items)).toMatchObject([{ ok: false, code: 'account/no-match', now: items }]);
    expect(await act(office, 'adopt', items, { choice: { remoteId: two.id } })).toMatchObject([{ ok: true }]);
    await world.settled();
    expect(await office.app.accountOf(gus)).toMatchObject({ remoteId: two.id, status: 'provisioned' });
    expect(await itemsOf(office)).toEqual([]);
  });

  it('are found by a reconciliation before anybody was provisioned', async () => {
    const office = await world.office();
    const found = await world.sandbox.byHand.ok('POST', '/Users', person('kim95'));
    const kim = await office.idp.hire('kim95');
    await office.mapping.ok('PUT', `${office.app.path}/approvals`, { actions: ['create'] });
    await office.app.assign('users', kim);
    await office.app.turnOn();
    await world.settled();
    const job = await office.mapping.ok('POST', `${office.app.path}/reconcile`, {});
    await ended(office, job.id);
    const [item] = await itemsOf(office, 'kind=foreign&search=kim95');
    expect(item).toMatchObject({ user: { id: kim }, choices: [{ user: { id: kim, displayName: 'kim95 Plum' } }] });
    expect(await act(office, 'adopt', [{ ...item, version: item.version + 5 }])).toMatchObject([
      { ok: false, code: 'account/stale' },
    ]);
    expect(await act(office, 'adopt', [item])).toEqual([{ id: item.id, ok: true }]);
    await world.settled();
    expect(await office.app.accountOf(kim)).toMatchObject({ remoteId: found.id });
    expect(await itemsOf(office, 'kind=foreign&search=kim95')).toEqual([]);
  });
});

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
  it('1,000 items are acted on by their ids, or all that match as a job', async () => {
    const office = await world.office();
    await office.mapping.ok('PUT', `${office.app.path}/approvals`, { actions: ['create', 'update'] });
    await office.mapping.ok('PUT', `${office.app.path}/scope`, { assignment: 'everyone', groups: [], orgUnits: [] });
    await office.app.turnOn();
    const names = Array.from({ length: 1000 }, (_, n) => `m${n}-95`);
    for (let from = 0; from < names.length; from += 20)
      await Promise.all(names.slice(from, from + 20).map((name) => office.idp.hire(name)));
    await world.settled();
    const queue = await queueOf(office, 'kind=approval');
    expect(queue.items).toHaveLength(1000);
    const total = totalOf(queue);
    expect(total).toBeGreaterThanOrEqual(1000);

    const [first, ...rest] = queue.items;
    const given = [{ ...first, version: first.version + 1 }, ...rest.slice(0, 499)];
    const acted = await act(office, 'approve', given);
    expect(acted.map(({ id }) => id)).toEqual(given.map(({ id }) => id));
    expect(acted.filter(({ ok }) => !ok)).toMatchObject([
      { id: first.id, code: 'account/stale', now: [{ id: first.id }] },
    ]);

    const filter = { kind: 'approval', app: office.app.id };
    const left = total - 499;
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
