export { eventStoreDb, type EventStoreDbOptions } from './event-store-db.ts';
