import { randomBytes } from 'node:crypto';
import { startStandIn, type EventStoreDbStandIn } from '@tenure/event-store-db/testing';

export type StoreKind = 'postgres' | 'eventstoredb';

/** The event store of a test's system: what its environment says of it, and the stand-in where there is one. */
export type TestStore = {
  environment: Record<string, string>;
  standIn?: EventStoreDbStandIn;
  close: () => Promise<void>;
};

/** What `npm test -- --store eventstoredb` asks for. */
export const storeOfTests = (): StoreKind =>
  process.env['TENURE_TEST_STORE'] === 'eventstoredb' ? 'eventstoredb' : 'postgres';

/** EventStoreDB is the real one of `EVENTSTOREDB_URL`, where each system has a prefix of its own, else the stand-in. */
export const openTestStore = async (kind: StoreKind, real = process.env['EVENTSTOREDB_URL']): Promise<TestStore> => {
  if (kind === 'postgres') return { environment: {}, close: async () => undefined };
  const standIn = real === undefined ? await startStandIn() : undefined;
  return {
    environment: {
      EVENT_STORE: 'eventstoredb',
      EVENTSTOREDB_URL: real ?? standIn!.connectionString,
      EVENTSTOREDB_PREFIX: `test_${randomBytes(6).toString('hex')}.`,
    },
    ...(standIn && { standIn }),
    close: async () => standIn?.close(),
  };
};
