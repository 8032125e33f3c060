import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { memoryEventStore } from '@tenure/eventing';
import { checkLedger } from '../ledger/check.ts';
import { hashOf } from '../ledger/entry.ts';
import { ledgerConsumer } from '../ledger/ledger.consumer.ts';
import {
  AUDIT,
  changesOf,
  killedAt,
  Killed,
  seedOf,
  testLedger,
  testSigner,
  userChanged,
  type TestLedger,
} from '../testing/index.ts';
import { checkpointOf, checkpointText } from './checkpoint.ts';
import { originOf } from './installation.ts';
import { leafOf } from './leaf.ts';
import { ANCHOR } from './log.migrations.ts';
import { consistencyProof, inclusionProof, isConsistent, isIncluded, leafHash } from './merkle.ts';
import { ED25519, parseNote, signersOf, type Signer } from './note.ts';
import { lastCheckpoint } from './sign.ts';
import { seedSigner } from './signing-keys.ts';
import { subtreesOf } from './tile-store.ts';

let ledger: TestLedger;
afterEach(() => ledger.drop());

const indices = (leaves: readonly { index: number }[]) => leaves.map(({ index }) => index);
const countUpTo = (n: number) => Array.from({ length: n }, (_, at) => at);
const checkpointIn = async (log = 'acme') => {
  const stored = await lastCheckpoint(ledger.database, AUDIT, log);
  return stored && { ...stored, checkpoint: checkpointOf(parseNote(stored.note).text) };
};
const keyFor = (log: string, { publicKey }: Signer = testSigner) => ({
  name: originOf({ origin: 'tenure.example' }, log),
  kind: ED25519 as typeof ED25519,
  publicKey,
});
const check = async () => (await checkLedger(ledger.database, AUDIT, memoryEventStore(), [])).log;

describe('R84: appending to a log', () => {
  beforeEach(async () => (ledger = await testLedger()));

  it('gives each entry of a tenant the next index, and a leaf that says what it is', async () => {
    await ledger.consume(...changesOf('ada', 1, 3), userChanged({ tenant: 'plum' }));
    await ledger.consume(userChanged({ user: 'bob' }));
    const leaves = await ledger.leaves();
    expect(indices(leaves)).toEqual([0, 1, 2, 3]);
    expect(leaves[3]).toEqual({
      index: 3,
      v: 1,
      id: 'acme-bob-1',
      type: 'UserCreated',
      schemaVersion: 1,
      stream: 'user-acme_bob',
      revision: 1,
      at: '2026-01-05T09:00:00.000Z',
      recordedAt: '2026-01-05T09:00:01.000Z',
      actor: { kind: 'connection', id: 'entra' },
      connectionId: 'entra',
      commandId: 'command of acme-bob-1',
      correlationId: 'request-1',
      causationId: 'request-1',
      personId: 'bob',
      data: expect.stringMatching(/^[0-9a-f]{64}$/),
      personal: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(indices(await ledger.leaves('plum'))).toEqual([0]);
  });

  it('adds nothing for what it has already, however often it comes', async () => {
    const facts = changesOf('ada', 1, 3);
    await ledger.consume(...facts, ...facts);
    await ledger.consume(...facts);
    await ledger.database.query(`truncate ${AUDIT}.fact_marks`);
    await ledger.consume(...facts);
    expect(indices(await ledger.leaves())).toEqual([0, 1, 2]);
    expect(ledger.conflicts).toEqual([]);
  });

  it('leaves no gap and does not deadlock where two consumers cross two tenants, also one by one after a failure', async () => {
    const rounds = countUpTo(8);
    const poison = userChanged({ user: 'poison', recordedAt: 'at no time' });
    const batch = (round: number, tenants: readonly string[], topic: string) => [
      ...tenants.flatMap((tenant) => changesOf(`${topic}${round}`, 1, 5, { tenant })),
      // The ledger can't hold it: the batch is tried again fact by fact.
      ...(round % 2 === 1 ? [poison] : []),
    ];
    const run = async (consumer: TestLedger['consumer'], tenants: readonly string[], topic: string) => {
      for (const round of rounds) await consumer.consume(batch(round, tenants, topic));
    };
    await Promise.all([
      run(ledger.consumer, ['acme', 'plum'], 'directory'),
      run(ledger.another, ['plum', 'acme'], 'provisioning'),
    ]);
    for (const tenant of ['acme', 'plum']) expect(indices(await ledger.leaves(tenant))).toEqual(countUpTo(80));
  });

  it.each([
    ['before', 1],
    ['after', 1],
    ['before', 2],
    ['after', 2],
    ['before', 3],
    ['after', 3],
  ] as const)('leaves no gap and loses nothing where it is killed %s statement %i of a batch', async (when, n) => {
    await ledger.consume(userChanged());
    const facts = changesOf('bob', 1, 3);
    const dying = killedAt(ledger.database, n, when);
    const doomed = ledgerConsumer({ database: dying, schema: AUDIT });
    await expect(doomed.consume(facts)).rejects.toThrow(Killed);
    await doomed.stop();
    await ledger.consume(...facts, userChanged({ user: 'eve' }));
    const leaves = await ledger.leaves();
    expect(indices(leaves)).toEqual(countUpTo(5));
    expect(leaves.map(({ stream, revision }) => `${stream as string}@${revision as number}`)).toEqual([
      'user-acme_ada@1',
      'user-acme_bob@1',
      'user-acme_bob@2',
      'user-acme_bob@3',
      'user-acme_eve@1',
    ]);
  });

  it('keeps an event whose content changed beside the one it contradicts, once, and its stream goes on', async () => {
    await ledger.consume(...changesOf('ada', 1, 2));
    const forged = userChanged({ revision: 2, title: 'Director' });
    await ledger.consume(forged);
    await ledger.consume(forged, userChanged({ revision: 3 }));
    expect(indices(await ledger.leaves())).toEqual([0, 1, 2, 3]);
    expect(ledger.conflicts).toEqual([{ stream: 'user-acme_ada', revision: 2, conflict: 'content' }]);
    expect((await checkLedger(ledger.database, AUDIT, memoryEventStore(), [])).conflicts).toEqual(['user-acme_ada@2']);
  });

  it('keeps both histories of a store that was restored behind its ledger, and skips nothing', async () => {
    await ledger.consume(...changesOf('ada', 1, 4));
    const again = (revision: number) => userChanged({ revision, id: `restored-${revision}` });
    await ledger.consume(again(3), again(4), again(5));
    const leaves = await ledger.leaves();
    expect(leaves.map(({ id }) => id)).toEqual([
      'acme-ada-1',
      'acme-ada-2',
      'acme-ada-3',
      'acme-ada-4',
      'restored-3',
      'restored-4',
      'restored-5',
    ]);
    expect(ledger.conflicts.map(({ revision, conflict }) => [revision, conflict])).toEqual([
      [3, 'place'],
      [4, 'place'],
    ]);
  });

  it('refuses a leaf that no bundle can hold, and parks the fact with its stream', async () => {
    const long = userChanged({ id: 'x'.repeat(65_536) });
    expect(() => leafOf(long)).toThrow('more than 65535');
    await ledger.consume(long, userChanged({ user: 'bob' }));
    expect((await ledger.leaves()).map(({ id }) => id)).toEqual(['acme-bob-1']);
    expect(await ledger.consumer.parkedCount()).toEqual({ streams: 1, facts: 1 });
  });

  it('makes the same leaf of a fact as it came and as jsonb gives it back', async () => {
    const data = JSON.parse('{"z":1e2,"a":[-0,9007199254740993,1E-7,0.1],"\\u20ac":{"b":1.50,"a":null}}') as object;
    const fact = { ...userChanged(), data: data as Record<string, unknown> };
    await ledger.consume(fact);
    const [row] = await ledger.database.query<{ fact: typeof fact }>(`select fact from ${AUDIT}.ledger`);
    expect(leafOf(row!.fact)).toBe(leafOf(fact));
    expect(await check()).toMatchObject({ altered: [] });
  });
});

describe('R84: checkpoints', () => {
  beforeEach(async () => (ledger = await testLedger()));

  it('sign what the log holds, each following from the last, and are anchored', async () => {
    await ledger.consume(...changesOf('ada', 1, 300));
    await ledger.keep();
    const first = (await checkpointIn())!;
    await ledger.consume(...changesOf('bob', 1, 400));
    await ledger.keep();
    const second = (await checkpointIn())!;
    expect([first.size, second.size]).toEqual([300, 700]);
    expect(signersOf(parseNote(second.note), [keyFor('acme')])).toHaveLength(1);

    const subtrees = subtreesOf(ledger.database, { schema: AUDIT, log: 'acme' }, 700);
    expect(isConsistent(first.checkpoint, second.checkpoint, await consistencyProof(subtrees, 300, 700))).toBe(true);
    const facts = [...changesOf('ada', 1, 300), ...changesOf('bob', 1, 400)];
    for (const index of [0, 255, 256, 511, 699]) {
      const claim = { index, size: 700, leaf: leafHash(Buffer.from(leafOf(facts[index]!))), root: second.root };
      expect(isIncluded(claim, await inclusionProof(subtrees, index, 700))).toBe(true);
    }

    const anchor = (await checkpointIn(ANCHOR))!;
    const leaf = leafHash(Buffer.from(checkpointText(second.checkpoint)));
    const anchorTree = subtreesOf(ledger.database, { schema: AUDIT, log: ANCHOR }, anchor.size);
    const index = second.anchor_index!;
    expect(
      isIncluded(
        { index, size: anchor.size, leaf, root: anchor.root },
        await inclusionProof(anchorTree, index, anchor.size),
      ),
    ).toBe(true);
    expect(signersOf(parseNote(anchor.note), [keyFor(ANCHOR)])).toHaveLength(1);
    expect(await check()).toEqual({ leaves: 702, altered: [], lost: [], broken: [] });
  });

  it('are signed at most so often, and the anchor log grows at most so often', async () => {
    const slow = { signEveryMs: 3_600_000, anchorEveryMs: 3_600_000 };
    await ledger.consume(userChanged());
    await ledger.keep();
    await ledger.consume(userChanged({ revision: 2 }));
    await ledger.keep(slow);
    expect((await checkpointIn())!.size).toBe(1);
    await ledger.keep({ ...slow, signEveryMs: 0 });
    expect((await checkpointIn())!.size).toBe(2);
    expect((await checkpointIn(ANCHOR))!.size).toBe(1);
  });

  it('are the same after a kill at any step, with nothing lost and nothing done twice', async () => {
    await ledger.consume(...changesOf('ada', 1, 300), userChanged({ tenant: 'plum' }));
    const installation = await ledger.install();
    for (const when of ['before', 'after'] as const)
      for (let n = 1, reached = true; reached; n++) {
        const dying = killedAt(ledger.database, n, when);
        await ledger.consume(userChanged({ user: `${when}${n}` }));
        await ledger.keep({ database: dying, installation }).catch((error: unknown) => {
          if (!(error instanceof Killed)) throw error;
        });
        reached = dying.reached();
      }
    await ledger.keep({ installation });
    const anchored = (
      await ledger.database.query<{ leaf: Buffer }>({
        text: `select leaf from ${AUDIT}.log_leaves where log = $1`,
        values: [ANCHOR],
      })
    ).map(({ leaf }) => leaf.toString());
    expect(new Set(anchored).size).toBe(anchored.length);
    const { altered, lost, broken } = await check();
    expect({ altered, lost, broken }).toEqual({ altered: [], lost: [], broken: [] });
    const { size, anchor_index } = (await checkpointIn())!;
    expect(size).toBe((await ledger.leaves()).length);
    expect(anchor_index).not.toBeNull();
  });

  it('are signed by both keys of a rotation, which the anchor log names; consistency holds', async () => {
    await ledger.consume(...changesOf('ada', 1, 3));
    await ledger.keep();
    const before = (await checkpointIn())!;
    const young = seedSigner(seedOf('the second key'));
    const rotated = await ledger.install([young, testSigner]);
    await ledger.install([young, testSigner]);
    await ledger.consume(userChanged({ user: 'bob' }));
    await ledger.keep({ installation: rotated });
    const after = (await checkpointIn())!;
    for (const signer of [testSigner, young])
      expect(signersOf(parseNote(after.note), [keyFor('acme', signer)])).toHaveLength(1);
    const subtrees = subtreesOf(ledger.database, { schema: AUDIT, log: 'acme' }, 4);
    expect(isConsistent(before.checkpoint, after.checkpoint, await consistencyProof(subtrees, 3, 4))).toBe(true);
    const rotations = await ledger.database.query(
      `select 1 from ${AUDIT}.log_leaves where log = '${ANCHOR}' and convert_from(leaf, 'UTF8') like '%LogKeyRotated%'`,
    );
    expect(rotations).toHaveLength(1);

    // The old key is lost: the new one goes on, and what the old one signed still verifies.
    const alone = await ledger.install([young]);
    await ledger.consume(userChanged({ user: 'eve' }));
    await ledger.keep({ installation: alone });
    expect(signersOf(parseNote((await checkpointIn())!.note), [keyFor('acme')])).toHaveLength(0);
    expect(signersOf(parseNote(before.note), [keyFor('acme')])).toHaveLength(1);
  });
});

describe('R84: a log that its owner changed', () => {
  beforeEach(async () => {
    ledger = await testLedger();
    await ledger.consume(...changesOf('ada', 1, 300));
    await ledger.keep();
  });

  it('names the index of an entry that was edited', async () => {
    await ledger.tamper(
      `update ${AUDIT}.ledger set fact = jsonb_set(fact, '{data,title}', '"Director"') where revision = 13`,
    );
    expect(await check()).toEqual({ leaves: 301, altered: ['acme #12'], lost: [], broken: [] });
  });

  it('names the index of a leaf that was edited with its entry, by its tile and its checkpoint', async () => {
    const forged = {
      ...userChanged({ revision: 13, title: 'Director' }),
      personal: userChanged({ revision: 13 }).personal!,
    };
    await ledger.tamper(
      `update ${AUDIT}.ledger set fact = jsonb_set(fact, '{data,title}', '"Director"') where revision = 13`,
    );
    await ledger.tamper(
      `update ${AUDIT}.log_leaves set leaf = convert_to('${leafOf(forged).replaceAll("'", "''")}', 'UTF8') where log = 'acme' and index = 12`,
    );
    expect(await check()).toEqual({ leaves: 301, altered: ['acme #12'], lost: [], broken: ['acme 300'] });
  });

  it('names what was removed, and signs no further checkpoint', async () => {
    await ledger.tamper(`delete from ${AUDIT}.log_leaves where log = 'acme' and index = 299`);
    await ledger.tamper(`delete from ${AUDIT}.ledger where revision = 300`);
    await ledger.tamper(`update ${AUDIT}.log_heads set size = 299 where log = 'acme'`);
    await ledger.keep();
    expect(ledger.damage[0]).toContain('it has 299 leaves, and a checkpoint of 300 was signed');
    expect(await check()).toMatchObject({ broken: ['acme 300'] });

    // New entries don't hide it.
    await ledger.consume(...changesOf('bob', 1, 5));
    ledger.damage.length = 0;
    await ledger.keep();
    expect(ledger.damage[0]).toContain("its first 300 leaves aren't those that were signed");
    expect((await checkpointIn())!.size).toBe(300);
  });

  it('names leaves that are missing in the middle', async () => {
    await ledger.tamper(`delete from ${AUDIT}.log_leaves where log = 'acme' and index in (7, 8)`);
    expect((await check()).lost).toEqual(['acme #7', 'acme #8']);
  });
});

describe('R84: a ledger from before there was a log', () => {
  it('gets leaves for its entries while new ones come, and is signed first where proof begins', async () => {
    ledger = await testLedger({ logged: false });
    const old = changesOf('ada', 1, 700);
    await ledger.database.query({
      text: `select ${AUDIT}.append_entries($1)`,
      values: [JSON.stringify(old.map(oldRow))],
    });
    await ledger.startLog();
    await expect(ledger.database.query({ text: `select ${AUDIT}.append_entries('[]')` })).rejects.toMatchObject({
      code: '57P03',
    });
    await ledger.consume(userChanged({ user: 'bob' }), userChanged({ tenant: 'plum' }));
    // Known by its hash: it has no leaf yet.
    await ledger.database.query(`delete from ${AUDIT}.fact_marks`);
    await ledger.consume(...old.slice(0, 2));

    // Killed on the way, then gone on.
    for (const n of [2, 3, 4, 5])
      await expect(ledger.keep({ database: killedAt(ledger.database, n, 'after') })).rejects.toThrow(Killed);
    await ledger.keep();
    const leaves = await ledger.leaves();
    expect(indices(leaves)).toEqual(countUpTo(701));
    expect(leaves[0]).toMatchObject({ v: 0, seq: 1, id: 'acme-ada-1', hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(leaves[700]).toMatchObject({ v: 1, id: 'acme-bob-1' });
    const signed = await ledger.database.query<{ size: number }>(
      `select size from ${AUDIT}.log_checkpoints where log = 'acme' order by size`,
    );
    expect(signed.map(({ size }) => size)).toEqual([700, 701]);
    expect(await check()).toMatchObject({ altered: [], lost: [], broken: [] });
  });
});

const oldRow = ({ id, type, stream, revision, recordedAt, metadata, ...rest }: ReturnType<typeof userChanged>) => ({
  id,
  tenant_id: metadata.tenantId,
  type,
  at: metadata.occurredAt,
  recorded_at: recordedAt,
  outcome: 'done',
  actor_kind: 'connection',
  actor_id: 'entra',
  subject_kind: 'user',
  subject_id: 'ada',
  summary: 'x',
  because: {},
  stream,
  revision,
  hash: hashOf({ id, type, stream, revision, recordedAt, metadata, ...rest }),
  fact: { id, type, stream, revision, recordedAt, metadata, ...rest },
});
