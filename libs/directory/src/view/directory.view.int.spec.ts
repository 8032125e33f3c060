import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  GroupChanged,
  GroupCreated,
  GroupDeleted,
  GroupMembersAdded,
  GroupMembersRemoved,
  UserChanged,
  UserCreated,
  UserDeleted,
  type GroupEvent,
  type UserEvent,
  type UserStanding,
} from '@tenure/contracts';
import { decoder, prepareView, streamName, type Decoded, type View } from '@tenure/eventing';
import fc from 'fast-check';
import { groupsPart } from '../group/group.view.ts';
import { TENANT, testDirectory, type TestDirectory } from '../testing/test-directory.ts';
import { usersPart } from '../user/user.view.ts';
import { directoryView } from './directory.view.ts';

const contents = async ({ database }: TestDirectory, schema: string) => ({
  users: await database.query(`select * from ${schema}.users order by id`),
  groups: await database.query(`select * from ${schema}.groups order by id`),
  members: await database.query(`select * from ${schema}.group_members order by group_id, member_id`),
  heads: await database.query(`select * from ${schema}.heads where revision > 0 order by stream`),
});

describe('the view of users and groups', () => {
  let directory: TestDirectory;
  beforeAll(async () => {
    directory = await testDirectory();
    directory.connect('entra');
  });
  afterAll(() => directory.close());

  const patchTitle = (key: string, value: string) =>
    directory.users.patch(
      directory.message({ operations: [{ op: 'replace', path: 'title', value }] }, { key, connectionId: 'entra' }),
      {},
    );

  /** A writer that dies between its append and its apply. */
  const appendOnly = async (key: string, value: string) => {
    const { applyInline } = directory.view;
    directory.view.applyInline = async () => undefined;
    await patchTitle(key, value);
    directory.view.applyInline = applyInline;
  };

  it('loses nothing when a writer dies between append and apply, and another follows at once', async () => {
    const { id } = await directory.createUser('ada@plum.example', { connectionId: 'entra' });
    await appendOnly(id, 'Baker');
    await directory.users.patch(
      directory.message(
        { operations: [{ op: 'replace', path: 'nickName', value: 'A' }] },
        { key: id, connectionId: 'entra' },
      ),
      {},
    );
    expect(await directory.queries.get(TENANT, { kind: 'admin' }, id)).toMatchObject({
      revision: 3,
      resource: { title: 'Baker', nickName: 'A' },
    });
  });

  it('lets a command on members catch it up first', async () => {
    const { id: ada } = await directory.createUser('bea@plum.example', { connectionId: 'entra' });
    const { id } = await directory.createGroup('Bakers', [], 'entra');
    const { applyInline } = directory.view;
    directory.view.applyInline = async () => undefined;
    await directory.patchMembers(id, 'entra', [{ op: 'add', ids: [ada] }]);
    directory.view.applyInline = applyInline;
    expect(await directory.patchMembers(id, 'entra', [{ op: 'add', ids: [ada] }])).toMatchObject({ revision: 2 });
  });

  it('rebuilt from the first event is the same', async () => {
    const { id: cy } = await directory.createUser('cy@plum.example', { connectionId: 'entra' });
    const { id } = await directory.createGroup('Cooks', [cy], 'entra');
    await patchTitle(cy, 'Cook');
    await directory.patchMembers(
      id,
      'entra',
      [{ op: 'remove', ids: [cy] }],
      [{ op: 'replace', path: 'displayName', value: 'Chefs' }],
    );
    const rebuilt = directoryView([usersPart, groupsPart], 'directory_rebuilt');
    await replay(rebuilt, await decodedAll(), 3);
    expect(await contents(directory, 'directory_rebuilt')).toEqual(
      await contents(directory, directory.definition.name),
    );
    expect(directory.failures).toEqual([]);
  });

  const decodedAll = async () => {
    const decode = decoder(directory.sealer, directory.definition.events);
    return Promise.all((await directory.store.readAll(undefined, { limit: 10_000 })).map((stored) => decode(stored)));
  };

  const replay = async (view: View, events: readonly Decoded[], batch: number) => {
    await prepareView(directory.database, 'directory', view);
    for (let at = 0; at < events.length; at += batch)
      expect(await view.apply(directory.database, events.slice(at, at + batch))).toEqual([]);
  };

  it('ends the same however events arrive: twice, late, with gaps reported', async () => {
    let run = 0;
    const [one, other] = [
      directoryView([usersPart, groupsPart], 'directory_once'),
      directoryView([usersPart, groupsPart], 'directory_anyhow'),
    ];
    await prepareView(directory.database, 'directory', one);
    await prepareView(directory.database, 'directory', other);
    const deliveries = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 6 })), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.array(randomEvent, { minLength: 1, maxLength: 25 }), deliveries, async (steps, arrivals) => {
        const history = historyOf(steps, `r${++run}`);
        for (const event of history) expect(await one.apply(directory.database, [event])).toEqual([]);
        for (const [from, count] of arrivals) {
          const at = from % history.length;
          await other.apply(directory.database, history.slice(at, at + count));
        }
        for (const event of history) expect(await other.apply(directory.database, [event])).toEqual([]);
        expect(await contents(directory, 'directory_anyhow')).toEqual(await contents(directory, 'directory_once'));
      }),
      { numRuns: 40, interruptAfterTimeLimit: 40_000 },
    );
  });

  it('reports a gap, changes nothing of that stream, and applies the others', async () => {
    const view = directoryView([usersPart, groupsPart], 'directory_gap');
    await prepareView(directory.database, 'directory', view);
    const history = historyOf(
      [
        { on: 'g1', kind: 'create' },
        { on: 'g1', kind: 'add', member: 'm1' },
        { on: 'g2', kind: 'create' },
      ],
      'gap',
    );
    const [created, added, other] = history as [Decoded, Decoded, Decoded];
    expect(await view.apply(directory.database, [added, other])).toEqual([{ stream: added.stream, head: 0 }]);
    expect(await contents(directory, 'directory_gap')).toMatchObject({ groups: [{ id: 'g2-gap' }], members: [] });
    expect(await view.apply(directory.database, [created, added])).toEqual([]);
    expect(await contents(directory, 'directory_gap')).toMatchObject({ members: [{ member_id: 'm1' }] });
  });
});

type Step = { on: 'g1' | 'g2' | 'u1' | 'u2'; kind: 'create' | 'change' | 'add' | 'remove' | 'delete'; member?: string };

const randomEvent: fc.Arbitrary<Step> = fc.record({
  on: fc.constantFrom('g1' as const, 'g2' as const, 'u1' as const, 'u2' as const),
  kind: fc.constantFrom('change' as const, 'add' as const, 'remove' as const, 'add' as const, 'delete' as const),
  member: fc.constantFrom('m1', 'm2', 'm3'),
});

const standing: UserStanding = {
  changed: [],
  writer: 'connection',
  accountType: 'provisionedManaged',
  connectionId: 'entra',
  unassignedFrom: null,
  passwordId: null,
};

const groupEvent = ({ kind, member = 'm1' }: Step, first: boolean, number: number): GroupEvent => {
  const resource = { schemas: [], displayName: `G ${number}` };
  if (first) return GroupCreated({ connectionId: 'entra', changed: [], resource });
  switch (kind) {
    case 'add':
      return GroupMembersAdded({ members: [{ id: member, kind: 'User' }] });
    case 'remove':
      return GroupMembersRemoved({ memberIds: [member], because: 'request' });
    case 'delete':
      return GroupDeleted({ connectionId: 'entra' });
    case 'create':
    case 'change':
      return GroupChanged({ connectionId: 'entra', changed: [], resource });
  }
};

const userEvent = ({ kind }: Step, first: boolean, number: number): UserEvent => {
  const personal = { resource: { schemas: [], userName: `U${number}@plum.example`, displayName: `U ${number}` } };
  if (first) return UserCreated(standing, personal);
  return kind === 'delete'
    ? UserDeleted({ writer: 'connection', connectionId: 'entra' })
    : UserChanged(standing, personal);
};

/** Histories as deciders make them: a stream begins with its creation, and nothing follows its deletion. */
const historyOf = (steps: Step[], run: string): Decoded[] => {
  const revisions = new Map<string, number>();
  const ended = new Set<string>();
  return steps.flatMap((step, number) => {
    const category = step.on.startsWith('g') ? 'group' : 'user';
    const stream = streamName(category, TENANT, `${step.on}-${run}`);
    if (ended.has(stream)) return [];
    const revision = (revisions.get(stream) ?? 0) + 1;
    revisions.set(stream, revision);
    const event =
      category === 'group' ? groupEvent(step, revision === 1, number) : userEvent(step, revision === 1, number);
    if (event.type === 'GroupDeleted' || event.type === 'UserDeleted') ended.add(stream);
    const occurredAt = new Date(Date.UTC(2026, 0, 5, 9, 0, number)).toISOString();
    const metadata = {
      tenantId: TENANT,
      actor: { kind: 'connection' as const, id: 'entra' },
      commandId: `c-${number}`,
      correlationId: 'x',
      causationId: 'x',
      occurredAt,
    };
    return [{ id: `e-${number}`, type: event.type, schemaVersion: 1, stream, revision, metadata, event }];
  });
};
