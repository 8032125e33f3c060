import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { migrate, type Database } from '@tenure/database';
import { testDatabase, type TestDatabase } from '@tenure/database/testing';
import { provisioningMigrations } from '../runtime/provisioning.migrations.ts';
import { mark, markNext, PROVISIONING, startMarking } from './to-evaluate.ts';

let test: TestDatabase;
let database: Database;
beforeAll(async () => {
  test = await testDatabase();
  database = test.database;
  await migrate(database, { schema: PROVISIONING, migrations: provisioningMigrations });
  await database.query(`create table ${PROVISIONING}.accounts (tenant_id text, app_id text, user_id text)`);
  await database.query(
    `insert into ${PROVISIONING}.people (tenant_id, id, resource, active, archived, active_since, archived_since, unit_since, domain_since, changed_at)
     select 'acme', 'p' || n, jsonb_build_object('roles', case when n % 500 = 0 then '[{"value": "Baker"}]'::jsonb else '[]' end),
            true, false, now(), now(), now(), now(), now() from generate_series(1, 2500) n`,
  );
  await database.query(`insert into ${PROVISIONING}.accounts values ('acme', 'git', 'p7'), ('acme', 'wiki', 'p8')`);
  await database.query(
    `insert into ${PROVISIONING}.memberships (tenant_id, group_id, member_id, kind, since, left_at)
     values ('acme', 'staff', 'p1', 'User', now(), null), ('acme', 'staff', 'p2', 'User', now(), now())`,
  );
});
afterAll(() => test.drop());
beforeEach(async () => {
  await database.query(`truncate ${PROVISIONING}.to_evaluate, ${PROVISIONING}.markings`);
});

const cause = { causationId: 'e1', correlationId: 'c1', occurredAt: '2026-01-05T09:00:00.000Z' };
const next = () => markNext(database, `${PROVISIONING}.accounts`);
const marked = async () =>
  (
    await database.query<{ user_id: string; app_id: string }>(
      `select user_id, app_id from ${PROVISIONING}.to_evaluate order by user_id, app_id`,
    )
  ).map(({ user_id, app_id }) => [user_id, app_id]);

describe('marking people for evaluation', () => {
  it('goes on in pieces from where it was cut off, whatever the number of people', async () => {
    await startMarking(database, { tenantId: 'acme', appId: 'git', whom: { kind: 'everyone' }, cause });
    expect(await next()).toBe(true);
    expect(await marked()).toHaveLength(1000);
    expect(await next()).toBe(true);
    expect(await marked()).toHaveLength(2000);
    expect(await next()).toBe(true);
    expect(new Set((await marked()).map(([, app]) => app))).toEqual(new Set(['git']));
    expect(await marked()).toHaveLength(2500);
    expect(await next()).toBe(false);
  });

  it('marks those with an account of the app, of a group with those who left it, or of a role, and nobody else', async () => {
    const markAll = async (whom: Parameters<typeof startMarking>[1]['whom']) => {
      await startMarking(database, { tenantId: 'acme', appId: 'git', whom, cause });
      while (await next());
      const found = (await marked()).map(([user]) => user);
      await database.query(`truncate ${PROVISIONING}.to_evaluate`);
      return found;
    };
    expect(await markAll({ kind: 'accounts' })).toEqual(['p7']);
    expect(await markAll({ kind: 'group', id: 'staff' })).toEqual(['p1', 'p2']);
    expect(await markAll({ kind: 'role', id: 'Baker' })).toEqual(['p1000', 'p1500', 'p2000', 'p2500', 'p500']);
    expect(await markAll({ kind: 'group', id: 'nobody' })).toEqual([]);
  });

  it('leaves the cause of who waits already as it is, and tells a worker that something came', async () => {
    await mark(database, [{ tenantId: 'acme', userIds: ['p7'], appId: 'git', cause }]);
    const later = { ...cause, causationId: 'e2' };
    await startMarking(database, { tenantId: 'acme', appId: 'git', whom: { kind: 'accounts' }, cause: later });
    await next();
    expect(await database.query(`select causation_id, mark from ${PROVISIONING}.to_evaluate`)).toEqual([
      { causation_id: 'e1', mark: 2 },
    ]);
    await mark(database, [{ tenantId: 'acme', userIds: ['p7'], cause }]);
    expect(await marked()).toEqual([
      ['p7', ''],
      ['p7', 'git'],
    ]);
  });
});
