export { cycleEntities } from './cycle.entities.ts';
