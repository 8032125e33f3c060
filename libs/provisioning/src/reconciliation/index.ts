export * from './reconciliation.bodies.ts';
export { reconciliationEntities } from './reconciliation.entities.ts';
export { reconciliations, type Reconciliations } from './reconciliations.ts';
