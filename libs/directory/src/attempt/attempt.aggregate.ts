import { attemptEvents, type AttemptEvent } from '@tenure/contracts';
import type { Aggregate } from '@tenure/eventing';
import { attemptDecider, type AttemptCommand } from './attempt.decider.ts';

/** `attempts-{tenant}_{connection}_{date}`: a stream a day, so that none grows for ever. */
export const attemptAggregate: Aggregate<null, AttemptCommand, AttemptEvent> = {
  category: 'attempts',
  decider: attemptDecider,
  events: attemptEvents,
  stateVersion: 1,
  exists: () => true,
};
