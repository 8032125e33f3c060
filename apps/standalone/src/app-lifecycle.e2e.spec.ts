import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testWorld, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

describe('an app', () => {
  it('is renamed at the version that If-Match names', async () => {
    const { mapping, app } = await world.office();
    const { version } = await app.get();
    expect((await mapping.patch(app.path, { name: 'Chat' }, { 'if-match': `W/"${version + 7}"` })).status).toBe(412);
    expect(await mapping.patch(app.path, { name: ' Chat ' }, { 'if-match': `W/"${version}"` })).toMatchObject({
      status: 200,
      body: { name: 'Chat', version: version + 1 },
    });
    expect((await mapping.ok('GET', '/apps')).items).toMatchObject([{ name: 'Chat' }]);
  });

  it('is deleted when it is off and that is confirmed, with nothing left behind in Tenure, and all in the app as it was', async () => {
    const { mapping, app, idp, audit, id: tenantId } = await world.office();
    const ada = await idp.hire('ada-deleted');
    await app.assign('users', ada);
    await app.turnOn();
    await world.settled();
    const { remoteId } = await app.accountOf(ada);
    expect((await mapping.delete(`${app.path}?confirm=true`)).body.code).toBe('app/on');
    await app.turnOff();
    expect((await mapping.delete(app.path)).body.code).toBe('confirm/required');
    expect((await mapping.delete(`${app.path}?confirm=true`)).status).toBe(204);
    await world.settled();
    expect((await mapping.get(app.path)).status).toBe(404);
    expect((await mapping.ok('GET', '/apps')).items).toEqual([]);
    expect((await mapping.ok('GET', `/accounts?user=${ada}`)).items).toEqual([]);
    expect((await mapping.ok('GET', '/timers')).items).toEqual([]);
    expect(await world.sandbox.byHand.ok('GET', `/Users/${remoteId}`)).toMatchObject({ active: true });
    const left = await world.database.query({
      text: `select 1 from secrets.secrets where tenant_id = $1 and kind = 'credential'
             union all select 1 from provisioning.jobs where tenant_id = $1
             union all select 1 from provisioning.deliveries where tenant_id = $1`,
      values: [tenantId],
    });
    expect(left).toEqual([]);
    expect((await audit.ok('GET', `/entries?app=${app.id}&type=AppDeleted`)).items).toHaveLength(1);
    await idp.set(ada, { op: 'replace', path: 'title', value: 'Dr' });
    await world.settled();
    expect((await mapping.post(`${app.path}/on`, { confirm: true })).status).toBe(404);
  });
});
