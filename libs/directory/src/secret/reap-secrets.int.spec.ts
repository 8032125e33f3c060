import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testTenancy, type TestTenancy } from '../testing/test-tenancy.ts';
import { reapSecrets, type ReapDeps } from './reap-secrets.ts';

describe('secrets that nothing refers to (decision 12)', () => {
  let tenancy: TestTenancy;
  beforeAll(async () => {
    tenancy = await testTenancy();
  });
  afterAll(() => tenancy.close());

  const ids = async () =>
    (await tenancy.database.query<{ id: string }>('select id::text from secrets.secrets order by id')).map(
      ({ id }) => id,
    );
  const deps = (view: ReapDeps['view']): ReapDeps => ({
    database: tenancy.database,
    schema: tenancy.schema,
    secrets: tenancy.secrets,
    view,
  });

  it('are removed, while living keys, tokens, passwords and the credentials of apps stay', async () => {
    const { id } = await tenancy.createTenant();
    const ada = await tenancy.addAdmin(id, 'ada@plum.example');
    const connection = await tenancy.createConnection(id);
    await tenancy.issueToken(id, connection.id, ada.actor);
    await tenancy.ask(
      'user.create',
      { resource: { schemas: [], userName: 'bea@plum.example', password: 'correct horse' } },
      { tenantId: id },
    );
    await tenancy.secrets.putCredential(id, { kind: 'bearer', token: 'of an app' });
    const living = await ids();
    expect(living).toHaveLength(4);
    const unreferred = await tenancy.secrets.putToken(id, 'a token without an event');
    await tenancy.database.query(`update secrets.secrets set created_at = now() - interval '2 hours'`);
    while (!(await tenancy.view.follower.isSettled())) await new Promise((resolve) => setTimeout(resolve, 10));

    expect(await reapSecrets(deps({ ...tenancy.view, state: async () => 'building' }))).toBe(0);
    expect(await ids()).toContain(unreferred.id);
    expect(await reapSecrets(deps(tenancy.view))).toBe(1);
    expect(await ids()).toEqual(living);
  });
});
