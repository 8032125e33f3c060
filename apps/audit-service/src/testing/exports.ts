import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import {
  exportBody,
  exportLines,
  findFinishedExport,
  openInstallation,
  startExport,
  verifierKeysOf,
  originOf,
  ANCHOR,
  type Installation,
} from '@tenure/audit';
import { AUDIT, testSigner, type TestLedger } from '@tenure/audit/testing';
import type { Sealer } from '@tenure/eventing';
import { memorySealer } from '@tenure/eventing/testing';

export const VERIFY = new URL('../../tools/tenure-verify.mjs', import.meta.url).pathname;
export const WITNESS = new URL('../../tools/tenure-witness.mjs', import.meta.url).pathname;

const run = promisify(execFile);

export type Verdict = {
  code: number;
  verified: boolean;
  refused?: { name: string; message: string; index?: number };
} & Record<string, any>;

/** Runs the verifier as an auditor does, in a process of its own. */
export const verify = async (...words: readonly string[]): Promise<Verdict> => {
  const { code, stdout } = await run(process.execPath, [VERIFY, ...words, '--json']).then(
    ({ stdout: text }) => ({ code: 0, stdout: text }),
    (error: { code: number; stdout: string }) => error,
  );
  return { code, ...(JSON.parse(stdout) as Omit<Verdict, 'code'>) } as Verdict;
};

const keysFor = (log: string, publicKeys: readonly Buffer[]) =>
  verifierKeysOf(originOf({ origin: 'tenure.example' }, log), publicKeys);
export const keyArguments = (publicKeys: readonly Buffer[] = [testSigner.publicKey], tenant = 'acme'): string[] =>
  [...keysFor(tenant, publicKeys), ...keysFor(ANCHOR, publicKeys)].flatMap((key) => ['--key', key]);
export const anchorKey = () => keysFor(ANCHOR, [testSigner.publicKey])[0]!;

export const newFolder = () => mkdtemp(join(tmpdir(), 'tenure-export-'));

let files = 0;
export const writeLines = async (folder: string, lines: readonly string[], gzip = true): Promise<string> => {
  const file = join(folder, `export-${++files}.ndjson${gzip ? '.gz' : ''}`);
  const text = lines.join('');
  await writeFile(file, gzip ? gzipSync(text) : text);
  return file;
};

/** Lines of an export of the tenant acme, as a download has them. */
export const exportOf = async (
  ledger: TestLedger,
  request: object = {},
  { installation, sealer = memorySealer() }: { installation?: Installation; sealer?: Sealer } = {},
): Promise<string[]> => {
  const { database } = ledger;
  const installed =
    installation ??
    (await openInstallation(database, AUDIT, { publicUrl: 'https://tenure.example', signers: [testSigner] }));
  const { id } = await startExport(database, AUDIT, 'acme', exportBody.parse(request));
  await ledger.keep({ installation: installed });
  const finished = await findFinishedExport(database, AUDIT, 'acme', id);
  const lines: string[] = [];
  for await (const line of exportLines({ database, installation: installed, sealer, events: [] }, finished))
    lines.push(line);
  return lines;
};
