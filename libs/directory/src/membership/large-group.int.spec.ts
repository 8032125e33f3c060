import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { streamName } from '@tenure/eventing';
import { TENANT, testDirectory, type TestDirectory } from '../testing/test-directory.ts';

const MANY = 100_000;
/** A transaction that writes for seconds hides the feed of every database on the server, those of other tests too (design, decision 2). */
const AT_ONCE = 5000;

describe('a group of a hundred thousand (R86)', () => {
  let directory: TestDirectory;
  let large: string;
  let small: string;
  let one: string;
  beforeAll(async () => {
    directory = await testDirectory();
    directory.connect('entra');
    const { database, definition } = directory;
    // The people are in the view alone: what they are is no business of these tests.
    const ids = (count: number, after = 0) => Array.from({ length: count }, (_, index) => `m-${after + index + 1}`);
    large = (await directory.createGroup('Everyone', [], 'entra')).id;
    for (let made = 0; made < MANY; made += AT_ONCE) {
      await database.query({
        text: `insert into ${definition.name}.users (tenant_id, id, connection_id, account_type, active, user_name_key, display_name, created_at, last_modified, revision, resource, search, words)
               select $1, id, 'entra', 'provisionedManaged', true, id, id, now(), now(), 1, '{}', '{}', '' from unnest($2::text[]) as id`,
        values: [TENANT, ids(AT_ONCE, made)],
      });
      await directory.patchMembers(large, 'entra', [{ op: 'add', ids: ids(AT_ONCE, made) }]);
    }
    small = (await directory.createGroup('Ten', ids(10), 'entra')).id;
    one = (await directory.createUser('one@plum.example', { connectionId: 'entra' })).id;
    await database.query(`analyze ${definition.name}.users, ${definition.name}.group_members`);
  }, 120_000);
  afterAll(() => directory.close());

  const events = async (id: string, after: number) =>
    (await directory.store.read(streamName('group', TENANT, id), { after })).map(({ type, data }) => ({ type, data }));
  const revisionOf = async (id: string) => (await directory.groupQueries.get(TENANT, {}, id))!.revision;

  it('is told in events of a thousand', async () => {
    expect(await revisionOf(large)).toBe(1 + MANY / 1000);
  });

  it('takes a PATCH at the cost of what the PATCH changes', async () => {
    const timed = async (id: string) => {
      const startedAt = performance.now();
      await directory.patchMembers(id, 'entra', [{ op: 'add', ids: [one] }]);
      await directory.patchMembers(id, 'entra', [{ op: 'remove', ids: [one] }]);
      return performance.now() - startedAt;
    };
    const times = { large: [] as number[], small: [] as number[] };
    for (let round = 0; round < 15; round++) {
      times.large.push(await timed(large));
      times.small.push(await timed(small));
    }
    const median = (all: number[]) => all.sort((a, b) => a - b)[all.length >> 1]!;
    // Far from ten thousand times; how near to once, the bench measures where nothing else runs.
    expect(median(times.large)).toBeLessThan(20 * median(times.small) + 100);
  });

  it('takes a PUT of all its members at the cost of what differs in the stream', async () => {
    const before = await revisionOf(large);
    const memberIds = [...Array.from({ length: MANY - 1 }, (_, index) => `m-${index + 2}`), one];
    const resource = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: 'Everyone' };
    await directory.groups.replace(
      directory.message({ resource, cleared: [], memberIds }, { key: large, connectionId: 'entra' }),
      {},
    );
    expect(await events(large, before)).toEqual([
      { type: 'GroupMembersRemoved', data: { memberIds: ['m-1'], because: 'request' } },
      { type: 'GroupMembersAdded', data: { members: [{ id: one, kind: 'User' }] } },
    ]);
  });

  it('is shown with all its members, and without reading them', async () => {
    expect((await directory.groupQueries.membersOf(TENANT, {}, large)).members).toHaveLength(MANY);
    expect(await directory.groupQueries.get(TENANT, {}, large)).not.toHaveProperty('members');
  });
});
