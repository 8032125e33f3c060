export * from './kinds.ts';
export * from './port.ts';
