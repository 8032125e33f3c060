export * from './certificate.ts';
export * from './stand-in.ts';
export type { Recorded, StandInLog } from './stand-in-log.ts';
