export { postgresEventStore, type PostgresEventStoreOptions } from './postgres-event-store.ts';
export { adoptRestoredStore, RestoredStore } from './generation.ts';
export { oldestOpenXid, type OldestOpenXid } from './oldest-open-xid.ts';
