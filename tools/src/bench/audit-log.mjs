/**
 * What the audit's log costs: `npx tsc -b libs/audit && node tools/src/bench/audit-log.mjs [ENTRIES]`. On an embedded PostgreSQL of its own that
 * syncs nothing to the disk, so that the processor is what is measured. Appends with and without the log run in turns.
 */
import { createHash } from 'node:crypto';
import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { spawnSync } from 'node:child_process';
import { createGzip } from 'node:zlib';
import {
  ANCHOR,
  exportBody,
  exportLines,
  findFinishedExport,
  logQueries,
  originOf,
  startExport,
  verifierKeysOf,
} from '../../../libs/audit/dist/index.js';
import { hashOf } from '../../../libs/audit/dist/ledger/entry.js';
import { leafOf } from '../../../libs/audit/dist/log/leaf.js';
import { AUDIT, testLedger, testSigner, userChanged } from '../../../libs/audit/dist/testing/index.js';
import { memorySealer } from '../../../libs/eventing/dist/testing/memory-sealer.js';

const ENTRIES = Number(process.argv[2] ?? 1_000_000);
const BATCH = 200;
const TURNS = 60;
/** As much as a person of an ordinary directory has. */
const sealed = createHash('sha512').update('x').digest('hex').repeat(7).slice(0, 864);

let made = 0;
const nextFact = () => {
  const n = made++;
  return {
    ...userChanged({ user: `u${Math.floor(n / 4)}`, revision: (n % 4) + 1, id: `event-${n}` }),
    personal: sealed,
  };
};
const rowOf = (fact) => ({
  id: fact.id,
  tenant_id: 'acme',
  type: fact.type,
  at: fact.metadata.occurredAt,
  recorded_at: fact.recordedAt,
  outcome: 'done',
  actor_kind: 'connection',
  actor_id: 'entra',
  subject_kind: 'user',
  subject_id: fact.personId,
  user_id: fact.personId,
  summary: 'User changed: title',
  changes: [{ attribute: 'title' }],
  because: { correlationId: 'request-1', causationId: 'request-1' },
  stream: fact.stream,
  revision: fact.revision,
  hash: hashOf(fact),
  fact,
});

const withLog = ({ database }, facts) =>
  database.query({
    name: 'with the log',
    text: `select * from ${AUDIT}.append_to_log($1, $2)`,
    values: [JSON.stringify(facts.map(rowOf)), JSON.stringify(facts.map((fact) => leafOf(fact)))],
  });
const withoutLog = ({ database }, facts) =>
  database.query({
    name: 'without the log',
    text: `select ${AUDIT}.append_entries($1)`,
    values: [JSON.stringify(facts.map(rowOf))],
  });

const facts = (count) => Array.from({ length: count }, nextFact);
const timed = async (work) => {
  const start = performance.now();
  const result = await work();
  return { ms: performance.now() - start, result };
};
const quantile = (values, q) => values.toSorted((a, b) => a - b)[Math.floor(values.length * q)];
const median = (values) => quantile(values, 0.5);
const say = (what, value) => console.log(`${what}: ${value}`);
const seconds = ({ ms }) => `${(ms / 1000).toFixed(1)} s`;

const [logged, plain] = [await testLedger(), await testLedger({ logged: false })];
const folder = mkdtempSync(join(tmpdir(), 'tenure-bench-log-'));
try {
  const times = { with: [], without: [] };
  for (let turn = 0; turn < TURNS; turn++) {
    const batch = facts(BATCH);
    times.without.push((await timed(() => withoutLog(plain, batch))).ms);
    times.with.push((await timed(() => withLog(logged, batch))).ms);
  }
  for (const [which, all] of Object.entries(times))
    say(
      `append of ${BATCH} entries ${which} the log`,
      `p10 ${quantile(all.slice(TURNS / 6), 0.1).toFixed(1)}, p50 ${median(all.slice(TURNS / 6)).toFixed(1)} ms`,
    );

  const filled = await timed(async () => {
    for (let size = TURNS * BATCH; size < ENTRIES; size += 1000)
      await withLog(logged, facts(Math.min(1000, ENTRIES - size)));
  });
  say(`append of ${ENTRIES} entries, 1000 at a time`, seconds(filled));
  say('tiles, checkpoint and anchor of all', seconds(await timed(() => logged.keep())));
  await withLog(logged, facts(1));
  say('the next checkpoint', `${(await timed(() => logged.keep())).ms.toFixed(0)} ms`);

  const { database } = logged;
  const sizes = await database.query(
    `select c.relname as name, pg_total_relation_size(c.oid) as bytes from pg_class c
     where c.relnamespace = '${AUDIT}'::regnamespace and c.relname in ('ledger', 'log_leaves', 'log_tiles')`,
  );
  for (const { name, bytes } of sizes)
    say(name, `${(bytes / 2 ** 20).toFixed(0)} MiB, ${Math.round(bytes / ENTRIES)} bytes an entry`);

  const installation = await logged.install();
  const queries = logQueries(database, installation);
  const asked = async (ask) => {
    const all = [];
    for (let n = 0; n < 200; n++) all.push((await timed(() => ask(Math.floor((n / 200) * ENTRIES)))).ms);
    return `${median(all).toFixed(2)} ms`;
  };
  const path = (n) =>
    `tile/0/${n >= 1000 ? `x${String(Math.floor(n / 1000)).padStart(3, '0')}/` : ''}${String(n % 1000).padStart(3, '0')}`;
  say('a tile', await asked((index) => queries.tile('acme', path(Math.floor(index / 256)))));
  say('a proof of an entry', await asked((index) => queries.proof('acme', { index })));

  const { id } = await startExport(database, AUDIT, 'acme', exportBody.parse({}));
  await logged.keep();
  const finished = await findFinishedExport(database, AUDIT, 'acme', id);
  const file = join(folder, 'export.ndjson.gz');
  const lines = exportLines({ database, installation, sealer: memorySealer(), events: [] }, finished);
  say(
    'export of all',
    seconds(await timed(() => pipeline(Readable.from(lines), createGzip(), createWriteStream(file)))),
  );
  say('its size', `${(statSync(file).size / 2 ** 20).toFixed(0)} MiB`);
  const keys = ['acme', ANCHOR].flatMap((log) => [
    '--key',
    ...verifierKeysOf(originOf({ origin: 'tenure.example' }, log), [testSigner.publicKey]),
  ]);
  const verify = new URL('../../../apps/audit-service/tools/tenure-verify.mjs', import.meta.url).pathname;
  let said;
  say(
    'verifying it',
    seconds(
      await timed(async () => (said = spawnSync(process.execPath, [verify, file, ...keys], { encoding: 'utf8' }))),
    ),
  );
  console.log(said.stdout, said.stderr);
} finally {
  rmSync(folder, { recursive: true });
  await logged.drop();
  await plain.drop();
}
process.exit(0);
