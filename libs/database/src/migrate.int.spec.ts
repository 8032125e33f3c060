import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { migrate, type Migration } from './migrate.ts';
import { openDatabase } from './open-database.ts';
import { testDatabase, type TestDatabase } from './testing/index.ts';

class AddNickname1767225700000 implements MigrationInterface {
  up = async (runner: QueryRunner) => void (await runner.query('alter table people add column nickname text'));
  down = async (runner: QueryRunner) => void (await runner.query('alter table people drop column nickname'));
}

const createPeople: Migration = { name: 'CreatePeople1767225600000', up: 'create table people (id text primary key)' };

describe('migrations', () => {
  let test: TestDatabase;
  beforeEach(async () => {
    test = await testDatabase();
  });
  afterEach(() => test.drop());

  it('run once, in order, in the schema of their service', async () => {
    const options = { schema: 'directory', migrations: [AddNickname1767225700000, createPeople] };
    expect(await migrate(test.database, options)).toEqual(['CreatePeople1767225600000', 'AddNickname1767225700000']);
    expect(await migrate(test.database, options)).toEqual([]);
    expect(await test.database.query('select id, nickname from directory.people')).toEqual([]);
  });

  it('of one schema know nothing of those of another', async () => {
    await migrate(test.database, { schema: 'one', migrations: [createPeople] });
    expect(await migrate(test.database, { schema: 'two', migrations: [createPeople] })).toEqual([
      'CreatePeople1767225600000',
    ]);
  });

  it('do not race when replicas start together', async () => {
    const replicas = await Promise.all(
      [1, 2, 3].map(() => openDatabase({ url: test.url, applicationName: 'test', poolSize: 1 })),
    );
    const slow = {
      name: 'CreatePeople1767225600000',
      up: 'select pg_sleep(0.2); create table people (id text primary key)',
    };
    const ran = await Promise.all(
      replicas.map((replica) => migrate(replica, { schema: 'directory', migrations: [slow] })),
    );
    expect(ran.flat()).toEqual([slow.name]);
    await Promise.all(replicas.map((replica) => replica.close()));
  });

  it('leave nothing of one that fails, and run it again', async () => {
    const failing = { name: 'AddPets1767225800000', up: 'create table pets (id text); select 1 / 0' };
    await expect(migrate(test.database, { schema: 'directory', migrations: [createPeople, failing] })).rejects.toThrow(
      'division by zero',
    );
    const mended = { ...failing, up: 'create table pets (id text)' };
    expect(await migrate(test.database, { schema: 'directory', migrations: [createPeople, mended] })).toEqual([
      mended.name,
    ]);
  });
});
