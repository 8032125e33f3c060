import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MONDAY, later } from './testing/system.ts';
import { person, sorted, testWorld, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

/** Every tenant of this file provisions into one sandbox, so people have names of their own. */
const namesLike = async (suffix: string) =>
  sorted(
    (await world.sandbox.accounts())
      .map(({ userName }) => userName.split('@')[0])
      .filter((name) => name.endsWith(suffix)),
  );

describe('an account', () => {
  it('R54: waits where its action needs approval, and is approved or rejected, alone or in bulk', async () => {
    const { idp, app, mapping } = await world.office();
    await mapping.ok('PUT', `${app.path}/approvals`, { actions: ['create', 'delete'] });
    const people = [await idp.hire('ada-r54'), await idp.hire('bob-r54'), await idp.hire('cy-r54')];
    await app.assign('users', ...people);
    await app.turnOn();
    await world.settled();
    const waiting = await app.accounts('status=pending');
    expect(waiting.map(({ pendingApproval }) => pendingApproval)).toEqual(
      Array(3).fill({ action: 'create', requestedAt: MONDAY }),
    );
    expect(await namesLike('-r54')).toEqual([]);
    const [ada, bob, cy] = await Promise.all(people.map((id) => app.accountOf(id)));
    expect((await mapping.post(`${app.path}/accounts/approve`, { ids: [ada.id, 'nobody'] })).body).toEqual({
      items: [
        { id: ada.id, ok: true },
        { id: 'nobody', ok: false, code: 'account/unknown' },
      ],
    });
    expect((await app.act(bob, 'approve', { reason: 'She may' })).status).toBe(200);
    expect((await app.act(cy, 'reject', { reason: 'Not he' })).status).toBe(200);
    await world.settled();
    expect(await namesLike('-r54')).toEqual(['ada-r54', 'bob-r54']);
    expect((await app.accountOf(people[2]!)).reason).toMatchObject({ code: 'approval/rejected' });
    expect(await app.act(ada, 'approve')).toMatchObject({ status: 409, body: { code: 'account/no-approval' } });
  });

  it('R55: failed with the reason that the app gave, and is tried again when asked', async () => {
    const { idp, app } = await world.office();
    await world.sandbox.switchTo({ mode: 'fail', status: 400 });
    const ada = await idp.hire('ada-r55');
    await app.assign('users', ada);
    await app.turnOn();
    await world.settled();
    const account = await app.accountOf(ada);
    expect(account).toMatchObject({
      status: 'failed',
      reason: {
        code: 'delivery/refused',
        message: expect.stringContaining('The sandbox was told to fail.'),
        at: expect.any(String),
      },
    });
    await world.sandbox.switchTo({ mode: 'ok' });
    expect((await app.act(account, 'retry')).status).toBe(200);
    await world.settled();
    expect(await app.accountOf(ada)).toMatchObject({
      status: 'provisioned',
      owned: true,
      remoteId: expect.any(String),
    });
  });

  it('R56: that is disassociated is unknown, untouched in the app, and linked again by a rematch', async () => {
    const { idp, app } = await world.office();
    const ada = await idp.hire('ada-r56');
    await app.assign('users', ada);
    await app.turnOn();
    await world.settled();
    const { remoteId, ...account } = await app.accountOf(ada);
    expect((await app.act(account as any, 'disassociate')).body).toMatchObject({ status: 'unknown' });
    await idp.set(ada, { op: 'replace', path: 'displayName', value: 'Unseen' });
    await world.settled();
    expect(await world.sandbox.account('ada-r56@plum.example')).toMatchObject({
      id: remoteId,
      displayName: 'ada-r56 Plum',
    });
    expect((await app.act(account as any, 'rematch', { remoteId })).status).toBe(200);
    await world.settled();
    expect(await app.accountOf(ada)).toMatchObject({ status: 'provisioned', remoteId });
    expect(await world.sandbox.account('ada-r56@plum.example')).toMatchObject({ displayName: 'Unseen' });
    expect((await world.sandbox.accounts()).filter(({ userName }) => userName === 'ada-r56@plum.example')).toHaveLength(
      1,
    );
  });

  it('R57, R80: is found by user, app, status and period, with its history, and read as it was', async () => {
    const { idp, app, mapping } = await world.office();
    const ada = await idp.hire('ada-r57');
    await app.assign('users', ada);
    await app.turnOn();
    await world.settled();
    const created = await world.now();
    await world.moveTo(later(created, { hours: 2 }));
    await idp.set(ada, { op: 'replace', path: 'displayName', value: 'Later' });
    await world.settled();
    const account = await app.accountOf(ada);
    const count = async (query: string) => (await mapping.ok('GET', `/accounts?${query}`)).items.length;
    expect(await count(`user=${ada}`)).toBe(1);
    expect(await count(`user=${ada}&status=provisioned`)).toBe(1);
    expect(await count(`user=${ada}&status=failed`)).toBe(0);
    expect(await count(`user=${ada}&to=${later(created, { hours: -1 })}`)).toBe(0);
    const asOf = (instant: string) => mapping.get(`${app.path}/accounts/${account.id}?asOf=${instant}`);
    expect(await asOf(later(created, { ms: -1 }))).toMatchObject({ status: 404, body: { code: 'account/not-yet' } });
    expect((await asOf(created)).body).toMatchObject({
      status: 'provisioned',
      attributes: { displayName: 'ada-r57 Plum' },
      asOf: created,
    });
    expect((await asOf(later(created, { hours: 2 }))).body.attributes.displayName).toBe('Later');
    const history = await mapping.ok('GET', `${app.path}/accounts/${account.id}/history`);
    expect(history.items.map(({ type }: any) => type)).toEqual(
      expect.arrayContaining(['DeliveryStarted', 'AccountCreated', 'AccountUpdated']),
    );
  });

  it('R61, R69: that was made in the app is left alone, until somebody adopts it', async () => {
    const { idp, app, audit } = await world.office();
    const foreign = await world.sandbox.byHand.ok(
      'POST',
      '/Users',
      person('ada-r61', { displayName: 'By hand', nickName: 'hand' }),
    );
    const ada = await idp.hire('ada-r61');
    await app.assign('users', ada);
    await app.turnOn();
    await world.settled();
    const account = await app.accountOf(ada);
    expect(account).toMatchObject({
      status: 'failed',
      owned: false,
      reason: { code: 'account/foreign-match' },
      match: { remoteId: foreign.id, attributes: expect.any(Object) },
    });
    await idp.setActive(ada, false);
    await idp.setActive(ada, true);
    await world.settled();
    expect(await world.sandbox.account('ada-r61@plum.example')).toEqual(foreign);
    expect((await app.act(account, 'adopt')).body).toMatchObject({ owned: true, remoteId: foreign.id });
    await world.settled();
    expect(await world.sandbox.account('ada-r61@plum.example')).toMatchObject({
      id: foreign.id,
      displayName: 'ada-r61 Plum',
      nickName: 'hand',
    });
    expect((await audit.ok('GET', `/entries?user=${ada}&type=AccountAdopted`)).items).toHaveLength(1);
  });

  it('R67: that was deleted in the app is drift: shown, and made again only when asked', async () => {
    const { idp, app } = await world.office();
    const ada = await idp.hire('ada-r67');
    await app.assign('users', ada);
    await app.turnOn();
    await world.settled();
    const account = await app.accountOf(ada);
    await world.sandbox.byHand.ok('DELETE', `/Users/${account.remoteId}`);
    await idp.set(ada, { op: 'replace', path: 'displayName', value: 'Gone?' });
    await world.settled();
    expect(await app.accountOf(ada)).toMatchObject({ status: 'failed', reason: { code: 'account/gone' } });
    expect(await namesLike('-r67')).toEqual([]);
    await idp.set(ada, { op: 'replace', path: 'displayName', value: 'Still gone' });
    await world.settled();
    expect(await namesLike('-r67')).toEqual([]);
    expect((await app.act(account, 'recreate')).status).toBe(200);
    await world.settled();
    expect(await world.sandbox.account('ada-r67@plum.example')).toMatchObject({ displayName: 'Still gone' });
    expect(await app.accountOf(ada)).toMatchObject({ status: 'provisioned' });
  });
});
