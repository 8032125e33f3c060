import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { streamName } from '@tenure/eventing';
import { testTenancy, type TestTenancy } from '../testing/test-tenancy.ts';
import { ATTEMPTS_PER_WINDOW } from './attempt-rate.ts';

describe('attempts (R70)', () => {
  let tenancy: TestTenancy;
  let tenantId: string;
  beforeAll(async () => {
    tenancy = await testTenancy();
    tenantId = (await tenancy.createTenant()).id;
  });
  afterAll(() => tenancy.close());

  const attempt = { code: 'token/unknown', operation: 'GET /Users', status: 401, attributes: [] };
  const record = (connectionId: string) =>
    tenancy.ask(
      'attempt.record',
      { kind: 'refused', attempt },
      { tenantId, key: connectionId, actor: { kind: 'connection', id: connectionId }, connectionId },
    );
  const stored = (connectionId: string, day: string) =>
    tenancy.store.read(streamName('attempts', tenantId, `${connectionId}_${day}`));

  it('are events of the day and the connection, which no view holds', async () => {
    await record('c-okta');
    tenancy.time.now = '2026-01-06T09:00:00.000Z';
    await record('c-okta');
    tenancy.time.now = '2026-01-05T09:00:00.000Z';
    expect(await stored('c-okta', '2026-01-05')).toMatchObject([
      { type: 'RequestRefused', data: attempt, metadata: { connectionId: 'c-okta' } },
    ]);
    expect(await stored('c-okta', '2026-01-06')).toHaveLength(1);
    expect(
      await tenancy.database.query(`select stream from directory_v4.heads where stream like 'attempts-%'`),
    ).toEqual([]);
  });

  it('of the root key are those of a tenant that is there', async () => {
    const actor = { kind: 'root' as const, id: 'root' };
    const nobodys = '5b6f9a52-1c0e-4a53-9f0e-0d0b7f3c2a11';
    await expect(
      tenancy.ask('attempt.record', { kind: 'refused', attempt }, { tenantId: nobodys, key: 'root', actor }),
    ).rejects.toMatchObject({ code: 'tenant/not-found' });
    expect(await tenancy.store.read(streamName('attempts', nobodys, 'root_2026-01-05'))).toEqual([]);
    await tenancy.ask('attempt.record', { kind: 'refused', attempt }, { tenantId, key: 'root', actor });
    expect(await stored('root', '2026-01-05')).toHaveLength(1);
  });

  it('do not flood the ledger: beyond so many a minute they are only counted, and told at the latest when the service stops', async () => {
    for (let n = 0; n < ATTEMPTS_PER_WINDOW + 40; n++) await record('c-entra');
    expect(await stored('c-entra', '2026-01-05')).toHaveLength(ATTEMPTS_PER_WINDOW);
    await tenancy.directory.stop();
    expect((await stored('c-entra', '2026-01-05')).at(-1)).toMatchObject({
      type: 'AttemptsSuppressed',
      data: { counts: { 'token/unknown': 40 } },
      metadata: { connectionId: 'c-entra' },
    });
  });
});
