export * from './account.bodies.ts';
export { accountQueries, type AccountQueries } from './account.queries.ts';
export { accountsPart } from './accounts.part.ts';
export { PROVISIONING_VIEW, provisioningView } from './provisioning.view.ts';
