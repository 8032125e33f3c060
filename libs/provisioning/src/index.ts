export * from './duration/index.ts';
export * from './expression/index.ts';
export * from './mapping/index.ts';
export * from './presets/index.ts';
export * from './rules/index.ts';
export * from './scope/index.ts';
export * from './app/index.ts';
export * from './delivery/connector.ts';
