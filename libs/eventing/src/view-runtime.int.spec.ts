import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Sql } from '@tenure/database';
import { testDatabase } from '@tenure/database/testing';
import type { Decoded } from './codec.ts';
import type { EventStore } from './event-store.ts';
import { streamName, streamParts, type StreamName } from './event.ts';
import { startFollower } from './follower.ts';
import { handle, type Handled } from './handle.ts';
import { openLeases, type Leases } from './lease.ts';
import { memoryEventStore } from './memory-event-store.ts';
import { postgresSnapshots, snapshotsTable } from './snapshots.ts';
import { memorySealer } from './testing/memory-sealer.ts';
import { metadata, noteAggregate, noteEvents, type Note, type NoteCommand, type NoteEvent } from './testing/note.ts';
import { dropView, startView, type ViewRuntime } from './view-runtime.ts';
import type { Gap, View } from './view.ts';

/** Titles by note: the smallest view that keeps the promises of `View`. */
const titles = (name: string): View<NoteEvent> => ({
  name,
  categories: ['note'],
  events: noteEvents,
  create: async (sql) =>
    void (await sql.query(
      `create table ${name}.titles (id text primary key, title text not null, changes int not null)`,
    )),
  apply: async (sql, events) => {
    const gaps: Gap[] = [];
    for (const event of events) {
      const gap = await applyOne(sql, name, event);
      if (gap && !gaps.some(({ stream }) => stream === gap.stream)) gaps.push(gap);
    }
    return gaps;
  },
});

const applyOne = async (
  sql: Sql,
  name: string,
  { stream, revision, event }: Decoded<NoteEvent>,
): Promise<Gap | undefined> => {
  await sql.query({ text: `insert into ${name}.heads values ($1, 0) on conflict do nothing`, values: [stream] });
  const [head] = await sql.query<{ revision: number }>({
    text: `select revision from ${name}.heads where stream = $1 for update`,
    values: [stream],
  });
  if (head!.revision >= revision) return undefined;
  if (head!.revision < revision - 1) return { stream, head: head!.revision };
  const { id } = streamParts(stream);
  if (event?.type === 'NoteDeleted')
    await sql.query({ text: `delete from ${name}.titles where id = $1`, values: [id] });
  else if (event)
    await sql.query({
      text: `insert into ${name}.titles as t values ($1, $2, 1) on conflict (id) do update set title = excluded.title, changes = t.changes + 1`,
      values: [id, event.data.title],
    });
  await sql.query({ text: `update ${name}.heads set revision = $2 where stream = $1`, values: [stream, revision] });
  return undefined;
};

let testing: Awaited<ReturnType<typeof testDatabase>>;
let leases: Leases;
let store: EventStore;
const sealer = memorySealer();
const running: ViewRuntime[] = [];

beforeEach(async () => {
  testing = await testDatabase();
  leases = openLeases(testing.database);
  store = memoryEventStore();
});
afterEach(async () => {
  for (const view of running.splice(0)) await view.stop();
  await leases.close();
  await testing.drop();
});

const start = async (name = 'notes_v1', more: Partial<View<NoteEvent>> = {}) => {
  const runtime = await startView({
    view: { ...titles(name), ...more },
    database: testing.database,
    schema: 'service',
    store,
    sealer,
    leases,
  });
  running.push(runtime);
  await runtime.serving;
  return runtime;
};
const rows = (name = 'notes_v1') => testing.database.query(`select * from ${name}.titles order by id`);
const run = (id: string, command: NoteCommand): Promise<Handled<Note, NoteEvent>> =>
  handle({ store, sealer }, noteAggregate, { tenantId: 'acme', id, command, metadata: metadata() });
const settled = async ({ follower }: ViewRuntime) => {
  while (!(await follower.isSettled())) await new Promise((resolve) => setTimeout(resolve, 10));
};

describe('a view', () => {
  it('sees a writer’s own events before the writer answers, and the follower changes nothing more', async () => {
    const view = await start();
    const written = await run('n1', { type: 'Write', title: 'Roses', text: 'red' });
    await view.applyInline(written.stored, written.events);
    expect(await rows()).toEqual([{ id: 'n1', title: 'Roses', changes: 1 }]);
    await settled(view);
    expect(await rows()).toEqual([{ id: 'n1', title: 'Roses', changes: 1 }]);
  });

  it('gets from the follower what a writer that died never applied', async () => {
    const view = await start();
    await run('n1', { type: 'Write', title: 'Roses', text: 'red' });
    await settled(view);
    expect(await rows()).toEqual([{ id: 'n1', title: 'Roses', changes: 1 }]);
  });

  it('fills the gap that a dead writer left before it applies the next writer’s event', async () => {
    const view = await start();
    await view.follower.stop();
    await run('n1', { type: 'Write', title: 'Roses', text: 'red' });
    await run('n1', { type: 'Retitle', title: 'Tulips' });
    const third = await run('n1', { type: 'Retitle', title: 'Lilies' });
    await view.applyInline(third.stored, third.events);
    expect(await rows()).toEqual([{ id: 'n1', title: 'Lilies', changes: 3 }]);
  });

  it('keeps the head of what was deleted: an event that comes again brings nothing back', async () => {
    const view = await start();
    const written = await run('n1', { type: 'Write', title: 'Roses', text: 'red' });
    const deleted = await run('n1', { type: 'Delete' });
    await view.applyInline([...written.stored, ...deleted.stored], [...written.events, ...deleted.events]);
    await view.applyInline(written.stored, written.events);
    await settled(view);
    expect(await rows()).toEqual([]);
  });

  it('is brought to a stream’s revision on demand', async () => {
    const view = await start();
    await view.follower.stop();
    await run('n1', { type: 'Write', title: 'Roses', text: 'red' });
    await view.catchUp(streamName('note', 'acme', 'n1'));
    expect(await rows()).toHaveLength(1);
  });

  it('is the same after it was dropped and built again', async () => {
    const view = await start();
    for (let n = 0; n < 20; n++) await run(`n${n}`, { type: 'Write', title: `Title ${n}`, text: 'x' });
    await run('n3', { type: 'Delete' });
    await settled(view);
    const before = await rows();
    await view.stop();
    await dropView(testing.database, 'service', titles('notes_v1'));
    await settled(await start());
    expect(await rows()).toEqual(before);
  });

  it('gets what only readers need once it is built, from one of several processes, and before it may be read', async () => {
    await run('n1', { type: 'Write', title: 'Roses', text: 'red' });
    // Fails where it comes before the rows, or twice.
    const finish = [
      'create index by_title on notes_v1.titles (title)',
      `insert into notes_v1.titles select 'finished', title, 0 from notes_v1.titles where id = 'n1'`,
    ];
    await Promise.all([start('notes_v1', { finish }), start('notes_v1', { finish })]);
    expect(await rows()).toMatchObject([{ id: 'finished', title: 'Roses' }, { id: 'n1' }]);
  });

  it('of a new version is built beside the old one, which serves meanwhile', async () => {
    const first = await start('notes_v1');
    await run('n1', { type: 'Write', title: 'Roses', text: 'red' });
    await settled(first);
    const second = await start('notes_v2');
    expect(await second.state()).toBe('serving');
    expect(await rows('notes_v2')).toEqual(await rows('notes_v1'));
    const next = await run('n1', { type: 'Retitle', title: 'Tulips' });
    await second.applyInline(next.stored, next.events);
    expect(await rows('notes_v2')).toMatchObject([{ title: 'Tulips' }]);
  });

  it('is applied by the follower only while it is being built', async () => {
    await run('n1', { type: 'Write', title: 'Roses', text: 'red' });
    const view = await startView({
      view: titles('notes_v1'),
      database: testing.database,
      schema: 'service',
      store: { ...store, readAll: () => new Promise(() => undefined) },
      sealer,
      leases,
    });
    expect(await view.state()).toBe('building');
    const next = await run('n1', { type: 'Retitle', title: 'Tulips' });
    await view.applyInline(next.stored, next.events);
    expect(await rows()).toEqual([]);
  });
});

describe('a follower', () => {
  const follow = (handled: StreamName[][], options: Partial<Parameters<typeof startFollower>[0]> = {}) =>
    startFollower({
      name: 'reactor',
      database: testing.database,
      schema: 'service',
      store,
      leases,
      categories: ['note'],
      handle: async (_sql, events) => void handled.push(events.map(({ stream }) => stream)),
      ...options,
    });
  beforeEach(async () => {
    await testing.database.query('create schema service');
    await testing.database.query(
      'create table service.checkpoints (follower text primary key, position text not null, updated_at timestamptz not null default now())',
    );
  });
  const until = async (condition: () => boolean | Promise<boolean>) => {
    while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
  };

  it('goes on from its checkpoint after a restart', async () => {
    const handled: StreamName[][] = [];
    await run('n1', { type: 'Write', title: 'Roses', text: 'red' });
    const first = follow(handled);
    await first.caughtUp;
    await first.stop();
    await run('n2', { type: 'Write', title: 'Tulips', text: 'red' });
    const second = follow(handled);
    await second.caughtUp;
    await second.stop();
    expect(handled.flat()).toEqual(['note-acme_n1', 'note-acme_n2']);
  });

  it('runs in one process at a time, and the other takes over when it stops', async () => {
    const [mine, theirs]: [StreamName[][], StreamName[][]] = [[], []];
    const otherLeases = openLeases(testing.database);
    const first = follow(mine);
    await first.caughtUp;
    const second = follow(theirs, { leases: otherLeases });
    await run('n1', { type: 'Write', title: 'Roses', text: 'red' });
    await until(() => mine.length === 1);
    await first.stop();
    await run('n2', { type: 'Write', title: 'Tulips', text: 'red' });
    await until(() => theirs.length === 1);
    expect([mine.flat(), theirs.flat()]).toEqual([['note-acme_n1'], ['note-acme_n2']]);
    await second.stop();
    await otherLeases.close();
  });

  it('ends where the leases are closed before it is stopped', async () => {
    const follower = follow([]);
    await follower.caughtUp;
    await leases.close();
    // It looks for a lease again after 200 ms.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await follower.stop();
  });

  it('tries a batch again until it works, keeps its place, and says what it fails on', async () => {
    const handled: StreamName[][] = [];
    let isAway = true;
    const follower = follow(handled, {
      handle: async (_sql, events) => {
        if (isAway) throw new Error('the broker is away');
        handled.push(events.map(({ stream }) => stream));
      },
    });
    await run('n1', { type: 'Write', title: 'Roses', text: 'red' });
    await until(() => follower.status().failing !== undefined);
    expect(follower.status()).toMatchObject({ failing: 'the broker is away' });
    isAway = false;
    await until(() => handled.length === 1);
    expect(await follower.isSettled()).toBe(true);
    await follower.stop();
  });
});

describe('snapshots in PostgreSQL', () => {
  it('keep the later revision, whoever writes last', async () => {
    await testing.database.query('create schema service');
    await testing.database.query(snapshotsTable('service'));
    const snapshots = postgresSnapshots(testing.database, 'service');
    const stream = streamName('note', 'acme', 'n1');
    await snapshots.save({ stream, revision: 200, stateVersion: 1, body: '{"late":true}', personId: 'n1' });
    await snapshots.save({ stream, revision: 100, stateVersion: 1, body: '{}' });
    expect(await snapshots.load(stream)).toEqual({
      stream,
      revision: 200,
      stateVersion: 1,
      body: '{"late":true}',
      personId: 'n1',
    });
    await snapshots.drop(stream);
    expect(await snapshots.load(stream)).toBeUndefined();
  });
});
