import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fillWords } from '../people/apply-users.ts';
import { peopleFound, searchedFor, withNames } from '../people/find-names.ts';
import { appConfig, openWorld, T, type World } from '../testing/world.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.start();
  await world.tenant();
});
afterEach(() => world.close());

const waiting = () =>
  world.database.query<any>(`select * from ${PROVISIONING_VIEW}.waiting order by user_id, kind, ref`);
const found = async (search: string) =>
  (
    await world.database.query<{ id: string }>({
      text: `select id from ${peopleFound('$1', '$2')} as found order by id`,
      values: [T, searchedFor(T, search)],
    })
  ).map(({ id }) => id);

describe('R95: the queue in the view', () => {
  it('follows the account, and is the same after a rebuild', async () => {
    await world.configure(appConfig({ approvals: ['create'] }));
    await world.join('ada');
    await world.join('bob');
    await world.settle();
    const rows = await waiting();
    expect(rows.map(({ user_id, kind, action }) => ({ user_id, kind, action }))).toEqual([
      { user_id: 'ada', kind: 'approval', action: 'create' },
      { user_id: 'bob', kind: 'approval', action: 'create' },
    ]);
    await world.rebuild();
    expect(await waiting()).toEqual(rows);

    const because = { causationId: 'request', correlationId: 'request' };
    const { account_id: id, ref: approvalId } = rows[0];
    await world.provisioning().write({ tenantId: T, id }, { type: 'Approve', approvalId, reason: null }, because);
    expect((await waiting()).map(({ user_id }) => user_id)).toEqual(['bob']);
  });

  it('keeps what is to be decided of an erased person, and names nobody', async () => {
    await world.configure(appConfig({ approvals: ['create'] }));
    await world.join('ada', { displayName: 'Ada Lovelace' });
    await world.settle();
    expect(await found('LOVE')).toEqual(['ada']);
    await world.erase('ada');
    await world.settle();
    expect(await found('love')).toEqual([]);
    const rows = await waiting();
    expect(rows).toMatchObject([{ user_id: 'ada', remote_id: null }]);
    expect(await withNames(world.database, T, [{ userId: 'ada', appId: 'git' }], ['user', 'app'])).toEqual([
      { userId: 'ada', appId: 'git', user: { id: 'ada', erased: true }, app: { id: 'git', name: 'Git' } },
    ]);
    await world.rebuild();
    expect((await waiting()).map(({ kind, user_id }) => ({ kind, user_id }))).toEqual(
      rows.map(({ kind, user_id }) => ({ kind, user_id })),
    );
  });
});

describe('people who were known before there was a search', () => {
  it('are found once their words are filled in', async () => {
    await world.join('zoe', { displayName: 'Zoë Plüm', emails: [{ value: 'z@fig.example' }] });
    await world.settle();
    await world.database.query('update provisioning.people set words = null');
    expect(await found('zoe')).toEqual([]);
    await fillWords(world.database);
    expect(await found('plum zoe')).toEqual(['zoe']);
    expect(await found('z@fig')).toEqual(['zoe']);
  });
});
