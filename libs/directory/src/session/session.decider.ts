import {
  SignedIn,
  SignedOut,
  type AdminRole,
  type SessionEvent,
  type SignInMethod,
  type SignOutReason,
} from '@tenure/contracts';
import type { Decider } from '@tenure/eventing';

export type SessionState = 'none' | 'open' | 'ended';

export type SessionCommand =
  | { type: 'SignIn'; adminId: string | null; keyId: string | null; role: AdminRole; method: SignInMethod }
  | { type: 'SignOut'; because: SignOutReason };

/** Refuses nothing: it writes down what happened. */
const decide = (command: SessionCommand, state: SessionState): SessionEvent[] => {
  switch (command.type) {
    case 'SignIn': {
      const { type: _, ...session } = command;
      return state === 'none' ? [SignedIn(session)] : [];
    }
    case 'SignOut':
      return state === 'open' ? [SignedOut({ because: command.because })] : [];
  }
};

const evolve = (_state: SessionState, event: SessionEvent): SessionState => {
  switch (event.type) {
    case 'SignedIn':
      return 'open';
    case 'SignedOut':
      return 'ended';
  }
};

export const sessionDecider: Decider<SessionState, SessionCommand, SessionEvent> = { initial: 'none', decide, evolve };
