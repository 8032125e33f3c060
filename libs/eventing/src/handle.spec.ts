import { beforeEach, describe, expect, it } from '@jest/globals';
import { eventId } from './codec.ts';
import { emptyCommandLog, recordCommand, repetitionOf } from './command-log.ts';
import { AppendTooLarge, OutcomeUnknown, type EventStore } from './event-store.ts';
import { streamName, type Metadata, type StoredEvent } from './event.ts';
import { handle, type Intent } from './handle.ts';
import { load, type Snapshot, type SnapshotStore } from './load.ts';
import { memoryEventStore } from './memory-event-store.ts';
import { memorySealer } from './testing/memory-sealer.ts';
import { metadata, noteAggregate, type Note, type NoteCommand } from './testing/note.ts';

let store: EventStore;
let sealer: ReturnType<typeof memorySealer>;
beforeEach(() => {
  store = memoryEventStore();
  sealer = memorySealer();
});

type Options = Partial<Omit<Intent<Note, NoteCommand>, 'metadata'>> & { metadata?: Partial<Metadata> };
const run = (
  id: string,
  command: Intent<Note, NoteCommand>['command'],
  { metadata: parts, ...options }: Options = {},
  source: Parameters<typeof handle>[0] = { store, sealer },
) => handle(source, noteAggregate, { tenantId: 'acme', id, command, metadata: metadata(parts), ...options });
const write = (id: string, title: string, options?: Options) =>
  run(id, { type: 'Write', title, text: `text of ${title}` }, options);
const stream = streamName('note', 'acme', 'n1');

describe('a handled command', () => {
  it('appends what the decider said, with the personal part sealed', async () => {
    expect(await write('n1', 'Roses')).toMatchObject({
      revision: 1,
      state: { status: 'written', title: 'Roses', text: 'text of Roses' },
      repeated: false,
    });
    const [event] = await store.read(stream);
    expect(event).toMatchObject({ type: 'NoteWritten', schemaVersion: 1, personId: 'n1', data: { title: 'Roses' } });
    expect(JSON.stringify(event)).not.toContain('text of');
  });

  it('appends nothing when nothing changes', async () => {
    await write('n1', 'Roses');
    expect(await run('n1', { type: 'Retitle', title: 'Roses' })).toMatchObject({
      revision: 1,
      events: [],
      repeated: false,
    });
    expect(await store.read(stream)).toHaveLength(1);
  });

  it('is refused with what to do where the store never takes so much at once', async () => {
    const full: EventStore = {
      ...store,
      append: async () => {
        throw new AppendTooLarge(stream, { bytes: 1000, advice: 'raise the limit' });
      },
    };
    const command = { type: 'Write', title: 'Roses', text: 'long' } as const;
    await expect(run('n1', command, {}, { store: full, sealer })).rejects.toMatchObject({
      kind: 'too-large',
      code: 'command/too-large',
      message:
        'The change is larger than the event store takes at once (1000 bytes). Send it in parts, such as fewer members at a time, or have an operator raise the limit.',
    });
  });

  it('never lets business time go back within a stream', async () => {
    await write('n1', 'Roses', { metadata: { occurredAt: '2026-02-01T00:00:00.000Z' } });
    await run('n1', { type: 'Retitle', title: 'Tulips' }, { metadata: { occurredAt: '2026-01-01T00:00:00.000Z' } });
    expect((await store.read(stream)).map(({ metadata: { occurredAt } }) => occurredAt)).toEqual([
      '2026-02-01T00:00:00.000Z',
      '2026-02-01T00:00:00.000Z',
    ]);
  });

  it('is not executed after its deadline', async () => {
    await expect(write('n1', 'Roses', { deadline: Date.now() - 1 })).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'command/late',
    });
    expect(await store.read(stream)).toEqual([]);
  });

  it('is refused where If-Match names another revision, and only of what exists', async () => {
    await write('n1', 'Roses');
    await expect(run('n1', { type: 'Delete' }, { ifMatch: [7] })).rejects.toMatchObject({
      kind: 'stale',
      code: 'note/stale',
    });
    await expect(run('n2', { type: 'Delete' }, { ifMatch: [7] })).rejects.toMatchObject({ code: 'note/not-found' });
    await expect(run('n1', { type: 'Delete' }, { ifMatch: [3, 1] })).resolves.toMatchObject({ revision: 2 });
  });

  it('is refused where If-None-Match names this revision or any, and only of what exists', async () => {
    await write('n1', 'Roses');
    for (const ifNoneMatch of ['*', [1], [7, 1]] as const) {
      await expect(run('n1', { type: 'Delete' }, { ifNoneMatch })).rejects.toMatchObject({
        kind: 'stale',
        code: 'note/stale',
      });
      await expect(run('n2', { type: 'Delete' }, { ifNoneMatch })).rejects.toMatchObject({ code: 'note/not-found' });
    }
    await expect(run('n1', { type: 'Delete' }, { ifMatch: '*', ifNoneMatch: [1] })).rejects.toMatchObject({
      kind: 'stale',
    });
    await expect(run('n1', { type: 'Delete' }, { ifMatch: [1], ifNoneMatch: [2] })).resolves.toMatchObject({
      revision: 2,
    });
  });
});

describe('a repeated command', () => {
  it('is answered with the state after its event, also when others came later', async () => {
    await write('n1', 'Roses', { metadata: { commandId: 'first' } });
    await run('n1', { type: 'Retitle', title: 'Tulips' });
    expect(await write('n1', 'Roses', { metadata: { commandId: 'first' } })).toMatchObject({
      repeated: true,
      revision: 1,
      state: { title: 'Roses' },
      events: [],
    });
    expect(await store.read(stream)).toHaveLength(2);
  });

  it('that changed nothing the first time undoes nothing now: its place is not above the highest', async () => {
    const place = (offset: number) => ({ log: 'commands/3', offset, at: 1000 + offset });
    await write('n1', 'Roses', { metadata: { place: place(1) } });
    await run('n1', { type: 'Retitle', title: 'Roses' }, { metadata: { place: place(2) } });
    await run('n1', { type: 'Retitle', title: 'Tulips' }, { metadata: { place: place(3) } });
    expect(await run('n1', { type: 'Retitle', title: 'Roses' }, { metadata: { place: place(2) } })).toMatchObject({
      repeated: true,
      state: { title: 'Tulips' },
    });
  });

  it('is told from a new one in a log that was made anew and counts from 0 again', async () => {
    await write('n1', 'Roses', { metadata: { place: { log: 'commands/3', offset: 900, at: 5000 } } });
    expect(
      await run(
        'n1',
        { type: 'Retitle', title: 'Tulips' },
        { metadata: { place: { log: 'commands/3', offset: 0, at: 9000 } } },
      ),
    ).toMatchObject({ revision: 2 });
  });

  it('finds its own events after an append whose outcome was unknown', async () => {
    const flaky: EventStore = {
      ...store,
      append: async (appended) => {
        await store.append(appended);
        flaky.append = store.append;
        throw new OutcomeUnknown('no answer');
      },
    };
    const done = await handle({ store: flaky, sealer }, noteAggregate, {
      tenantId: 'acme',
      id: 'n1',
      metadata: metadata(),
      command: { type: 'Write', title: 'Roses', text: 'x' },
    });
    expect(done).toMatchObject({ revision: 1, repeated: true });
    expect(await store.read(stream)).toHaveLength(1);
  });

  it('is remembered for a minute and at least 200 commands', () => {
    const at = Date.parse('2026-01-05T09:00:00.000Z');
    const event = (n: number, ms: number) =>
      ({
        metadata: metadata({ commandId: `c${n}` }),
        revision: n,
        recordedAt: new Date(at + ms).toISOString(),
      }) as StoredEvent;
    const quick = Array.from({ length: 1000 }, (_, n) => event(n + 1, n)).reduce(recordCommand, emptyCommandLog);
    expect(repetitionOf(quick, { commandId: 'c1' })).toEqual({ kind: 'applied', revision: 1 });
    const slow = Array.from({ length: 1000 }, (_, n) => event(n + 1, n * 1000)).reduce(recordCommand, emptyCommandLog);
    expect(repetitionOf(slow, { commandId: 'c801' })).toMatchObject({ kind: 'applied' });
    expect(repetitionOf(slow, { commandId: 'c1' })).toEqual({ kind: 'new' });
    expect(slow.recent.length).toBeLessThanOrEqual(400);
  });
});

describe('a value that must be unique', () => {
  it('is refused to a second stream by the code of its claim, and free again once released', async () => {
    await write('n1', 'Roses');
    await expect(write('n2', 'ROSES')).rejects.toMatchObject({ kind: 'taken', code: 'note/title-taken' });
    await run('n1', { type: 'Retitle', title: 'Tulips' });
    await expect(write('n2', 'ROSES')).resolves.toMatchObject({ revision: 1 });
  });

  it('is neither taken nor released where only its case changes', async () => {
    await write('n1', 'Roses');
    await run('n1', { type: 'Retitle', title: 'ROSES' });
    const [, retitled] = await store.read(stream);
    expect(retitled!.data.claims).toBeUndefined();
  });

  it('goes to one of many who ask at once', async () => {
    const outcomes = await Promise.allSettled(['1', '2', '3', '4', '5'].map((id) => write(id, 'Roses')));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

describe('parallel commands on one stream', () => {
  it('are all applied', async () => {
    await write('n1', 'Roses');
    await Promise.all(Array.from({ length: 15 }, (_, n) => run('n1', { type: 'Retitle', title: `Title ${n}` })));
    expect((await store.read(stream)).length).toBe(16);
  });
});

describe('loading', () => {
  const memorySnapshots = () => {
    const kept = new Map<string, Snapshot>();
    const snapshots: SnapshotStore = {
      load: async (name) => kept.get(name),
      save: async (snapshot) => void kept.set(snapshot.stream, snapshot),
      drop: async (name) => void kept.delete(name),
    };
    return { kept, snapshots };
  };
  const long = async (source: Parameters<typeof handle>[0]) => {
    await write('n1', 'Title 0');
    for (let n = 1; n <= 130; n++) await run('n1', { type: 'Retitle', title: `Title ${n}` }, {}, source);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it('costs the tail behind a snapshot, which is sealed', async () => {
    const { kept, snapshots } = memorySnapshots();
    await long({ store, sealer, snapshots });
    const snapshot = kept.get(stream)!;
    expect(snapshot.revision).toBeGreaterThanOrEqual(100);
    expect(snapshot.body).not.toContain('Title');
    const reads: number[] = [];
    const counting: EventStore = {
      ...store,
      read: async (name, range) => (reads.push(range?.after ?? 0), store.read(name, range)),
    };
    expect(await load({ store: counting, sealer, snapshots }, noteAggregate, stream)).toMatchObject({
      revision: 131,
      state: { title: 'Title 130' },
    });
    expect(reads[0]).toBe(snapshot.revision);
  });

  it('ignores a snapshot of another state version or one that cannot be opened', async () => {
    const { kept, snapshots } = memorySnapshots();
    await long({ store, sealer, snapshots });
    expect(await load({ store, sealer, snapshots }, { ...noteAggregate, stateVersion: 2 }, stream)).toMatchObject({
      revision: 131,
      snapshotAt: 0,
    });
    kept.set(stream, { ...kept.get(stream)!, body: 'torn' });
    expect(await load({ store, sealer, snapshots }, noteAggregate, stream)).toMatchObject({
      revision: 131,
      snapshotAt: 0,
    });
  });

  it('R80: folds what had occurred up to an instant', async () => {
    await write('n1', 'Roses', { metadata: { occurredAt: '2026-01-01T00:00:00.000Z' } });
    await run('n1', { type: 'Retitle', title: 'Tulips' }, { metadata: { occurredAt: '2026-02-01T00:00:00.000Z' } });
    const asOf = (instant: string) => load({ store, sealer }, noteAggregate, stream, { asOf: instant });
    expect(await asOf('2026-01-31T00:00:00.000Z')).toMatchObject({ revision: 1, state: { title: 'Roses' } });
    expect(await asOf('2026-02-01T00:00:00.000Z')).toMatchObject({ revision: 2, state: { title: 'Tulips' } });
    expect(await asOf('2025-01-01T00:00:00.000Z')).toMatchObject({ revision: 0 });
  });

  it('copes with an erased person', async () => {
    await write('n1', 'Roses');
    sealer.erase({ tenantId: 'acme', personId: 'n1' });
    expect(await load({ store, sealer }, noteAggregate, stream)).toMatchObject({
      state: { status: 'written', title: 'Roses', text: '' },
    });
  });

  it('refuses to guess at an event that this version does not know', async () => {
    await store.append({
      stream,
      expected: 0,
      events: [{ id: eventId('c', stream, 0), type: 'NoteFramed', schemaVersion: 1, data: {}, metadata: metadata() }],
    });
    await expect(load({ store, sealer }, noteAggregate, stream)).rejects.toThrow('NoteFramed');
  });
});
