import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, afterAll, describe, expect, it } from '@jest/globals';
import { StoreUnusable } from '@tenure/eventing';
import { openEventStoreDb } from './open-event-store-db.ts';
import { standInTls, startStandIn, type EventStoreDbStandIn, type StandInOptions } from './testing/index.ts';

let folder: string;
let caFile: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenure-esdb-'));
  caFile = join(folder, 'ca.crt');
  await writeFile(caFile, standInTls.certificate);
});
afterAll(() => rm(folder, { recursive: true }));

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
const start = async (options: StandInOptions = {}): Promise<EventStoreDbStandIn & { port: string }> => {
  const server = await startStandIn(options);
  closing.push(server.close);
  return { ...server, port: /:(\d+)/.exec(server.connectionString)![1]! };
};
const open = async (connectionString: string, more: Partial<Parameters<typeof openEventStoreDb>[0]> = {}) => {
  const store = await openEventStoreDb({ connectionString, ...more });
  closing.push(store.close);
  return store;
};
const refusalOf = (connectionString: string) =>
  open(connectionString).then(
    () => undefined,
    (error: unknown) => error as Error,
  );
const users = {
  ops: { password: 'right' },
  blind: { password: 'right', mayReadAll: false },
};

describe('a start on EventStoreDB', () => {
  it('works over TLS, with a user and the CA that the address names', async () => {
    const { port } = await start({ tls: standInTls, users });
    const store = await open(`esdb://ops:right@127.0.0.1:${port}?tls=true&tlsCAFile=${caFile}`);
    expect(await store.readAll(undefined, { limit: 10 })).toEqual([]);
  });

  it.each([
    ['a wrong password', 'ops:wrong@', true, 'refuses the user ops: the name or the password is wrong'],
    ['no credentials', '', true, 'wants credentials. Put them into EVENTSTOREDB_URL'],
    ['a user who may not read $all', 'blind:right@', true, "doesn't let the user blind read $all"],
    ['a certificate that is not trusted', 'ops:right@', false, "isn't trusted (DEPTH_ZERO_SELF_SIGNED_CERT)"],
  ])('ends with one line on %s', async (_, credentials, trusted, line) => {
    const { port } = await start({ tls: standInTls, users });
    const refusal = await refusalOf(
      `esdb://${credentials}127.0.0.1:${port}?tls=true${trusted ? `&tlsCAFile=${caFile}` : ''}`,
    );
    expect(refusal).toBeInstanceOf(StoreUnusable);
    expect(refusal!.message).toContain(line);
    expect(refusal!.message).not.toContain('\n');
    expect(refusal!.message).not.toContain('right@');
  });

  it('ends with one line on plain text against TLS, and the other way round', async () => {
    const secure = await start({ tls: standInTls });
    expect(await refusalOf(`esdb://127.0.0.1:${secure.port}?tls=false`)).toMatchObject({
      name: 'StoreUnusable',
      message: expect.stringContaining('speaks TLS, but EVENTSTOREDB_URL says tls=false'),
    });
    const plain = await start();
    expect(await refusalOf(`esdb://127.0.0.1:${plain.port}?tls=true`)).toMatchObject({
      name: 'StoreUnusable',
      message: expect.stringContaining('speaks plain text, but EVENTSTOREDB_URL asks for TLS'),
    });
  });

  it('ends with one line on an address that can’t be read', async () => {
    expect(await refusalOf('esdb://127.0.0.1:2113?tls=true&tlsCAFile=/nowhere/ca.crt')).toMatchObject({
      name: 'StoreUnusable',
      message: expect.stringContaining("EVENTSTOREDB_URL can't be used: Failed to load certificate file"),
    });
  });

  it('waits for a server that nobody has started yet, and says so', async () => {
    const server = await start();
    server.die();
    const reasons: string[] = [];
    const opening = open(server.connectionString, { onWaiting: (reason) => void reasons.push(reason) });
    for (const until = Date.now() + 60_000; reasons.length === 0 && Date.now() < until;)
      await new Promise((resolve) => setTimeout(resolve, 10));
    await server.restart();
    const store = await opening;
    expect(reasons).toEqual([
      expect.stringMatching(/^EventStoreDB doesn't answer at 127\.0\.0\.1:\d+ \(ECONNREFUSED\)\. Waiting for it/),
    ]);
    expect(await store.readAll(undefined, { limit: 10 })).toEqual([]);
  });

  it('works with a server whose MaxAppendSize is smaller, and says so', async () => {
    const { connectionString } = await start({ maxAppendSize: 1024 * 1024 });
    const note = new Promise<string>((resolve) => void open(connectionString, { onNote: resolve }));
    expect(await note).toMatch(/takes at most 1048576 bytes in one append: .* raise EVENTSTORE_MAX_APPEND_SIZE/);
  });
});
