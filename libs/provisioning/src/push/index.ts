export { pushActions, type PushActions } from './push-actions.ts';
export { pushIdOf } from './push.aggregate.ts';
export * from './push.bodies.ts';
export { pushQueries, type PushQueries } from './push.queries.ts';
