import { createHash } from 'node:crypto';
import { pushEvents, type PushEvent } from '@tenure/contracts';
import type { Aggregate } from '@tenure/eventing';
import { pushDecider, type PushCommand } from './push.decider.ts';
import type { PushState } from './push.state.ts';

export const pushAggregate: Aggregate<PushState, PushCommand, PushEvent> = {
  category: 'push',
  decider: pushDecider,
  events: pushEvents,
  stateVersion: 1,
  exists: ({ kind }) => kind === 'present',
};

/** One push for each group and app: its id follows from theirs, and is the mark that the app keeps of it. */
export const pushIdOf = (appId: string, groupId: string): string => {
  const hex = createHash('sha256').update(`push\n${appId}\n${groupId}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-9${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};
