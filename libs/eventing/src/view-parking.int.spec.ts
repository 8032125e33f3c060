import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase } from '@tenure/database/testing';
import type { Sealer } from './codec.ts';
import type { EventStore } from './event-store.ts';
import { streamName, streamParts, type StreamName } from './event.ts';
import { handle } from './handle.ts';
import { openLeases, type Leases } from './lease.ts';
import { memoryEventStore } from './memory-event-store.ts';
import { memorySealer } from './testing/memory-sealer.ts';
import { metadata, noteAggregate, noteEvents, type NoteCommand, type NoteEvent } from './testing/note.ts';
import { dropView, startView, type ViewRuntime } from './view-runtime.ts';
import type { Gap, View } from './view.ts';

/** Titles by note, applied in one statement per event as real views do: one title that can't be stored fails its whole batch. */
const titles: View<NoteEvent> = {
  name: 'notes_v1',
  categories: ['note'],
  events: noteEvents,
  create: async (sql) =>
    void (await sql.query('create table notes_v1.titles (id text primary key, title text not null)')),
  apply: async (sql, events) => {
    const gaps: Gap[] = [];
    for (const { stream, revision, event } of events) {
      const [head] = await sql.query<{ revision: number }>({
        text: `insert into notes_v1.heads values ($1, 0) on conflict (stream) do update set revision = heads.revision returning revision`,
        values: [stream],
      });
      if (head!.revision >= revision) continue;
      if (head!.revision < revision - 1) {
        if (!gaps.some((gap) => gap.stream === stream)) gaps.push({ stream, head: head!.revision });
        continue;
      }
      if (event && 'title' in event.data)
        await sql.query({
          text: `insert into notes_v1.titles values ($1, ($2::jsonb)->>'title') on conflict (id) do update set title = excluded.title`,
          values: [streamParts(stream).id, JSON.stringify({ title: event.data.title })],
        });
      await sql.query({
        text: 'update notes_v1.heads set revision = $2 where stream = $1',
        values: [stream, revision],
      });
    }
    return gaps;
  },
};

let testing: Awaited<ReturnType<typeof testDatabase>>;
let leases: Leases;
let store: EventStore;
let lostKeys: Set<string>;
const running: ViewRuntime[] = [];
const keys = memorySealer();
/** As after a restore of a database that is older than the event store. */
const sealer: Sealer = {
  ...keys,
  open: async (person, sealed, boundTo) => {
    if (lostKeys.has(person.personId))
      throw Object.assign(new Error(`There is no key of the person ${person.personId}.`), { name: 'KeyMissing' });
    return keys.open(person, sealed, boundTo);
  },
};

beforeEach(async () => {
  testing = await testDatabase();
  leases = openLeases(testing.database);
  store = memoryEventStore();
  lostKeys = new Set();
});
afterEach(async () => {
  for (const view of running.splice(0)) await view.stop();
  await leases.close();
  await testing.drop();
});

const start = async (more: { replayEveryMs?: number } = {}) => {
  const told: StreamName[] = [];
  const view = await startView({
    view: titles,
    database: testing.database,
    schema: 'service',
    store,
    sealer,
    leases,
    onParked: (stream) => told.push(stream),
    ...more,
  });
  running.push(view);
  await view.serving;
  return Object.assign(view, { told });
};
const streamOf = (id: string) => streamName('note', 'acme', id);
const run = async (id: string, command: NoteCommand) =>
  handle({ store, sealer: keys }, noteAggregate, { tenantId: 'acme', id, command, metadata: metadata() });
const write = (id: string, title: string) => run(id, { type: 'Write', title, text: 'a text' });
/** As an older version may have stored it: with what PostgreSQL can't keep. */
const BAD = 'a\u0000b';
const shown = async () =>
  (await testing.database.query<{ id: string }>('select id from notes_v1.titles order by id')).map(({ id }) => id);
const settled = async ({ follower }: ViewRuntime) => {
  while (!(await follower.isSettled())) await new Promise((resolve) => setTimeout(resolve, 10));
};

describe('R96: a view', () => {
  it('parks a stream that it can’t apply, and goes on with all others', async () => {
    const view = await start();
    await write('n1', 'Roses');
    await write('bad', BAD);
    await write('n2', 'Tulips');
    await run('bad', { type: 'Retitle', title: 'Good again' });
    await settled(view);
    await write('n3', 'Lilies');
    await settled(view);
    expect(await shown()).toEqual(['n1', 'n2', 'n3']);
    expect(await view.parked.list()).toEqual([
      {
        name: 'notes_v1',
        stream: streamOf('bad'),
        since: expect.any(String),
        code: 'event/not-applied',
        message: expect.not.stringContaining(BAD),
      },
    ]);
    expect(view.told).toEqual([streamOf('bad')]);
    expect(await view.parked.replay()).toEqual({ applied: 0, left: [streamOf('bad')] });
  });

  it('lets a writer of a parked stream answer, and refuses in words who must read the view at its revision', async () => {
    const view = await start();
    const written = await write('bad', BAD);
    await view.applyInline(written.stored, written.events);
    await settled(view);
    const next = await run('bad', { type: 'Retitle', title: 'Roses' });
    await view.applyInline(next.stored, next.events);
    await expect(view.catchUp(streamOf('bad'))).rejects.toMatchObject({ code: 'stream/parked' });
  });

  it('parks whom no key can be found for, and has them back once it is there, with all that came meanwhile', async () => {
    lostKeys.add('lost');
    await write('n1', 'Roses');
    await write('lost', 'Hidden');
    const view = await start();
    await run('lost', { type: 'Retitle', title: 'Found' });
    await settled(view);
    expect(await shown()).toEqual(['n1']);
    expect(await view.parked.list()).toMatchObject([{ code: 'key/missing', message: expect.stringContaining('lost') }]);
    lostKeys.clear();
    expect(await view.parked.replay(streamOf('lost'))).toEqual({ applied: 1, left: [] });
    expect(await testing.database.query(`select title from notes_v1.titles where id = 'lost'`)).toEqual([
      { title: 'Found' },
    ]);
    expect(await view.parked.count()).toBe(0);
    await run('lost', { type: 'Retitle', title: 'Still here' });
    await settled(view);
    expect(await testing.database.query(`select title from notes_v1.titles where id = 'lost'`)).toEqual([
      { title: 'Still here' },
    ]);
  });

  it('tries parked streams again by itself', async () => {
    lostKeys.add('lost');
    await write('lost', 'Hidden');
    const view = await start({ replayEveryMs: 20 });
    await settled(view);
    lostKeys.clear();
    await testing.database.query(`update service.parked_streams set due_at = now()`);
    while ((await view.parked.count()) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await shown()).toEqual(['lost']);
  });

  it('becomes ready when it is built again, with the parked streams named', async () => {
    await write('n1', 'Roses');
    await write('bad', BAD);
    const view = await start();
    await settled(view);
    await view.stop();
    running.splice(0);
    await dropView(testing.database, 'service', titles);
    const rebuilt = await start();
    expect(await rebuilt.state()).toBe('serving');
    await settled(rebuilt);
    expect(await shown()).toEqual(['n1']);
    expect(await rebuilt.parked.list()).toMatchObject([{ stream: streamOf('bad') }]);
  });

  it('has back what it parked for a fault of its own, once that is mended', async () => {
    const view = await start();
    await testing.database.query('alter table notes_v1.titles rename to away');
    await write('n1', 'Roses');
    while ((await view.parked.count()) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await testing.database.query('alter table notes_v1.away rename to titles');
    expect(await view.parked.replay()).toEqual({ applied: 1, left: [] });
    expect(await shown()).toEqual(['n1']);
  });
});
