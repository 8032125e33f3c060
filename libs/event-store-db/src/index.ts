export * from './open-event-store-db.ts';
export { DEFAULT_PREFIX, isPrefix } from './log-names.ts';
export { eventStoreDb, type EventStoreDbOptions } from './event-store-db.ts';
