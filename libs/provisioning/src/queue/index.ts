export * from './queue.bodies.ts';
export type { QueueNeed } from './queue.kinds.ts';
export { openQueue, type Queue } from './open-queue.ts';
