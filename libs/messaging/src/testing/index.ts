export { transportContract } from './transport.contract.ts';
export type { TransportWorld } from './world.ts';
