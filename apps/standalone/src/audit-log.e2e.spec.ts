import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { client, type Client } from './testing/client.ts';
import { testSystem, type TestSystem } from './testing/system.ts';
import { makeTenant, type IdentityProvider, type Tenant } from './testing/world.ts';

const VERIFY = new URL('../../audit-service/tools/tenure-verify.mjs', import.meta.url).pathname;
const PATIENCE_MS = 60_000;

let system: TestSystem;
let plum: Tenant;
let idp: IdentityProvider;
let folder: string;
let ada: string;
let whole: Awaited<ReturnType<typeof exported>>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenure-log-'));
  system = await testSystem();
  plum = await makeTenant(system);
  idp = await plum.connect();
  ada = await idp.hire('ada');
  await idp.set(ada, { op: 'replace', path: 'title', value: 'Baker' });
  await idp.hire('bob');
  await system.settled();
});
afterAll(async () => {
  await system?.close();
  await rm(folder, { recursive: true });
});

/** What an answer holds until it is as wanted. */
const until = async <T>(look: () => Promise<T | undefined>, what: string): Promise<T> => {
  for (const end = Date.now() + PATIENCE_MS; ;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`Waited in vain for ${what}.`);
    await sleep(100);
  }
};

const download = async (path: string): Promise<Buffer> => {
  const response = await fetch(`${system.url()}${path}`, {
    headers: { authorization: `Bearer ${plum.superAdmin.key}` },
  });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/gzip');
  return Buffer.from(await response.arrayBuffer());
};

const exported = async (audit: Client, request: object = {}) => {
  const started = await audit.post('/export', request);
  expect(started.status).toBe(202);
  const job = await until(async () => {
    const found = await audit.ok('GET', `/jobs/${started.body.id}`);
    return found.state === 'done' ? found : undefined;
  }, 'the export');
  return { job, bytes: await download(job.result.download) };
};

const verified = async (bytes: Buffer, ...more: string[]) => {
  const file = join(folder, `${Math.random()}.ndjson.gz`);
  await writeFile(file, bytes);
  const { keys, anchor } = await plum.audit.ok('GET', '/log');
  const words = [...keys, ...anchor.keys].flatMap((key: string) => ['--key', key]);
  return execFileSync(process.execPath, [VERIFY, file, ...words, ...more], { encoding: 'utf8' });
};

describe('R84: the audit log', () => {
  it('exports all that the tenant did, for an auditor to verify offline', async () => {
    const auditor = plum.as((await plum.addAdmin('audrey@plum.example', 'auditor')).key).audit;
    whole = await exported(auditor);
    const { job, bytes } = whole;
    expect(job.result).toMatchObject({ claims: 'complete', first: 0, size: job.result.after });
    const said = await verified(bytes);
    expect(said).toContain(`Complete: every entry from 0 to ${job.result.after - 1}, none left out.`);
    expect(gunzipSync(bytes).toString()).not.toContain('Baker');
    const tampered = Buffer.from(gunzipSync(bytes).toString().replace('"changed":["title"]', '"changed":["email"]'));
    await expect(verified(tampered)).rejects.toMatchObject({
      stdout: expect.stringContaining('Refused (data): The data of entry'),
    });
  });

  it('exports what concerns one person, in clear where that is asked for', async () => {
    const { job, bytes } = await exported(plum.audit, { user: ada, values: true });
    expect(job.result.claims).toBe('inclusion');
    expect(await verified(bytes)).toContain('Not complete');
    const entries = gunzipSync(bytes)
      .toString()
      .split('\n')
      .filter((line) => line.includes('"kind":"entry"'));
    expect(entries).toHaveLength(job.result.entries);
    expect(entries.map((line) => JSON.parse(line).values?.resource?.title)).toContain('Baker');
  });

  it('shows its checkpoints, tiles and proofs as C2SP says', async () => {
    const checkpoint = await until(async () => {
      const found = await plum.audit.get('/checkpoint');
      return found.status === 200 ? found : undefined;
    }, 'a checkpoint');
    expect(checkpoint.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const [origin, size] = checkpoint.text.split('\n') as [string, string];
    const { items } = await plum.audit.ok('GET', '/checkpoints?limit=1');
    expect(items[0].size).toBeGreaterThanOrEqual(Number(size));
    expect((await plum.audit.ok('GET', '/log')).origin).toBe(origin);

    const tile = await fetch(
      `${system.url()}/audit/v1/tenants/${plum.id}/tile/0/000.p/${Math.min(255, Number(size))}`,
      {
        headers: { authorization: `Bearer ${plum.superAdmin.key}` },
      },
    );
    expect(tile.headers.get('content-type')).toBe('application/octet-stream');
    expect((await tile.arrayBuffer()).byteLength).toBe(32 * Math.min(255, Number(size)));
    for (const path of ['/tile/0/999', '/tile/0/0', '/tile/entries/000.p/256', '/tile/9/000'])
      expect([path, (await plum.audit.get(path)).status]).toEqual([path, 404]);

    const [entry] = (await plum.audit.ok('GET', `/entries?user=${ada}&type=UserCreated`)).items;
    const proof = await plum.audit.get(`/proof?entry=${entry.id}`);
    expect(proof.text).toMatch(new RegExp(`^c2sp\\.org/tlog-proof@v1\nindex ${entry.logIndex}\n`));
    expect((await plum.audit.get('/proof?from=1')).text).toMatch(/^old 1\n/);
    for (const query of ['?entry=x&index=1', '?entry=x&from=1', '?from=9999999', '?from=2&size=1'])
      expect([query, (await plum.audit.get(`/proof${query}`)).status]).toEqual([query, 400]);
    expect((await plum.audit.get('/proof?entry=nobody')).body.code).toBe('log/entry-not-found');
    expect((await plum.audit.get('/proof?index=0&size=99999')).body.code).toBe('log/checkpoint-not-found');
  });

  it('is shown to the tenant’s own admins, and its anchor to the root key', async () => {
    const fig = await makeTenant(system, 'Fig', { primaryDomain: 'other.example', domains: ['other.example'] });
    const { job } = whole;
    for (const path of ['/checkpoint', '/log', `/jobs/${job.id}`, `/exports/${job.id}`]) {
      const url = `${system.url()}/audit/v1/tenants/${plum.id}`;
      expect([path, (await client(url, fig.superAdmin.key).get(path)).status]).toEqual([path, 404]);
      expect([path, (await client(url).get(path)).status]).toEqual([path, 401]);
      expect([path, (await fig.audit.get(path)).status]).not.toEqual([path, 500]);
    }
    expect((await fig.audit.get(`/exports/${job.id}`)).status).toBe(404);
    const anchor = (key?: string) => client(`${system.url()}/audit/v1/anchor`, key).get('/checkpoint');
    expect((await anchor(plum.superAdmin.key)).status).toBe(403);
    expect((await system.root().get('/audit/v1/anchor/checkpoint')).text).toMatch(/\/audit\/v1\/anchor\n/);
  });

  it('refuses a reversed period and unknown words of a request', async () => {
    const reversed = { from: '2026-02-01T00:00:00.000Z', to: '2026-01-01T00:00:00.000Z' };
    for (const body of [reversed, { who: ada }, { since: [-1] }, { from: 'yesterday' }])
      expect([body, (await plum.audit.post('/export', body)).status]).toEqual([body, 400]);
  });
});
