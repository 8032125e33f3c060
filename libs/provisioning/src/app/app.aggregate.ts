import { appEvents, type AppEvent } from '@tenure/contracts';
import type { Aggregate } from '@tenure/eventing';
import { appDecider, type AppCommand } from './app.decider.ts';
import type { App } from './app.state.ts';

export const appAggregate: Aggregate<App, AppCommand, AppEvent> = {
  category: 'app',
  decider: appDecider,
  events: appEvents,
  stateVersion: 5,
  exists: ({ kind }) => kind === 'present',
};
