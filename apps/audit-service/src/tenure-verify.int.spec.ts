import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, truncateSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { leafHash, logQueries, seedSigner } from '@tenure/audit';
import { AUDIT, changesOf, seedOf, testLedger, testSigner, userChanged, type TestLedger } from '@tenure/audit/testing';
import { exportOf, keyArguments, newFolder, verify, writeLines } from './testing/exports.ts';

type Line = Record<string, any>;
const parsed = (line: string) => JSON.parse(line) as Line;
const canonical = (value: Line): string => {
  const sorted = (each: unknown): unknown =>
    Array.isArray(each)
      ? each.map(sorted)
      : typeof each === 'object' && each !== null
        ? Object.fromEntries(
            Object.entries(each)
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([name, member]) => [name, sorted(member)]),
          )
        : each;
  return `${JSON.stringify(sorted(value))}\n`;
};

let folder: string;
beforeAll(async () => (folder = await newFolder()));
afterAll(() => rm(folder, { recursive: true }));

describe('R84: tenure-verify', () => {
  let ledger: TestLedger;
  let lines: string[];
  /** Where the entry with an index stands. */
  const at = (index: number) =>
    lines.findIndex((line) => line.includes('"kind":"entry"') && parsed(line).index === index);
  const changed = (where: number, change: (line: Line) => Line) =>
    lines.map((line, n) => (n === where ? canonical(change(parsed(line))) : line));
  const verdictOf = async (changedLines: readonly string[], ...more: readonly string[]) =>
    verify(await writeLines(folder, changedLines), ...keyArguments(), ...more);

  beforeAll(async () => {
    ledger = await testLedger();
    await ledger.consume(...changesOf('ada', 1, 300));
    await ledger.consume(
      ...changesOf('bob', 1, 400, { at: '2026-02-01T09:00:00.000Z' }),
      userChanged({ tenant: 'plum' }),
    );
    await ledger.keep();
    lines = await exportOf(ledger);
  });
  afterAll(() => ledger.drop());

  it('verifies all that a log holds: signature, root, data, streams and anchor', async () => {
    const verdict = await verdictOf(lines);
    expect(verdict).toMatchObject({
      code: 0,
      verified: true,
      origin: 'tenure.example/audit/v1/tenants/acme',
      claims: 'complete',
      size: 700,
      first: 0,
      after: 700,
      entries: 700,
      anchor: { origin: 'tenure.example/audit/v1/anchor', size: 700 },
      noticed: [],
    });
    expect(await verify(await writeLines(folder, lines, false), ...keyArguments())).toMatchObject({ verified: true });
  });

  it.each([
    [{ from: '2026-02-01T00:00:00.000Z' }, 300, 700],
    [{ to: '2026-01-31T00:00:00.000Z' }, 0, 300],
    [{ from: '2030-01-01T00:00:00.000Z' }, 700, 700],
  ])('verifies that the entries of a period %p are all there is', async (period, first, after) => {
    const verdict = await verdictOf(await exportOf(ledger, period));
    expect(verdict).toMatchObject({
      verified: true,
      claims: 'complete',
      size: 700,
      first,
      after,
      entries: after - first,
    });
  });

  it('verifies each entry that a filter picked, and never calls them complete', async () => {
    const picked = await exportOf(ledger, { user: 'bob', from: '2026-02-01T00:00:00.000Z' });
    const verdict = await verdictOf(picked);
    expect(verdict).toMatchObject({ verified: true, claims: 'inclusion', entries: 400, filter: { user: 'bob' } });
    const claiming = picked.map((line, n) => (n === 0 ? canonical({ ...parsed(line), claims: 'complete' }) : line));
    expect(await verdictOf(claiming)).toMatchObject({ refused: { name: 'claims' } });
    const unfiltered = picked.map((line, n) =>
      n === 0 ? canonical({ ...parsed(line), claims: 'complete', filter: {} }) : line,
    );
    expect((await verdictOf(unfiltered)).verified).toBe(false);
    const foreign = picked.map((line) => {
      const value = parsed(line);
      return value.kind === 'entry' && value.index === 400 ? canonical({ ...value, index: 399 }) : line;
    });
    expect(await verdictOf(foreign)).toMatchObject({ refused: { name: 'order', index: 399 } });
    const moved = picked
      .filter((line) => !line.includes('"index":399,'))
      .map((line) => {
        const value = parsed(line);
        return value.kind === 'entry' && value.index === 400 ? canonical({ ...value, index: 399 }) : line;
      });
    expect(await verdictOf(moved)).toMatchObject({ refused: { name: 'inclusion', index: 399 } });
  });

  const forgedLeaf = (line: Line): Line => {
    const leaf = line.leaf.replace('"actor":{"id":"entra"', '"actor":{"id":"other"');
    return { ...line, leaf, hash: leafHash(Buffer.from(leaf)).toString('base64') };
  };
  const other = Buffer.alloc(32, 9).toString('base64');

  it.each<[string, () => string[], { name: string; index?: number }]>([
    [
      'changed data',
      () => changed(at(12), (line) => ({ ...line, data: { ...line.data, title: 'Director' } })),
      { name: 'data', index: 12 },
    ],
    [
      'changed sealed bytes',
      () => changed(at(13), (line) => ({ ...line, personal: other })),
      { name: 'personal', index: 13 },
    ],
    [
      'removed sealed bytes',
      () => changed(at(13), ({ personal: _, ...line }) => line),
      { name: 'personal', index: 13 },
    ],
    [
      'a changed leaf',
      () => changed(at(14), (line) => ({ ...line, leaf: line.leaf.replace('Changed', 'Created') })),
      { name: 'leaf', index: 14 },
    ],
    ['a leaf changed with its hash', () => changed(at(15), forgedLeaf), { name: 'tile', index: 0 }],
    ['a leaf changed with its hash in the last tile', () => changed(at(600), forgedLeaf), { name: 'root' }],
    ['a changed index', () => changed(at(16), (line) => ({ ...line, index: 17 })), { name: 'missing', index: 16 }],
    ['a removed entry', () => lines.toSpliced(at(17), 1), { name: 'missing', index: 17 }],
    ['a doubled entry', () => lines.toSpliced(at(18), 0, lines[at(18)]!), { name: 'order', index: 18 }],
    [
      'reordered entries',
      () => lines.toSpliced(at(19), 2, lines[at(20)]!, lines[at(19)]!),
      { name: 'missing', index: 19 },
    ],
    ['a removed last entry', () => lines.toSpliced(at(699), 1), { name: 'missing', index: 699 }],
    [
      'entries cut off, with all counts adjusted',
      () =>
        lines.toSpliced(at(690), 10).map((line) => {
          const value = parsed(line);
          if (value.kind === 'head') return canonical({ ...value, after: 690, entries: 690 });
          return value.kind === 'end' ? canonical({ ...value, entries: 690 }) : line;
        }),
      { name: 'root' },
    ],
    ['cut lines', () => lines.slice(0, 400), { name: 'truncated' }],
    ['a cut line', () => [...lines.slice(0, -1), '{"entries":700,"ki'], { name: 'truncated' }],
    ['CRLF', () => lines.map((line) => line.replace('\n', '\r\n')), { name: 'format' }],
    [
      'a name twice in a line',
      () => lines.map((line, n) => (n === at(21) ? line.replace('{', '{"data":{},') : line)),
      { name: 'format' },
    ],
    ['a line of another kind', () => [...lines.slice(0, -1), '{"kind":"more"}\n'], { name: 'format' }],
    ['something after the end', () => [...lines, lines.at(-1)!], { name: 'format' }],
    ['a missing tile', () => lines.filter((line) => !line.includes('"path":"tile/1/')), { name: 'tile' }],
    [
      'a changed tile',
      () =>
        lines.map((line) =>
          line.includes('"path":"tile/1/')
            ? canonical({ ...parsed(line), hashes: Buffer.alloc(64, 1).toString('base64') })
            : line,
        ),
      { name: 'tile', index: 0 },
    ],
    [
      'a changed checkpoint',
      () => lines.map((line) => line.replace('acme\\n700\\n', 'acme\\n699\\n')),
      { name: 'signature' },
    ],
    [
      'the checkpoint of another log',
      () => lines.map((line) => line.replaceAll('tenants/acme', 'tenants/plum')),
      { name: 'key' },
    ],
    ['no checkpoint', () => lines.filter((line) => !line.includes('"kind":"checkpoint"')), { name: 'format' }],
    [
      'a changed anchor',
      () =>
        lines.map((line) =>
          line.includes('"kind":"anchor"')
            ? line.replace('nindex 0', 'nindex 1').replace('nindex 2', 'nindex 1')
            : line,
        ),
      { name: 'anchor' },
    ],
  ])('refuses %s by its name and index', async (_, forge, refused) => {
    const forged = forge();
    expect(forged).not.toEqual(lines);
    expect(await verdictOf(forged)).toMatchObject({ code: 1, verified: false, refused });
  });

  it('refuses a compressed file that was cut', async () => {
    const file = await writeLines(folder, lines);
    truncateSync(file, readFileSync(file).length - 500);
    expect(await verify(file, ...keyArguments())).toMatchObject({ code: 1, refused: { name: 'truncated' } });
  });

  it('trusts no key but those it is given', async () => {
    const stranger = seedSigner(seedOf('a stranger'));
    const file = await writeLines(folder, lines);
    expect(await verify(file, ...keyArguments([stranger.publicKey]))).toMatchObject({ refused: { name: 'signature' } });
    expect(await verify(file, ...keyArguments(undefined, 'plum'))).toMatchObject({ refused: { name: 'key' } });
    expect(await verify(file, ...keyArguments([stranger.publicKey, testSigner.publicKey]))).toMatchObject({
      verified: true,
    });
  });

  it('unpacks static tiles that a log would serve', async () => {
    const dir = join(folder, 'tiles');
    expect(await verdictOf(lines, '--unpack', dir)).toMatchObject({ verified: true });
    const installation = await ledger.install();
    const served = logQueries(ledger.database, installation);
    for (const path of [
      'tile/0/000',
      'tile/0/002.p/188',
      'tile/1/000.p/2',
      'tile/entries/001',
      'tile/entries/002.p/188',
    ])
      expect([path, readFileSync(join(dir, path)).equals(await served.tile('acme', path))]).toEqual([path, true]);
    expect(readFileSync(join(dir, 'checkpoint'), 'utf8')).toBe(await served.checkpoint('acme'));
    const spoiled = join(folder, 'spoiled');
    await verdictOf(
      changed(at(12), (line) => ({ ...line, data: {} })),
      '--unpack',
      spoiled,
    );
    expect([existsSync(spoiled), existsSync(`${spoiled}.partial`)]).toEqual([false, false]);
  });
});

describe('R84: tenure-verify --since', () => {
  let ledger: TestLedger;
  beforeEach(async () => {
    ledger = await testLedger();
    await ledger.consume(...changesOf('ada', 1, 300));
    await ledger.keep();
  });
  afterEach(() => ledger.drop());

  const checkpointFile = async (text: string) => {
    const file = join(folder, `checkpoint-${Math.random()}`);
    await writeFile(file, text);
    return file;
  };

  it('accepts a log that only grew, by an older export, a checkpoint or a proof', async () => {
    const old = await writeLines(folder, await exportOf(ledger));
    const queries = logQueries(ledger.database, await ledger.install());
    const [note, proof] = [await queries.checkpoint('acme'), await queries.proof('acme', { index: 7 })];
    await ledger.consume(...changesOf('bob', 1, 300));
    const grown = await writeLines(folder, await exportOf(ledger));
    for (const since of [old, await checkpointFile(note), await checkpointFile(proof)])
      expect(await verify(grown, ...keyArguments(), '--since', since)).toMatchObject({ verified: true, follows: 300 });
    expect(await verify(grown, ...keyArguments(), '--since', grown)).toMatchObject({ verified: true, follows: 600 });
  });

  it('asks for a consistency proof where a part of the log has none, and takes it from a file', async () => {
    await ledger.consume(...changesOf('bob', 1, 300, { at: '2026-02-01T09:00:00.000Z' }));
    await ledger.keep();
    const queries = logQueries(ledger.database, await ledger.install());
    const old = await checkpointFile((await queries.checkpoints('acme', { limit: 9 })).items.at(-1)!.note);
    await ledger.consume(...changesOf('eve', 1, 300, { at: '2026-03-01T09:00:00.000Z' }));
    const late = await writeLines(folder, await exportOf(ledger, { from: '2026-03-01T00:00:00.000Z' }));
    expect(await verify(late, ...keyArguments(), '--since', old)).toMatchObject({ refused: { name: 'since' } });
    const proof = await checkpointFile(await queries.proof('acme', { from: 300 }));
    expect(await verify(late, ...keyArguments(), '--since', old, '--consistency', proof)).toMatchObject({
      follows: 300,
    });
    const asked = await writeLines(folder, await exportOf(ledger, { from: '2026-03-01T00:00:00.000Z', since: [300] }));
    expect(await verify(asked, ...keyArguments(), '--since', old)).toMatchObject({ verified: true, follows: 300 });
  });

  it('accepts a log whose key was rotated in between', async () => {
    const old = await writeLines(folder, await exportOf(ledger));
    const young = seedSigner(seedOf('the second key'));
    const installation = await ledger.install([young, testSigner]);
    await ledger.consume(...changesOf('bob', 1, 5));
    const rotated = await writeLines(folder, await exportOf(ledger, {}, { installation }));
    for (const keys of [[testSigner.publicKey], [young.publicKey, testSigner.publicKey]])
      expect(await verify(rotated, ...keyArguments(keys), '--since', old)).toMatchObject({
        verified: true,
        follows: 300,
      });
    expect(await verify(rotated, ...keyArguments([young.publicKey]))).toMatchObject({ verified: true });
  });

  it('refuses a log that lost its last entries, also where all that is left was signed anew', async () => {
    const old = await writeLines(folder, await exportOf(ledger));
    const rolledBack = await testLedger();
    await rolledBack.consume(...changesOf('ada', 1, 299));
    const shorter = await writeLines(folder, await exportOf(rolledBack));
    await rolledBack.drop();
    expect(await verify(shorter, ...keyArguments())).toMatchObject({ verified: true });
    expect(await verify(shorter, ...keyArguments(), '--since', old)).toMatchObject({
      refused: { name: 'since', index: 299 },
    });
  });

  it('refuses a log that was rewritten and signed anew', async () => {
    const old = await writeLines(folder, await exportOf(ledger));
    const rewritten = await testLedger();
    const history = changesOf('ada', 1, 310);
    await rewritten.consume(...history.with(12, userChanged({ revision: 13, title: 'Director' })));
    const forged = await writeLines(folder, await exportOf(rewritten));
    await rewritten.drop();
    expect(await verify(forged, ...keyArguments())).toMatchObject({ verified: true });
    expect(await verify(forged, ...keyArguments(), '--since', old)).toMatchObject({ refused: { name: 'since' } });
  });
});

describe('R84: what streams tell', () => {
  let ledger: TestLedger;
  beforeEach(async () => (ledger = await testLedger()));
  afterEach(() => ledger.drop());

  it('refuses an event that was left out before the ledger, by the index behind the gap', async () => {
    await ledger.consume(...changesOf('ada', 1, 3));
    await ledger.database.query(`update ${AUDIT}.fact_marks set revision = 4`);
    await ledger.consume(userChanged({ revision: 5 }));
    const file = await writeLines(folder, await exportOf(ledger));
    expect(await verify(file, ...keyArguments())).toMatchObject({ refused: { name: 'stream-gap', index: 3 } });
  });

  it('notices what contradicts the ledger, and a time that goes back', async () => {
    await ledger.consume(...changesOf('ada', 1, 3));
    await ledger.consume(
      userChanged({ revision: 3, id: 'restored' }),
      userChanged({ revision: 4, recordedAt: '2025-12-31T00:00:00.000Z' }),
    );
    const file = await writeLines(folder, await exportOf(ledger));
    const { verified, noticed } = await verify(file, ...keyArguments());
    expect(verified).toBe(true);
    expect(noticed).toEqual([
      expect.stringContaining('Entry 3 gives user-acme_ada@3 again'),
      expect.stringContaining('Entry 4 of user-acme_ada was recorded before'),
    ]);
  });
});
