import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chapters } from './demo/chapters/index.mjs';
import { demoClock } from './demo/clock.mjs';
import { distributedSystem } from './demo/distributed.mjs';
import { openEventStore, storeKinds } from './demo/event-store.mjs';
import { client } from './demo/http.mjs';
import { CannotStart } from './demo/program.mjs';
import { startSandbox } from './demo/sandbox.mjs';
import { standaloneSystem } from './demo/standalone.mjs';
import { chapter, checksSoFar, NotAsTold, secondsSoFar, tell } from './demo/story.mjs';

const { values } = parseArgs({
  options: {
    distributed: { type: 'boolean', default: false },
    store: { type: 'string', default: 'postgres' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  console.log(
    'npm run demo [-- --distributed] [-- --store eventstoredb]\nPlays the whole road once, through the public APIs: in one process, or as four services over Kafka; on PostgreSQL, or on the EventStoreDB of EVENTSTOREDB_URL, else on a stand-in for it.',
  );
  process.exit(0);
}
if (!storeKinds.includes(values.store)) {
  console.error(`--store takes ${storeKinds.join(' or ')}.`);
  process.exit(1);
}

const folder = await mkdtemp(join(tmpdir(), 'tenure-demo-'));
const closing = [];
const close = async () => {
  for (const end of closing.splice(0).toReversed()) await end().catch((error) => console.error(error.message));
};
let interrupted = false;
const stop = async () => {
  interrupted = true;
  console.log('\nstopping …');
  await close();
  await rm(folder, { recursive: true, force: true });
  process.exit(130);
};
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void stop());

const play = async () => {
  const rootKey = randomBytes(24).toString('base64url');
  const store = await openEventStore(values.store);
  closing.push(store.close);
  const settings = {
    ...store.settings,
    TENURE_ROOT_KEY: rootKey,
    TENURE_CLOCK: 'manual:2026-01-05T09:00:00Z',
    TENURE_ALLOW_PRIVATE_TARGETS: '127.0.0.1',
  };
  chapter(0, 'The system starts on fresh data, and an application to provision into');
  const openSystem = values.distributed ? distributedSystem : standaloneSystem;
  const system = await openSystem({ folder, settings, say: tell });
  closing.push(system.close);
  const sandbox = await startSandbox(folder);
  closing.push(sandbox.stop);
  await system.start();
  if (store.name) tell(`Event store: ${store.name}`);
  tell(`Tenure: ${system.url} (${system.name}). Sandbox: ${sandbox.url}`);

  const root = client(system.url, rootKey);
  let world = { folder, system, sandbox, root, clock: demoClock(root), open: (stop) => closing.push(stop) };
  for (const [index, { title, play: playChapter }] of chapters.entries()) {
    chapter(index + 1, title);
    world = { ...world, ...(await playChapter(world)) };
  }
};

try {
  await play();
  await close();
  await rm(folder, { recursive: true, force: true });
  console.log(`\nAs told: ${chapters.length} chapters, ${checksSoFar()} checks, ${secondsSoFar()} s.`);
} catch (error) {
  // What fails because everything is being stopped is no news.
  if (!interrupted) {
    console.error(`\n   ✗ ${error instanceof NotAsTold || error instanceof CannotStart ? error.message : error.stack}`);
    await close();
    console.error(`\nNot as told, after ${checksSoFar()} checks and ${secondsSoFar()} s. Logs: ${folder}`);
    process.exitCode = 1;
  }
}
