import { createHash } from 'node:crypto';
import { accountEvents, type AccountEvent } from '@tenure/contracts';
import type { Aggregate } from '@tenure/eventing';
import type { AccountCommand } from './account-command.ts';
import { accountDecider } from './account.decider.ts';
import type { AccountState } from './account.state.ts';

export const accountAggregate: Aggregate<AccountState, AccountCommand, AccountEvent> = {
  category: 'account',
  decider: accountDecider,
  events: accountEvents,
  stateVersion: 6,
  exists: ({ kind }) => kind === 'present',
  // The account's own id before its first event, which is always planned for somebody.
  personOf: (id, state) => (state.kind === 'present' ? state.userId : id),
};

/** One account for each user and app: its id follows from theirs, so nothing needs to keep it unique. */
export const accountIdOf = (appId: string, userId: string): string => {
  const hex = createHash('sha256').update(`account\n${appId}\n${userId}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-9${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};
