export { accountAggregate, accountIdOf } from './account.aggregate.ts';
export { accountActions, type AccountActionNeeds, type AccountActions } from './account-actions.ts';
export type { AccountCommand } from './account.commands.ts';
export type { AccountState, AccountStatus, PresentAccount } from './account.state.ts';
export { accountWriter, type Because, type WriteAccount } from './write-account.ts';
