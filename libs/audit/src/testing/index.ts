export * from './facts.ts';
export * from './killed-at.ts';
export * from './test-ledger.ts';
