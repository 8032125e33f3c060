import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { UserChanged, UserCreated } from '@tenure/contracts';
import { migrate } from '@tenure/database';
import { testDatabase, type TestDatabase } from '@tenure/database/testing';
import { encode, memoryEventStore, streamName, type EventStore, type NewEvent } from '@tenure/eventing';
import { memorySealer } from '@tenure/eventing/testing';
import { factTables, type FactConsumer } from '@tenure/messaging';
import { usageQueries } from '../usage/usage.queries.ts';
import { checkLedger } from './check.ts';
import { ledgerConsumer } from './ledger.consumer.ts';
import { auditMigrations } from './ledger.migrations.ts';
import { entriesQuery, ledgerQueries, type EntriesQuery } from './ledger.queries.ts';
import { ledgerNames } from './names.ts';

let test: TestDatabase;
let store: EventStore;
let ledger: FactConsumer;
const categories = ['user', 'account', 'attempts'];

beforeEach(async () => {
  test = await testDatabase();
  store = memoryEventStore();
  await migrate(test.database, { schema: 'audit', migrations: auditMigrations });
  await test.database.query(factTables('audit'));
  ledger = ledgerConsumer({ database: test.database, schema: 'audit' });
});
afterEach(async () => {
  await ledger.stop();
  await test.drop();
});

let count = 0;
const event = (
  type: string,
  data: Record<string, unknown>,
  parts: { at?: string; personId?: string; personal?: string; actor?: string } = {},
): NewEvent => ({
  id: `event-${++count}`,
  type,
  schemaVersion: 1,
  data,
  ...(parts.personId !== undefined && { personId: parts.personId }),
  ...(parts.personal !== undefined && { personal: parts.personal }),
  metadata: {
    tenantId: 'acme',
    actor: { kind: 'admin', id: parts.actor ?? 'grace' },
    commandId: `c${count}`,
    correlationId: 'request-1',
    causationId: 'cause-1',
    occurredAt: parts.at ?? '2026-01-05T09:00:00.000Z',
  },
});
const append = async (category: string, id: string, ...events: NewEvent[]) => {
  const stream = streamName(category, 'acme', id);
  await store.append({ stream, expected: (await store.read(stream)).length, events });
};
const consume = async () => ledger.consume(await store.readAll(undefined, { limit: 1000 }));
const names = () => ledgerNames(test.database, 'audit', memorySealer());
const entries = (query: Partial<EntriesQuery> = {}) =>
  ledgerQueries(test.database, 'audit', names()).entries('acme', { limit: 100, ...query });

describe('the ledger', () => {
  it('answers who, what, when and why', async () => {
    await append(
      'user',
      'ada',
      event('UserDeactivated', { changed: ['active'] }, { personId: 'ada', personal: 'sealed' }),
    );
    await consume();
    expect((await entries()).items).toEqual([
      {
        seq: 1,
        id: expect.any(String),
        type: 'UserDeactivated',
        at: '2026-01-05T09:00:00.000Z',
        recordedAt: expect.any(String),
        outcome: 'done',
        actor: { kind: 'admin', id: 'grace' },
        subject: { kind: 'user', id: 'ada' },
        userId: 'ada',
        summary: 'User deactivated: active',
        changes: [{ attribute: 'active' }],
        because: { correlationId: 'request-1', causationId: 'cause-1' },
        event: { stream: 'user-acme_ada', revision: 1 },
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ]);
  });

  it('writes each fact once, also where the marks of its consumer were lost', async () => {
    await append('user', 'ada', event('UserCreated', {}), event('UserChanged', { changed: ['title'] }));
    await consume();
    await consume();
    await test.database.query('truncate audit.fact_marks');
    await consume();
    expect((await entries()).items).toHaveLength(2);
  });

  it('R70: tells what was refused from what was done', async () => {
    await append('attempts', 'c1_2026-01-05', event('RequestRefused', { code: 'token/unknown' }));
    await append('user', 'ada', event('UserCreated', {}));
    await consume();
    expect((await entries({ outcome: 'refused' })).items).toMatchObject([
      { type: 'RequestRefused', outcome: 'refused', reason: { code: 'token/unknown' } },
    ]);
  });

  it.each([
    ['ForeignAccountFound', 'account/foreign-match'],
    ['AmbiguousAccountsFound', 'account/ambiguous-match'],
  ])('R53, R61, R91: gives the reason of %s, which the fact is by itself', async (type, code) => {
    const found = { userId: 'ada', appId: 'git', deliveryId: 'd1' };
    await append('account', 'a1', event(type, found, { personId: 'ada', personal: 'sealed' }));
    await consume();
    expect((await entries()).items).toMatchObject([
      { outcome: 'failed', reason: { code, message: expect.stringMatching(/account.*\.$/) } },
    ]);
  });

  it('is read by user, app, type, actor and period, page by page, newest first', async () => {
    const account = (type: string, userId: string, at: string) =>
      event(type, { appId: 'git', userId }, { at, personId: userId });
    await append(
      'account',
      'a1',
      account('AccountCreated', 'ada', '2026-01-05T09:00:00.000Z'),
      account('AccountSuspended', 'ada', '2026-01-06T09:00:00.000Z'),
    );
    await append('account', 'b1', account('AccountCreated', 'bob', '2026-01-07T09:00:00.000Z'));
    await consume();
    const types = async (query: Partial<EntriesQuery>) =>
      (await entries(query)).items.map(({ type, userId }) => `${type} ${userId}`);
    expect(await types({ user: 'ada' })).toEqual(['AccountSuspended ada', 'AccountCreated ada']);
    expect(await types({ app: 'git', type: 'AccountCreated' })).toEqual(['AccountCreated bob', 'AccountCreated ada']);
    expect(await types({ from: '2026-01-06T00:00:00.000Z', to: '2026-01-06T23:00:00.000Z' })).toEqual([
      'AccountSuspended ada',
    ]);
    expect(await types({ actor: 'nobody' })).toEqual([]);
    const first = await entries({ limit: 2 });
    expect(first.items).toHaveLength(2);
    expect((await entries({ limit: 2, cursor: first.nextCursor })).items).toHaveLength(1);
    await expect(entries({ cursor: 'x' })).rejects.toMatchObject({ code: 'cursor/invalid' });
  });

  it('shows nothing to another tenant', async () => {
    await append('user', 'ada', event('UserCreated', {}));
    await consume();
    expect((await ledgerQueries(test.database, 'audit', names()).entries('other', { limit: 10 })).items).toEqual([]);
  });

  it.each(['update audit.ledger set summary = $$x$$', 'delete from audit.ledger', 'truncate audit.ledger'])(
    'R84: refuses "%s", by trigger to its owner and by right to its writer',
    async (statement) => {
      await append('user', 'ada', event('UserCreated', {}));
      await consume();
      await expect(test.database.query(statement)).rejects.toThrow('append-only');
      const asWriter = test.database.transaction(async (sql) => {
        await sql.query('set local role tenure_ledger_writer');
        await sql.query(statement);
      });
      await expect(asWriter).rejects.toThrow(/permission denied|append-only/);
    },
  );

  it('agrees with the streams, and says where it would not', async () => {
    await append('user', 'ada', event('UserCreated', { changed: ['a'] }), event('UserChanged', { changed: ['title'] }));
    await consume();
    await append('user', 'bob', event('UserCreated', {}));
    expect(await checkLedger(test.database, 'audit', store, categories)).toEqual({
      events: 3,
      entries: 2,
      missing: ['user-acme_bob@1'],
      different: [],
    });
    const tampered: EventStore = {
      ...store,
      readAll: async (after, range) =>
        (await store.readAll(after, range)).map((read) =>
          read.revision === 2 ? { ...read, data: { changed: ['x'] } } : read,
        ),
    };
    expect(await checkLedger(test.database, 'audit', tampered, categories)).toMatchObject({
      different: ['user-acme_ada@2'],
    });
  });
});

describe('names', () => {
  it('are opened with people’s keys, the last one known, and gone with the key', async () => {
    const sealer = memorySealer();
    const person = { tenantId: 'acme', personId: 'ada' };
    const named = async (type: typeof UserCreated | typeof UserChanged, displayName: string) => {
      const standing = {
        changed: ['displayName'],
        writer: 'local' as const,
        accountType: 'unmanaged' as const,
        connectionId: null,
        unassignedFrom: null,
        passwordId: null,
      };
      const { metadata } = event(type.type, {});
      return encode(sealer, type, type(standing, { resource: { userName: 'ada@plum.example', displayName } }), {
        id: `named-${displayName}`,
        personId: 'ada',
        metadata,
      });
    };
    await append('user', 'ada', await named(UserCreated, 'Ada'), await named(UserChanged, 'Ada Lovelace'));
    await append('tenant', 'grace', event('AdminAdded', { adminId: 'grace', userId: 'ada', role: 'admin' }));
    await consume();
    const shown = async () => {
      const ledgerOf = ledgerQueries(test.database, 'audit', ledgerNames(test.database, 'audit', sealer));
      return (await ledgerOf.entries('acme', { limit: 1, type: 'UserChanged', include: ['user'] })).items[0]!;
    };
    expect(await shown()).toMatchObject({
      actor: { id: 'grace', name: 'Ada Lovelace' },
      user: { id: 'ada', displayName: 'Ada Lovelace', userName: 'ada@plum.example' },
    });
    sealer.erase(person);
    const { actor, user } = await shown();
    expect({ actor, user }).toEqual({ actor: { kind: 'admin', id: 'grace' }, user: { id: 'ada', erased: true } });
  });
});

describe('what entries are asked by', () => {
  it.each([
    ['type', { type: 'UserInvented' }],
    ['outcome', { outcome: 'perhaps' }],
    ['include', { include: 'user,group' }],
    ['an unknown filter', { users: 'ada' }],
  ])('is refused where it is nothing known: %s', (_, query) => {
    expect(entriesQuery.safeParse(query).success).toBe(false);
  });
});

describe('R53: usage', () => {
  it('sums over all apps where none is named, and knows no app of which nothing is recorded', async () => {
    const created = (appId: string) => event('AccountCreated', { appId }, { personId: 'ada' });
    await append('account', 'a1', created('git'));
    await append('account', 'a2', created('wiki'));
    await consume();
    const usage = usageQueries(test.database, 'audit');
    const now = '2026-01-06T00:00:00.000Z';
    const counted = await usage.counts('acme', { days: 30 }, now);
    expect(counted.counts['Create User By Auto Provisioning']).toBe(2);
    expect(counted).not.toHaveProperty('appId');
    expect((await usage.csv('acme', { days: 30 }, now)).split('\r\n')).toHaveLength(4);
    const unknown = { kind: 'not-found', code: 'app/unknown' };
    await expect(usage.counts('acme', { app: 'none', days: 30 }, now)).rejects.toMatchObject(unknown);
    await expect(usage.csv('other', { app: 'git', days: 30 }, now)).rejects.toMatchObject(unknown);
  });

  it('counts the last days by the names that administrators know, and lists them with a reason per failure', async () => {
    const on = (type: string, at: string, data = {}) => event(type, { appId: 'git', ...data }, { at, personId: 'ada' });
    await append(
      'account',
      'a1',
      on('AccountCreated', '2025-11-01T00:00:00.000Z'),
      on('AccountUpdated', '2026-01-01T00:00:00.000Z'),
      on('DeliveryFailed', '2026-01-01T12:00:00.000Z', { code: 'app/unavailable', final: false }),
      on('DeliveryFailed', '2026-01-02T00:00:00.000Z', { code: 'delivery/refused', final: true }),
      on('AccountSuspended', '2026-01-03T00:00:00.000Z'),
    );
    await consume();
    const usage = usageQueries(test.database, 'audit');
    const now = '2026-01-05T00:00:00.000Z';
    expect(await usage.counts('acme', { app: 'git', days: 30 }, now)).toEqual({
      appId: 'git',
      from: '2025-12-06T00:00:00.000Z',
      to: now,
      counts: {
        'Create User By Auto Provisioning': 0,
        'Update Auto Provisioned User': 1,
        'Suspend Auto Provisioned User': 1,
        'Unsuspend Auto Provisioned User': 0,
        'Hard Delete Auto Provisioned User': 0,
        'Push Group': 0,
        'Update Pushed Group': 0,
        'Stop Pushing Group': 0,
        Failures: 1,
      },
    });
    const csv = await usage.csv('acme', { app: 'git', days: 30 }, now);
    expect(csv.split('\r\n')).toEqual([
      'at,event,userId,accountId,reason',
      '2026-01-01T00:00:00.000Z,Update Auto Provisioned User,ada,a1,',
      '2026-01-02T00:00:00.000Z,Failures,ada,a1,The app refused the change.',
      '2026-01-03T00:00:00.000Z,Suspend Auto Provisioned User,ada,a1,',
      '',
    ]);
  });
});
