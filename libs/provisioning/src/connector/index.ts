export * from './connection.ts';
export * from './kinds.ts';
export * from './port.ts';
