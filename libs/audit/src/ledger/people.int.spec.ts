import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PersonErased, UserChanged, UserCreated, userEvents, type UserEvent } from '@tenure/contracts';
import { migrate } from '@tenure/database';
import { testDatabase, type TestDatabase } from '@tenure/database/testing';
import { encode, streamName, type Position } from '@tenure/eventing';
import { factTables, type Fact } from '@tenure/messaging';
import { testSealing, type TestSealing } from '@tenure/sealing/testing';
import { ledgerConsumer } from './ledger.consumer.ts';
import { auditMigrations } from './ledger.migrations.ts';
import { logMigrations } from '../log/log.migrations.ts';
import { ledgerPeople, peopleFound, peopleMigrations, searchedFor } from './people.ts';

const before = [...auditMigrations, ...logMigrations];
let test: TestDatabase;
let sealing: TestSealing;
beforeEach(async () => {
  test = await testDatabase();
  sealing = await testSealing(test.database);
  await sealing.keys.createPerson({ tenantId: 'acme', personId: 'ada' });
  await migrate(test.database, { schema: 'audit', migrations: before });
  await test.database.query(factTables('audit'));
});
afterEach(() => test.drop());

const standing = {
  changed: [],
  writer: 'connection' as const,
  accountType: 'provisionedManaged' as const,
  connectionId: 'c',
  unassignedFrom: null,
  passwordId: null,
};
const fact = async (revision: number, event: UserEvent): Promise<Fact> => {
  const metadata = {
    tenantId: 'acme',
    actor: { kind: 'system' as const, id: 'test' },
    commandId: `c${revision}`,
    correlationId: 'r',
    causationId: 'r',
    occurredAt: '2026-01-05T09:00:00.000Z',
  };
  const definition = userEvents.find(({ type }) => type === event.type)!;
  const envelope = { id: `e${revision}`, metadata, personId: 'ada' };
  return {
    ...(await encode(sealing.sealer, definition, event, envelope)),
    stream: streamName('user', 'acme', 'ada'),
    revision,
    position: '' as Position,
    recordedAt: '2026-01-05T09:00:00.000Z',
  };
};
const created = (displayName: string) =>
  UserCreated(standing, { resource: { userName: 'ada@plum.example', displayName } });
const changed = (displayName: string) =>
  UserChanged(standing, { resource: { userName: 'ada@plum.example', displayName } });
const found = async (search: string, tenantId = 'acme') =>
  (
    await test.database.query<{ id: string }>({
      text: `select id from ${peopleFound('audit', '$1', '$2')} found`,
      values: [tenantId, searchedFor(tenantId, search)],
    })
  ).map(({ id }) => id);

describe('R95: the people of the ledger', () => {
  it('are found by their last name, until they are erased, whatever comes again', async () => {
    await migrate(test.database, { schema: 'audit', migrations: [...before, ...peopleMigrations] });
    const people = ledgerPeople(test.database, 'audit', sealing.sealer);
    const facts = [await fact(1, created('Ada Maiden')), await fact(2, changed('Ada Lövelace'))];
    await people.consume(facts);
    expect([await found('maiden'), await found('LOVE ada'), await found('ada', 'other')]).toEqual([[], ['ada'], []]);
    await people.consume([await fact(3, PersonErased({ unfinishedAccountIds: [] }))]);
    await people.consume(facts);
    expect([await found('ada'), await found('plum')]).toEqual([[], []]);
  });

  it('are filled in from the ledger of before', async () => {
    const ledger = ledgerConsumer({ database: test.database, schema: 'audit' });
    await ledger.consume([await fact(1, created('Ada Maiden')), await fact(2, changed('Ada Lovelace'))]);
    await ledger.stop();
    await migrate(test.database, { schema: 'audit', migrations: [...before, ...peopleMigrations] });
    expect(await found('ada')).toEqual([]);
    await ledgerPeople(test.database, 'audit', sealing.sealer).fill();
    expect([await found('love'), await found('maiden')]).toEqual([['ada'], []]);
  });
});
