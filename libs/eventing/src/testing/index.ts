export * from './given.ts';
export * from './memory-sealer.ts';
