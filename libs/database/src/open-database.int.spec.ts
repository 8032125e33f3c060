import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { openDatabase } from './open-database.ts';
import { testDatabase, type TestDatabase } from './testing/index.ts';

@Entity({ name: 'people' })
class PersonRow {
  @PrimaryColumn('text') id!: string;
  @Column('timestamptz') since!: Date;
}

describe('a database', () => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await testDatabase({ entities: [PersonRow], poolSize: 3 });
    await test.database.query('create table people (id text primary key, since timestamptz not null)');
  });
  afterAll(() => test.drop());
  const { query, transaction, session } = {
    query: <Row>(statement: Parameters<TestDatabase['database']['query']>[0]) => test.database.query<Row>(statement),
    transaction: ((...args) => test.database.transaction(...args)) as TestDatabase['database']['transaction'],
    session: ((work) => test.database.session(work)) as TestDatabase['database']['session'],
  };
  const count = async () => (await query<{ n: number }>('select count(*) as n from people'))[0]!.n;

  it('reads values as JavaScript means them', async () => {
    const [row] = await query(
      `select 9007199254740991::bigint as exact, 9007199254740993::bigint as beyond, '12'::xid8 as xid, '{"a":[1]}'::jsonb as json,
              '2026-01-05 10:00:00.1239+01'::timestamptz as instant, '2026-01-05'::date as day`,
    );
    expect(row).toEqual({
      exact: 9007199254740991,
      beyond: '9007199254740993',
      xid: '12',
      json: { a: [1] },
      instant: '2026-01-05T09:00:00.123Z',
      day: '2026-01-05',
    });
  });

  it('prepares a named statement once per connection', async () => {
    const prepared = await session(async (sql) => {
      for (const n of [1, 2]) await sql.query({ name: 'twice', text: 'select $1::int as n', values: [n] });
      return sql.query(`select name from pg_prepared_statements`);
    });
    expect(prepared).toEqual([{ name: 'twice' }]);
  });

  it('commits what a transaction did, or nothing of it', async () => {
    const before = await count();
    await transaction((sql) => sql.query(`insert into people values ('ada', now())`));
    const failing = transaction(async (sql) => {
      await sql.query(`insert into people values ('ben', now())`);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await count()).toBe(before + 1);
  });

  it('reads as of one moment in a snapshot, and writes nothing in it', async () => {
    const seen = await transaction(
      async (sql) => {
        const first = await sql.query('select * from people');
        await transaction((other) => other.query(`insert into people values ('later', now())`));
        return [first, await sql.query('select * from people')];
      },
      { snapshot: true },
    );
    expect(seen[1]).toEqual(seen[0]);
    await expect(
      transaction((sql) => sql.query(`insert into people values ('never', now())`), { snapshot: true }),
    ).rejects.toThrow('read-only');
  });

  it('commits without waiting for the disk only where asked to', async () => {
    const setting = (options?: { synchronousCommit: 'on' | 'off' }) =>
      transaction(
        async (sql) =>
          (await sql.query<{ synchronous_commit: string }>('show synchronous_commit'))[0]!.synchronous_commit,
        options,
      );
    expect(await setting({ synchronousCommit: 'off' })).toBe('off');
    expect(await setting({ synchronousCommit: 'on' })).toBe('on');
  });

  it('gives entities to TypeORM on the same pool', async () => {
    await test.database.repository(PersonRow).save({ id: 'eve', since: new Date('2026-01-05T09:00:00Z') });
    expect(await query(`select * from people where id = 'eve'`)).toEqual([
      { id: 'eve', since: '2026-01-05T09:00:00.000Z' },
    ]);
    expect(await test.database.repository(PersonRow).findOneBy({ id: 'eve' })).toEqual({
      id: 'eve',
      since: new Date('2026-01-05T09:00:00Z'),
    });
  });

  it('replaces connections that break, also in the middle of a transaction', async () => {
    const dying = transaction((sql) => sql.query('select pg_terminate_backend(pg_backend_pid())'));
    await expect(dying).rejects.toThrow('terminat');
    await session((sql) =>
      sql.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await query('select 1 as n')).toEqual([{ n: 1 }]);
  });

  it('ends statements and idle transactions that take too long', async () => {
    const impatient = await openDatabase({
      url: test.url,
      applicationName: 'test',
      statementTimeoutMs: 100,
      idleInTransactionTimeoutMs: 100,
    });
    try {
      await expect(impatient.query('select pg_sleep(5)')).rejects.toThrow('statement timeout');
      const idle = impatient.transaction(async (sql) => {
        await new Promise((resolve) => setTimeout(resolve, 400));
        await sql.query('select 1');
      });
      await expect(idle).rejects.toThrow();
      expect(await impatient.query('select 1 as n')).toEqual([{ n: 1 }]);
    } finally {
      await impatient.close();
    }
  });

  it('keeps a session apart from the pool and ends it', async () => {
    const pid = await session(async (sql) => {
      await sql.query('select pg_advisory_lock(1)');
      return (await sql.query<{ pid: number }>('select pg_backend_pid() as pid'))[0]!.pid;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await query({ text: 'select pid from pg_stat_activity where pid = $1', values: [pid] })).toEqual([]);
  });

  it('says where it could not connect and what to do, without the password', async () => {
    const opening = openDatabase({ url: 'postgres://tenure:secret@127.0.0.1:1/tenure', applicationName: 'test' });
    await expect(opening).rejects.toThrow(
      /postgres:\/\/tenure@127\.0\.0\.1:1\/tenure \(DATABASE_URL\): .*ECONNREFUSED.*Check that it runs/,
    );
    await expect(opening).rejects.not.toThrow('secret');
    const url = new URL(test.url);
    url.pathname = '/no_such_database';
    await expect(openDatabase({ url: url.href, applicationName: 'test' })).rejects.toThrow(
      '"no_such_database" does not exist',
    );
  });
});
