import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TENANT, testDirectory, type TestDirectory } from '../testing/test-directory.ts';
import { groupHistory, type GroupHistory } from './group-history.ts';
import { userHistory, type UserHistory } from './user-history.ts';

const monday = '2026-01-05T09:00:00.000Z';
const tuesday = '2026-01-06T09:00:00.000Z';
const friday = '2026-01-09T09:00:00.000Z';

describe('history (R80)', () => {
  let directory: TestDirectory;
  let users: UserHistory;
  let groups: GroupHistory;
  beforeAll(async () => {
    directory = await testDirectory();
    directory.connect('entra');
    users = userHistory(directory.source);
    groups = groupHistory(directory.source);
  });
  afterAll(() => directory.close());

  const at = async <T>(instant: string, work: () => Promise<T>): Promise<T> => {
    directory.time.now = instant;
    return work();
  };
  const setTitle = (key: string, value: string) =>
    directory.users.patch(
      directory.message({ operations: [{ op: 'replace', path: 'title', value }] }, { key, connectionId: 'entra' }),
      {},
    );

  it('tells who changed what and when, oldest first, page by page', async () => {
    const { id } = await at(monday, () => directory.createUser('ada@plum.example', { connectionId: 'entra' }));
    await at(tuesday, () => setTitle(id, 'Baker'));
    const first = await users.history(TENANT, id, { limit: 1 });
    expect(first).toMatchObject({
      items: [{ type: 'UserCreated', revision: 1, occurredAt: monday, actor: { kind: 'connection', id: 'entra' } }],
      nextAfter: 1,
    });
    const second = await users.history(TENANT, id, { limit: 1, after: first.nextAfter });
    expect(second).toMatchObject({
      items: [{ type: 'UserChanged', changed: ['title'], data: { resource: { title: 'Baker' } }, erased: false }],
    });
    expect(second.nextAfter).toBeUndefined();
    await expect(users.history(TENANT, 'nobody', { limit: 10 })).rejects.toMatchObject({ code: 'user/unknown' });
  });

  it('shows a user as of an instant, with all events up to and at it', async () => {
    const { id } = await at(monday, () => directory.createUser('bob@plum.example', { connectionId: 'entra' }));
    await at(friday, () => setTitle(id, 'Baker'));
    await expect(users.asOf(TENANT, id, '2026-01-05T08:59:59.999Z')).rejects.toMatchObject({ code: 'user/not-yet' });
    expect((await users.asOf(TENANT, id, tuesday)) as object).toMatchObject({
      revision: 1,
      createdAt: monday,
      resource: expect.not.objectContaining({ title: 'Baker' }),
    });
    expect(await users.asOf(TENANT, id, friday)).toMatchObject({
      revision: 2,
      lastModified: friday,
      resource: { title: 'Baker' },
    });
  });

  it('shows nothing of a person who was erased but that they were (R85)', async () => {
    const { id } = await at(monday, () => directory.createUser('eve@plum.example', { connectionId: 'entra' }));
    directory.sealer.erase({ tenantId: TENANT, personId: id });
    expect(await users.asOf(TENANT, id, friday)).toEqual({ id, revision: 1, erased: true });
    expect((await users.history(TENANT, id, { limit: 10 })).items).toMatchObject([
      { type: 'UserCreated', data: null, erased: true },
    ]);
  });

  it('shows a group as of an instant with the members it had', async () => {
    const { id: ada } = await at(monday, () => directory.createUser('fay@plum.example', { connectionId: 'entra' }));
    const { id } = await at(monday, () => directory.createGroup('Bakers', [], 'entra'));
    await at(tuesday, () => directory.patchMembers(id, 'entra', [{ op: 'add', ids: [ada] }]));
    await at(friday, () =>
      directory.patchMembers(
        id,
        'entra',
        [{ op: 'remove', ids: [ada] }],
        [{ op: 'replace', path: 'displayName', value: 'Pastry' }],
      ),
    );
    expect(await groups.asOf(TENANT, id, monday, { members: true })).toMatchObject({ revision: 1, members: [] });
    expect(await groups.asOf(TENANT, id, tuesday, { members: true })).toMatchObject({
      revision: 2,
      resource: { displayName: 'Bakers' },
      members: [{ value: ada, type: 'User' }],
    });
    expect(await groups.asOf(TENANT, id, friday, { members: true })).toMatchObject({
      revision: 4,
      resource: { displayName: 'Pastry' },
      members: [],
    });
    expect(await groups.asOf(TENANT, id, friday)).not.toHaveProperty('members');
  });
});
