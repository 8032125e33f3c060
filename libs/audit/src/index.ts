export * from './ledger/check.ts';
export * from './ledger/entry.ts';
export * from './ledger/ledger.consumer.ts';
export * from './ledger/ledger.migrations.ts';
export * from './ledger/ledger.queries.ts';
export * from './usage/usage.queries.ts';
