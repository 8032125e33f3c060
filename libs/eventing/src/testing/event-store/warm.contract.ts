import { expect, it } from '@jest/globals';
import type { EventStore } from '../../event-store.ts';
import { streamName, type Metadata } from '../../event.ts';
import { handle, type Intent } from '../../handle.ts';
import { load, type EventSource } from '../../load.ts';
import { warmStates, type WarmStates } from '../../warm-states.ts';
import { memorySealer } from '../memory-sealer.ts';
import { metadata, noteAggregate, type Note, type NoteCommand, type NoteEvent } from '../note.ts';
import type { Bench } from './kit.ts';

type Options = Partial<Omit<Intent<Note, NoteCommand, NoteEvent>, 'metadata'>> & { metadata?: Partial<Metadata> };

/** What commands promise where a process keeps the states of streams warm and others write to the same store. */
export const warmContract = (bench: () => Bench): void => {
  const sealer = memorySealer();
  const stream = (id: string) => streamName('note', bench().tenantId, id);

  /** A process of its own; `reads` counts what it asks of its stream. */
  const process = (warm: WarmStates | undefined = warmStates()) => {
    const calls = { reads: 0, appends: 0 };
    const { store } = bench();
    const counting: EventStore = {
      ...store,
      read: async (...range) => (calls.reads++, store.read(...range)),
      append: async (write) => (calls.appends++, store.append(write)),
    };
    const source: EventSource = { store: counting, sealer, ...(warm && { warm }) };
    const { tenantId } = bench();
    const run = (
      id: string,
      command: Intent<Note, NoteCommand>['command'],
      { metadata: parts, ...options }: Options = {},
    ) =>
      handle(source, noteAggregate, { tenantId, id, command, metadata: metadata({ tenantId, ...parts }), ...options });
    return {
      calls,
      run,
      create: (id: string, title: string, options?: Options) =>
        run(id, { type: 'Write', title, text: `text of ${title}` }, { isNew: true, ...options }),
      retitle: (id: string, title: string, options?: Options) => run(id, { type: 'Retitle', title }, options),
      cold: (id: string) => load(source, noteAggregate, stream(id)),
    };
  };
  const typesOf = async (id: string) => (await bench().store.read(stream(id))).map(({ type }) => type);

  it('reads nothing for a new stream and for one that it wrote last', async () => {
    const { calls, create, retitle } = process();
    expect(await create('n1', 'Roses')).toMatchObject({ revision: 1, repeated: false });
    expect(await retitle('n1', 'Tulips')).toMatchObject({
      revision: 2,
      state: { title: 'Tulips', text: 'text of Roses' },
    });
    expect(await retitle('n1', 'Lilies')).toMatchObject({ revision: 3 });
    expect(calls).toEqual({ reads: 0, appends: 3 });
  });

  it('keeps exactly what a load would fold', async () => {
    const warm = warmStates();
    const one = process(warm);
    await one.create('n1', 'Roses');
    await one.retitle('n1', 'Tulips');
    const kept = warm.get(stream('n1'), noteAggregate.stateVersion)!;
    const loaded = await one.cold('n1');
    const ids = ({ commands }: typeof loaded) => commands.recent.map(({ id, revision }) => ({ id, revision }));
    expect({ ...kept, commands: ids(kept as typeof loaded) }).toEqual({ ...loaded, commands: ids(loaded) });
  });

  it('decides again where the state has gone stale, and loses nothing', async () => {
    const [one, two] = [process(), process()];
    await one.create('n1', 'Roses');
    await two.retitle('n1', 'Tulips');
    expect(await one.retitle('n1', 'Lilies')).toMatchObject({ revision: 3, state: { title: 'Lilies' } });
    expect(await typesOf('n1')).toEqual(['NoteWritten', 'NoteRetitled', 'NoteRetitled']);
  });

  it('takes nothing for a no-op, and refuses nothing, on a state that has gone stale', async () => {
    const [one, two] = [process(), process()];
    await one.create('n1', 'Roses');
    await two.retitle('n1', 'Tulips');
    // On what it keeps, nothing would change.
    expect(await one.retitle('n1', 'Roses')).toMatchObject({ revision: 3, state: { title: 'Roses' } });
    await two.retitle('n1', 'Lilies');
    expect(await one.retitle('n1', 'Irises', { ifMatch: [4] })).toMatchObject({ revision: 5 });
    await two.run('n1', { type: 'Delete' });
    await expect(one.retitle('n1', 'Roses')).rejects.toMatchObject({ code: 'note/not-found' });
    // On what it keeps, it is written still.
    expect(await one.run('n1', { type: 'Write', title: 'Again', text: 'again' })).toMatchObject({ revision: 7 });
  });

  it('knows a command that another process has handled, also one that made the stream', async () => {
    const [one, two] = [process(), process()];
    const creation = { metadata: { commandId: `create ${bench().tenantId}` } };
    await one.create('n1', 'Roses', creation);
    const later = { occurredAt: '2026-01-05T10:00:00.000Z' };
    expect(await two.create('n1', 'Roses', { metadata: { ...creation.metadata, ...later } })).toMatchObject({
      revision: 1,
      repeated: true,
      occurredAt: '2026-01-05T09:00:00.000Z',
      stored: [],
    });
    const change = { commandId: `change ${bench().tenantId}` };
    await two.retitle('n1', 'Tulips', { metadata: change });
    expect(await one.retitle('n1', 'Tulips', { metadata: { ...change, ...later } })).toMatchObject({
      revision: 2,
      repeated: true,
      occurredAt: '2026-01-05T09:00:00.000Z',
    });
    expect(await typesOf('n1')).toEqual(['NoteWritten', 'NoteRetitled']);
  });

  it('loses no command of many processes that write one stream at once', async () => {
    const processes = [process(), process(), process()];
    await processes[0]!.create('n1', 'Roses');
    const deadline = Date.now() + 60_000;
    const handled = await Promise.all(
      Array.from({ length: 30 }, (_, n) => processes[n % 3]!.retitle('n1', `Title ${n}`, { deadline })),
    );
    expect(new Set(handled.map(({ revision }) => revision)).size).toBe(30);
    expect(await typesOf('n1')).toHaveLength(31);
  });

  it('releases and takes claims by what the stream holds, not by what it held', async () => {
    const [one, two] = [process(), process()];
    await one.create('n1', 'Roses');
    await two.retitle('n1', 'Tulips');
    await one.retitle('n1', 'Lilies');
    await one.create('n2', 'Tulips');
    await expect(one.create('n3', 'Lilies')).rejects.toMatchObject({ code: 'note/title-taken' });
    await two.create('n4', 'Roses');
  });

  it('keeps a state no longer than it may, and no more of them than it may', async () => {
    const short = process(warmStates({ forMs: -1 }));
    await short.create('n1', 'Roses');
    await short.retitle('n1', 'Tulips');
    expect(short.calls.reads).toBe(1);
    const few = process(warmStates({ states: 1 }));
    await few.create('n2', 'Lilies');
    await few.create('n3', 'Irises');
    await few.retitle('n3', 'Asters');
    expect(few.calls.reads).toBe(0);
    await few.retitle('n2', 'Poppies');
    expect(few.calls.reads).toBe(1);
  });
};
