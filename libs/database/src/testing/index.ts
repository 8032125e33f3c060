export { testDatabase, type TestDatabase } from './test-database.ts';
export * from './hold-table.ts';
