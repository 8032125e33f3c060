import { expect, it } from '@jest/globals';
import { StaleStream } from '../../event-store.ts';
import type { StoredEvent } from '../../event.ts';
import { types, type Bench } from './kit.ts';

/** Streams: what `append` and `read` promise. */
export const appendContract = (bench: () => Bench): void => {
  it('gives back what was appended, in order, as it was', async () => {
    const { store, stream, event, tenantId } = bench();
    const first = event('Created', {
      schemaVersion: 3,
      data: { b: [1, { deep: null }], a: 'Zoë "✓"', claims: { take: ['n1'], release: [] } },
      personId: 'ada',
      personal: Buffer.from('sealed').toString('base64'),
    });
    first.metadata.place = { log: 'commands/3', offset: 12, at: 1_767_225_600_000 };
    first.metadata.traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const second = event('Changed');
    const before = Date.now();
    const { revision, position } = await store.append({ stream: stream('ada'), expected: 0, events: [first, second] });
    const stored = await store.read(stream('ada'));

    expect(stored).toEqual([
      {
        ...first,
        stream: stream('ada'),
        revision: 1,
        position: expect.any(String),
        recordedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      },
      { ...second, stream: stream('ada'), revision: 2, position, recordedAt: expect.any(String) },
    ]);
    expect(stored[1]).not.toHaveProperty('personal');
    expect(stored[1]).not.toHaveProperty('personId');
    expect(stored[0]!.metadata.tenantId).toBe(tenantId);
    expect(revision).toBe(2);
    expect(Math.abs(Date.parse(stored[0]!.recordedAt) - before)).toBeLessThan(60_000);
  });

  it('has no events in a stream that does not exist', async () => {
    const { store, stream } = bench();
    expect(await store.read(stream('nobody'))).toEqual([]);
    expect(await store.read(stream('nobody'), { backwards: true, limit: 1 })).toEqual([]);
  });

  it('reads a part of a stream, from either end', async () => {
    const { store, stream, event } = bench();
    await store.append({
      stream: stream('ada'),
      expected: 0,
      events: ['1', '2', '3', '4', '5'].map((type) => event(type)),
    });
    const read = async (range: Parameters<typeof store.read>[1]) =>
      types(await store.read(stream('ada'), range)).join('');
    expect(await read({ after: 3 })).toBe('45');
    expect(await read({ limit: 2 })).toBe('12');
    expect(await read({ after: 1, limit: 2 })).toBe('23');
    expect(await read({ after: 5 })).toBe('');
    expect(await read({ backwards: true })).toBe('54321');
    expect(await read({ backwards: true, limit: 1 })).toBe('5');
    expect(await read({ backwards: true, after: 3 })).toBe('21');
    expect(await read({ backwards: true, after: 1 })).toBe('');
  });

  it.each([0, 1, 3])('refuses events for revision %i of a stream at revision 2', async (expected) => {
    const { store, stream, event } = bench();
    await store.append({ stream: stream('ada'), expected: 0, events: [event('1'), event('2')] });
    const refused = await store
      .append({ stream: stream('ada'), expected, events: [event('X')] })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(StaleStream);
    expect(refused).toMatchObject({ stream: stream('ada'), expected });
    expect(types(await store.read(stream('ada')))).toEqual(['1', '2']);
  });

  it('lets one of many writers at the same revision win, all of its events or none', async () => {
    const { store, stream, event } = bench();
    const writers = Array.from({ length: 8 }, (_, n) =>
      store.append({ stream: stream('ada'), expected: 0, events: [event(`${n}`), event(`${n}`)] }),
    );
    const outcomes = await Promise.allSettled(writers);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(StaleStream);
    const winner = String(outcomes.findIndex(({ status }) => status === 'fulfilled'));
    expect(types(await store.read(stream('ada')))).toEqual([winner, winner]);
  });

  it('answers a repeated append as the first time and changes nothing, also after later events', async () => {
    const { store, stream, event } = bench();
    const write = {
      stream: stream('ada'),
      expected: 0,
      events: [event('1'), event('2')],
      claims: { take: [`${stream('ada')}/name`], release: [] },
    };
    const first = await store.append(write);
    expect(await store.append(write)).toEqual(first);
    await store.append({
      stream: stream('ada'),
      expected: 2,
      events: [event('3')],
      claims: { take: [], release: [`${stream('ada')}/name`] },
    });
    expect(await store.append(write)).toEqual(first);
    expect(types(await store.read(stream('ada')))).toEqual(['1', '2', '3']);
    await store.append({
      stream: stream('ben'),
      expected: 0,
      events: [event('1')],
      claims: { take: [`${stream('ada')}/name`], release: [] },
    });
  });

  it('repeats to many who ask at once', async () => {
    const { store, stream, event } = bench();
    const write = { stream: stream('ada'), expected: 0, events: [event('1')] };
    const answers = await Promise.all(Array.from({ length: 6 }, () => store.append(write)));
    expect(new Set(answers.map(({ revision, position }) => `${revision}@${position}`)).size).toBe(1);
    expect(await store.read(stream('ada'))).toHaveLength(1);
  });

  it('takes no append for a repeated one that only begins the same', async () => {
    const { store, stream, event } = bench();
    const [one, two] = [event('1'), event('2')];
    await store.append({ stream: stream('ada'), expected: 0, events: [one] });
    await expect(store.append({ stream: stream('ada'), expected: 0, events: [one, two] })).rejects.toBeInstanceOf(
      StaleStream,
    );
    await store.append({ stream: stream('ada'), expected: 1, events: [two] });
    await expect(store.append({ stream: stream('ada'), expected: 1, events: [event('3')] })).rejects.toBeInstanceOf(
      StaleStream,
    );
  });

  it('appends nothing where there is nothing to append', async () => {
    const { store, stream } = bench();
    await expect(store.append({ stream: stream('ada'), expected: 0, events: [] })).rejects.toThrow('no events');
  });

  it('keeps an event of 1 MiB as it is', async () => {
    const { store, stream, event } = bench();
    const large = event('Large', {
      personId: 'ada',
      personal: 'x'.repeat(1024 * 1024),
      data: { list: Array.from({ length: 1000 }, (_, n) => `id-${n}`) },
    });
    await store.append({ stream: stream('ada'), expected: 0, events: [large] });
    const [stored] = await store.read(stream('ada'));
    expect(stored!.personal === large.personal).toBe(true);
    expect(stored!.data).toEqual(large.data);
  });

  it('appends 1,000 events at once, in order', async () => {
    const { store, stream, event, mark, feed } = bench();
    const start = await mark();
    const events = Array.from({ length: 1000 }, (_, n) => event(`${n}`));
    expect((await store.append({ stream: stream('ada'), expected: 0, events })).revision).toBe(1000);
    const inOrder = (stored: StoredEvent[]) =>
      types(stored).every((type, n) => type === `${n}`) && stored.every(({ revision }, n) => revision === n + 1);
    const stored = await store.read(stream('ada'));
    expect(stored).toHaveLength(1000);
    expect(inOrder(stored)).toBe(true);
    expect(inOrder((await feed(start)).filter(({ stream: name }) => name === stream('ada')))).toBe(true);
  });

  it('keeps everything when it is opened again', async () => {
    const { store, stream, event, reopen } = bench();
    const { position } = await store.append({ stream: stream('ada'), expected: 0, events: [event('1')] });
    const again = await reopen();
    expect(await again.read(stream('ada'))).toEqual(await store.read(stream('ada')));
    await again.readAll(position, { limit: 1 });
    await expect(again.append({ stream: stream('ada'), expected: 0, events: [event('X')] })).rejects.toBeInstanceOf(
      StaleStream,
    );
  });
};
