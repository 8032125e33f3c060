import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { act, ended, itemsOf, queueOf, seen } from './testing/queue.ts';
import { later } from './testing/system.ts';
import { person, sorted, testWorld, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

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

  it('of a person who was deleted are still to be decided', async () => {
    const office = await awaiting(['delete'], 'gone95');
    const [gone] = office.ids;
    await office.idp.scim.ok('DELETE', `/Users/${gone}`);
    await world.settled();
    await world.moveTo(later(await world.now(), { days: 1 }));
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
