import { RecordSignIn, RecordSignOut, sessionEvents, type SessionEvent } from '@tenure/contracts';
import type { Aggregate } from '@tenure/eventing';
import type { CommandMessage } from '@tenure/messaging';
import { runCommand, type CommandDeps, type CommandPlace } from '../command/run-command.ts';
import { sessionDecider, type SessionCommand, type SessionState } from './session.decider.ts';

export const sessionAggregate: Aggregate<SessionState, SessionCommand, SessionEvent> = {
  category: 'session',
  decider: sessionDecider,
  events: sessionEvents,
  stateVersion: 1,
  exists: (state) => state !== 'none',
};

/** One function per pattern, for a controller's `@MessagePattern` to call. */
export type SessionCommands = {
  [name in 'signIn' | 'signOut']: (message: CommandMessage, context: CommandPlace) => Promise<Record<string, never>>;
};

/** Writes down who signed in and out, for the audit: no view of the directory shows it. */
export const sessionCommands = (deps: CommandDeps): SessionCommands => {
  const unseen: CommandDeps = { ...deps, view: { applyInline: async () => {}, catchUp: async () => {} } };
  const run = async (message: CommandMessage, context: CommandPlace, command: SessionCommand) => {
    await runCommand(unseen, sessionAggregate, message, context, { command });
    return {};
  };
  return {
    signIn: (message, context) => run(message, context, { type: 'SignIn', ...RecordSignIn.read(message.payload) }),
    signOut: (message, context) => run(message, context, { type: 'SignOut', ...RecordSignOut.read(message.payload) }),
  };
};
