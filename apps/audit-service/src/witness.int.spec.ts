import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ANCHOR, askWitness, logQueries, policyOf, witnessClient, type WitnessClient } from '@tenure/audit';
import { AUDIT, changesOf, testLedger, userChanged, type TestLedger } from '@tenure/audit/testing';
import { anchorKey, exportOf, keyArguments, newFolder, verify, WITNESS, writeLines } from './testing/exports.ts';

let folder: string;
const running = new Set<ChildProcess>();
beforeAll(async () => (folder = await newFolder()));
afterAll(async () => {
  for (const process of running) process.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

/** A witness as a customer runs it, from its first start. */
const startWitness = async (name: string, dir = name) => {
  const child = spawn(
    process.execPath,
    [WITNESS, '--name', `${name}.example/w`, '--log', anchorKey(), '--dir', join(folder, dir), '--port', '0'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  running.add(child);
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) if (lines.push(line) === 3) break;
  const url = /http:\S+/.exec(lines[0]!)![0];
  return {
    url,
    key: lines[2]!,
    stop: async (signal: NodeJS.Signals = 'SIGTERM') => {
      child.kill(signal);
      await once(child, 'exit');
      running.delete(child);
    },
  };
};
type Witness = Awaited<ReturnType<typeof startWitness>>;

const policyText = (witnesses: Record<string, Pick<Witness, 'key' | 'url'>>, threshold: string) =>
  [
    `log ${anchorKey()}`,
    ...Object.entries(witnesses).map(([name, { key, url }]) => `witness ${name} ${key} ${url}`),
    `group all-of-them ${threshold} ${Object.keys(witnesses).join(' ')}`,
    'quorum all-of-them\n',
  ].join('\n');

describe('R84: witnesses', () => {
  let ledger: TestLedger;
  let witness: Witness;
  beforeEach(async () => {
    ledger = await testLedger();
    await ledger.consume(...changesOf('ada', 1, 3), userChanged({ tenant: 'plum' }));
    await ledger.keep();
  });
  afterEach(async () => {
    await witness?.stop();
    await ledger.drop();
  });

  const clientOf = async (policy: string, from = ledger): Promise<WitnessClient> =>
    witnessClient({ database: from.database, installation: await from.install(), policy: policyOf(policy) });
  const anchorNote = async (from = ledger) => logQueries(from.database, await from.install()).checkpoint(ANCHOR);

  it('cosign the anchor log as it grows, and an export carries that to the verifier', async () => {
    witness = await startWitness('first');
    const policy = policyText({ first: witness }, 'all');
    const client = await clientOf(policy);
    expect(await client.run()).toEqual({ asked: 1, problems: [] });
    expect(await client.run()).toEqual({ asked: 0, problems: [] });
    await ledger.consume(userChanged({ user: 'bob' }));
    await ledger.keep();
    expect(await client.run()).toEqual({ asked: 1, problems: [] });
    expect((await anchorNote()).match(/^— first\.example\/w /gm)).toHaveLength(1);
    expect(await client.lastQuorum()).toBeGreaterThan(Date.now() - 3_600_000);

    const file = await writeLines(folder, await exportOf(ledger));
    const policyFile = join(folder, 'policy');
    await writeFile(policyFile, policy);
    expect(await verify(file, ...keyArguments(), '--policy', policyFile)).toMatchObject({
      verified: true,
      anchor: { witnesses: [{ name: 'first', at: expect.any(String) }] },
    });
  });

  it('are enough or too few by the policy, whoever is down', async () => {
    witness = await startWitness('second');
    const down = { key: (await startAndStop('gone')).key, url: 'http://127.0.0.1:1' };
    const either = policyText({ second: witness, gone: down }, 'any');
    const both = policyText({ second: witness, gone: down }, 'all');
    const client = await clientOf(either);
    expect(await client.run()).toMatchObject({ asked: 2, problems: [{ name: 'gone' }] });
    // It isn't asked again at once, and doesn't hold up the others.
    expect(await client.run()).toMatchObject({ asked: 0 });
    const file = await writeLines(folder, await exportOf(ledger));
    await writeFile(join(folder, 'either'), either);
    await writeFile(join(folder, 'both'), both);
    expect(await verify(file, ...keyArguments(), '--policy', join(folder, 'either'))).toMatchObject({ verified: true });
    expect(await verify(file, ...keyArguments(), '--policy', join(folder, 'both'))).toMatchObject({
      refused: { name: 'quorum' },
    });
  });

  const startAndStop = async (name: string) => {
    const started = await startWitness(name);
    await started.stop();
    return started;
  };

  it('refuse a log that was rolled back or rewritten, also after they were killed, and say so', async () => {
    witness = await startWitness('third');
    const client = await clientOf(policyText({ third: witness }, 'all'));
    await client.run();
    await witness.stop('SIGKILL');
    witness = await startWitness('third');

    const rewritten = await testLedger();
    await rewritten.consume(userChanged({ title: 'Director' }));
    await rewritten.keep();
    const forger = await clientOf(policyText({ third: witness }, 'all'), rewritten);
    const [refused] = (await forger.run()).problems;
    expect(refused?.problem).toContain('It has seen a log of 2 leaves');
    // Grown beyond what the witness saw, it still isn't what the witness saw.
    for (const title of ['Baker', 'Cook']) {
      await rewritten.consume(userChanged({ user: title }));
      await rewritten.keep();
    }
    const again = await clientOf(policyText({ third: witness }, 'all'), rewritten);
    expect((await again.run()).problems).toEqual([{ name: 'third', problem: 'HTTP 422' }]);
    await rewritten.drop();
  });

  it('tell a client that lost its state where they stand, and it goes on from there', async () => {
    witness = await startWitness('fourth');
    const policy = policyText({ fourth: witness }, 'all');
    await (await clientOf(policy)).run();
    await ledger.database.query(`delete from ${AUDIT}.log_witnesses`);
    await ledger.consume(userChanged({ user: 'bob' }));
    await ledger.keep();
    expect(await (await clientOf(policy)).run()).toEqual({ asked: 1, problems: [] });
  });

  it('answer by C2SP tlog-witness', async () => {
    witness = await startWitness('fifth');
    const note = await anchorNote();
    const post = async (body: string) => {
      const response = await fetch(`${witness.url}/add-checkpoint`, { method: 'POST', body });
      return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
    };
    const [hash] = [Buffer.alloc(32).toString('base64')];
    const unknown = note.replaceAll('tenure.example', 'other.example');
    const unsigned = note.replace(
      /^(— \S+ \S{10})(\S)/m,
      (_, kept: string, one: string) => `${kept}${one === 'A' ? 'B' : 'A'}`,
    );
    expect((await post(`old 0\n\n${unknown}`)).status).toBe(404);
    expect((await post(`old 0\n\n${unsigned}`)).status).toBe(403);
    expect((await post(`old 3\n\n${note}`)).status).toBe(400);
    expect((await post(`old 01\n\n${note}`)).status).toBe(400);
    expect((await post(`old 0\n${note}`)).status).toBe(400);
    expect((await post(`old 0\n${`${hash}\n`.repeat(64)}\n${note}`)).status).toBe(400);
    expect((await post(`old 0\n${hash}\n\n${note}`)).status).toBe(422);
    expect(await post(`old 1\n\n${note}`)).toEqual({ status: 409, type: 'text/x.tlog.size', body: '0\n' });
    expect((await post('x'.repeat(70_000))).status).toBe(413);
    expect(await askWitness(witness.url, 0, [], note)).toMatchObject({
      kind: 'cosigned',
      lines: expect.stringMatching(/^— fifth\.example\/w \S+\n$/),
    });
    expect(await post(`old 0\n\n${note}`)).toEqual({ status: 409, type: 'text/x.tlog.size', body: '2\n' });
    expect((await post(`old 2\n\n${note}`)).status).toBe(200);
    expect((await fetch(`${witness.url}/add-checkpoint`)).status).toBe(405);
    expect(await (await fetch(witness.url)).text()).toBe(`${witness.key}\n`);
  });
});
