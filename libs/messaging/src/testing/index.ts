export { transportContract } from './transport.contract.ts';
export { factTables } from '../facts/fact-tables.ts';
export { prepareSeen, seenOf, type TransportWorld } from './world.ts';
export { setTally, startReplica } from './tally-service.ts';
export type { SetTally } from './tally.ts';
export { ask, askUntilAnswered, keysOf, messageOf, setMany, TENANT, until, upTo } from './asking.ts';
