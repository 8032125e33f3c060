import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { migrate } from '@tenure/database';
import { secretBox } from '@tenure/sealing';
import { testSecretsKey } from '@tenure/sealing/testing';
import type { Connector, Remote } from '../connector/index.ts';
import { appMigrations } from '../app/open-apps.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { fakeKinds } from '../testing/fake-kind.ts';
import { appConfig, openWorld, T, type World } from '../testing/world.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import { reconciler } from './reconciler.ts';
import { startRun, type Run } from './runs.ts';

/** `TENURE_LARGE_APP=100000 npm test -- large-app` takes about a minute and a half, and says what it measured. */
const ASKED = process.env.TENURE_LARGE_APP;
const ACCOUNTS = Number(ASKED ?? 2000);
const PAGE = 100;
const APP = 'git';
const MB = 1024 * 1024;

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.start();
  await world.tenant();
  await world.configure(appConfig());
  await migrate(world.database, { schema: PROVISIONING, migrations: appMigrations });
});
afterEach(() => world.close());

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;
const heap = (): number => {
  collect();
  return process.memoryUsage().heapUsed / MB;
};

/** So many accounts that agree with the app, made from one that is there. */
const multiply = async (): Promise<void> => {
  for (let from = 1; from <= ACCOUNTS; from += 1000)
    await world.database.query({
      text: `insert into ${PROVISIONING_VIEW}.accounts (tenant_id, id, app_id, user_id, status, remote_id, since, created_at, updated_at, revision, record)
           select a.tenant_id, 'many-' || n, a.app_id, 'many-' || n, a.status, 'many-' || n, a.since, a.created_at, a.updated_at, a.revision,
             jsonb_set(jsonb_set(jsonb_set(a.record, '{state,remoteId}', to_jsonb('many-' || n)),
               '{state,attributes}', a.record->'state'->'attributes' || jsonb_build_object('userName', 'many-' || n, 'externalId', 'many-' || n)),
               '{state,plan,attributes}', a.record->'state'->'plan'->'attributes' || jsonb_build_object('userName', 'many-' || n, 'externalId', 'many-' || n))
           from ${PROVISIONING_VIEW}.accounts a, generate_series($1::int, $2::int) n where a.user_id = 'p0'`,
      values: [from, Math.min(from + 999, ACCOUNTS)],
    });
};

it('R88: a large app is read in bounded memory, goes on after a crash, and deliveries go on meanwhile', async () => {
  const people = Array.from({ length: 20 }, (_, index) => `p${index}`);
  for (const id of people) await world.join(id);
  await world.settle();
  const [first] = await world.accounts();
  const template = world.app.accounts.get(first.remote_id)!;
  await multiply();
  const idOf = (user: string) =>
    [...world.app.accounts].find(([, { userName }]) => userName === `${user}@plum.example`)![0];
  const edited = idOf('p1');
  world.app.accounts.set(edited, { ...world.app.accounts.get(edited)!, displayName: 'By hand' });
  world.app.accounts.delete(idOf('p2'));

  // The app has them without holding them: a page is made when it is asked for.
  const own = world.app.connector;
  const sizes: number[] = [];
  let pages = 0;
  let dies = true;
  const remoteOf = (n: number): Remote => {
    const id = `many-${n}`;
    const values = { ...template, userName: id, externalId: id };
    return { kind: 'account', id, label: id, mark: id, active: true, values: values as Remote['values'] };
  };
  const list: Connector['list'] = async (kind, cursor) => {
    const from = Number(cursor ?? 0);
    if (from >= ACCOUNTS) return own.list(kind);
    pages += 1;
    if (pages % Math.max(1, Math.floor(ACCOUNTS / PAGE / 10)) === 0) sizes.push(heap());
    if (dies && from >= ACCOUNTS / 2) {
      dies = false;
      throw new Error('The process was killed.');
    }
    const items = Array.from({ length: PAGE }, (_, index) => remoteOf(from + index + 1));
    return { kind: 'ok', value: { items, next: String(from + PAGE) } };
  };
  const connector: Connector = { ...own, list };

  const over: Pick<Run, 'counts' | 'complete' | 'suspicious'>[] = [];
  const looking = () =>
    reconciler({
      database: world.database,
      clock: { now: async () => world.clock.at },
      kinds: fakeKinds,
      connectorFor: async () => connector,
      writeAccount: (...given) => world.provisioning().write(...given),
      box: secretBox(testSecretsKey, 'foreign-accounts'),
      onUnauthorized: async () => undefined,
      isHeld: async () => false,
      onReconciled: async (_app, { counts, complete, suspicious }) => void over.push({ counts, complete, suspicious }),
      onRepaired: () => world.provisioning().wake(),
      timings: { goneConfirmMs: 20, retryMs: 5, busyMs: 20 },
    });

  const began = Date.now();
  await startRun(world.database, { tenantId: T, appId: APP, dryRun: false, now: world.clock.at });
  let worker = looking();
  let isOver = false;
  const working = (async () => {
    while (over.length === 0) {
      await worker.run().catch(async () => {
        // Another process takes it over, once the lease of the dead one is up.
        await world.database.query(`update ${PROVISIONING}.jobs set lease_until = null where kind = 'reconcile'`);
        worker = looking();
      });
      await sleep(1);
    }
    isOver = true;
  })();

  const waits: number[] = [];
  for (let round = 0; !isOver; round++) {
    const [user, name] = [people[3 + (round % 10)]!, `Round ${round}`];
    const asked = Date.now();
    await world.change(user, { displayName: name });
    while (world.app.byUserName(`${user}@plum.example`)?.['displayName'] !== name) {
      if (Date.now() - asked > 30_000) throw new Error('A delivery waits for the reconciliation.');
      await sleep(5);
    }
    waits.push(Date.now() - asked);
    await sleep(100);
  }
  await working;
  const seconds = (Date.now() - began) / 1000;

  expect(over).toMatchObject([{ complete: true, suspicious: false, counts: { changed: 1, missing: 1, foreign: 0 } }]);
  expect(dies).toBe(false);
  // One page is listed again after the crash, and nothing else.
  expect(pages).toBe(ACCOUNTS / PAGE + 1);
  expect(waits.length).toBeGreaterThan(0);
  expect(Math.max(...sizes) - sizes[0]!).toBeLessThan(48);
  if (ASKED !== undefined)
    process.stdout.write(
      `${ACCOUNTS} accounts in ${seconds.toFixed(0)} s (${Math.round(ACCOUNTS / seconds)} a second), heap ${Math.min(...sizes).toFixed(0)} to ${Math.max(...sizes).toFixed(0)} MB, ${waits.length} deliveries meanwhile: median ${waits.toSorted((a, b) => a - b)[waits.length >> 1]} ms, longest ${Math.max(...waits)} ms\n`,
    );
}, 600_000);
