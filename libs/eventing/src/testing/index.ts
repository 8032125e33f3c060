export * from './given.ts';
export * from './memory-sealer.ts';
export * from './event-store.contract.ts';
export * from './recorded-spans.ts';
