export * from './database.ts';
export { openDatabase, type DatabaseOptions } from './open-database.ts';
export { inBatches, isAnswered, type Sending } from './in-batches.ts';
export { instantColumn } from './instant-column.ts';
export { unnested } from './unnested.ts';
export { migrate, type Migration, type MigrateOptions } from './migrate.ts';
export { DatabaseUnreachable, NoEmbeddedPostgres, withoutPassword } from './unreachable.ts';
export { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedOptions } from './embedded/embedded-postgres.ts';
export { claimOwnership, type Ownership } from './embedded/ownership.ts';
