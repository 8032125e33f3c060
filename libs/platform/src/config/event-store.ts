import type { RuntimeOptions } from '../runtime/runtime.ts';

type StoreVariables = {
  EVENT_STORE: 'postgres' | 'eventstoredb';
  EVENTSTOREDB_URL?: string | undefined;
  EVENTSTOREDB_PREFIX: string;
};

export const eventStoreFrom = (config: Readonly<StoreVariables>): RuntimeOptions['eventStore'] =>
  config.EVENT_STORE === 'postgres'
    ? { kind: 'postgres' }
    : { kind: 'eventstoredb', url: config.EVENTSTOREDB_URL!, prefix: config.EVENTSTOREDB_PREFIX };
