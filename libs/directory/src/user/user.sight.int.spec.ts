import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UserCreated, type AccountType } from '@tenure/contracts';
import { streamName, type Decoded } from '@tenure/eventing';
import { profiles } from '@tenure/scim';
import { TENANT, testDirectory, type TestDirectory } from '../testing/test-directory.ts';
import type { ConnectionPolicy } from './connection-policy.ts';
import { isSeenBy } from './user.rules.ts';

const types: AccountType[] = ['managed', 'provisionedManaged', 'unmanaged'];
const cutOff = '2023-01-16T00:00:00.000Z';
const instants = ['2023-01-15T23:59:59.999Z', cutOff];

/** Every kind of user there is, as far as sight goes. */
const everyone = [null, 'entra', 'okta'].flatMap((connectionId) =>
  [null, 'entra'].flatMap((unassignedFrom) =>
    types.flatMap((accountType) => instants.map((at) => ({ connectionId, unassignedFrom, accountType, at }))),
  ),
);
const policies: ConnectionPolicy[] = [true, false].flatMap((managedOnly) =>
  [undefined, cutOff].map((changedAfter) => ({
    connectionId: 'entra',
    enabled: true,
    settings: { ...profiles.generic, eligibility: { managedOnly, ...(changedAfter && { changedAfter }) } },
    defaults: {},
    schemasVersion: 0,
  })),
);

describe('what a connection sees (R10, decision 14)', () => {
  let directory: TestDirectory;
  beforeAll(async () => {
    directory = await testDirectory();
    const events = everyone.map(({ at, ...standing }, index): Decoded => {
      const metadata = {
        tenantId: TENANT,
        actor: { kind: 'system' as const, id: 'test' },
        commandId: 'c',
        correlationId: 'c',
        causationId: 'c',
        occurredAt: at,
      };
      const event = UserCreated(
        { changed: [], writer: 'connection', passwordId: null, ...standing },
        { resource: { schemas: [], userName: `u-${index}` } },
      );
      return {
        id: `e-${index}`,
        type: 'UserCreated',
        schemaVersion: 1,
        stream: streamName('user', TENANT, `u-${index}`),
        revision: 1,
        metadata,
        event,
      };
    });
    await directory.definition.apply(directory.database, events);
  });
  afterAll(() => directory.close());

  it.each(policies.map((policy) => [policy.settings.eligibility, policy] as const))(
    'is the same in a list, by id and to a command: %j',
    async (_, policy) => {
      const sight = { kind: 'connection', policy } as const;
      const seen = everyone.flatMap((user, index) => (isSeenBy(policy, user, user.at) ? [`u-${index}`] : [])).sort();
      const { items, total } = await directory.queries.list(TENANT, sight, { page: { count: 100, withTotal: true } });
      expect(items.map(({ id }) => id).sort()).toEqual(seen);
      expect(total).toBe(seen.length);
      const byId = await Promise.all(everyone.map((__, index) => directory.queries.get(TENANT, sight, `u-${index}`)));
      expect(byId.flatMap((user) => user?.id ?? []).sort()).toEqual(seen);
    },
  );

  it('is answered although what is asked with it, in the same statement, cannot be', async () => {
    const admin = { kind: 'admin' } as const;
    const asked = await Promise.allSettled(
      ['u-0', 'no\u0000text', 'nobody', 'u-1'].map((id) => directory.queries.get(TENANT, admin, id)),
    );
    expect(asked).toMatchObject([
      { value: { id: 'u-0' } },
      { status: 'rejected' },
      { value: undefined },
      { value: { id: 'u-1' } },
    ]);
  });

  it('is not another tenant’s', async () => {
    expect(await directory.queries.get('other', { kind: 'admin' }, 'u-0')).toBeUndefined();
    expect(await directory.queries.list('other', { kind: 'admin' }, { page: { count: 10, withTotal: true } })).toEqual({
      items: [],
      total: 0,
    });
  });

  it('is for an admin everybody, or those of a type or state (R15)', async () => {
    const listed = async (filters: object) =>
      (await directory.queries.list(TENANT, { kind: 'admin' }, { page: { count: 0, withTotal: true } }, filters)).total;
    expect(await listed({})).toBe(everyone.length);
    expect(await listed({ accountType: 'managed' })).toBe(everyone.length / 3);
    expect(await listed({ active: false })).toBe(0);
  });
});
