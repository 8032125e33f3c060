export { accountAggregate, accountIdOf } from './account.aggregate.ts';
export * from './account.bodies.ts';
export { accountActions, type AccountActionNeeds, type AccountActions } from './account.commands.ts';
export type { AccountCommand } from './account-command.ts';
export { accountQueries, type AccountQueries } from './account.queries.ts';
export type { AccountState, AccountStatus, PresentAccount } from './account.state.ts';
export { accountsPart } from './account.view.ts';
export { accountWriter, type Because, type WriteAccount } from './write-account.ts';
