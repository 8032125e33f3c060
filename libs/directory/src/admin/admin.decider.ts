import { AdminAdded, AdminRemoved, AdminRoleChanged, type AdminEvent, type AdminRole } from '@tenure/contracts';
import { Rejected, type Decider } from '@tenure/eventing';
import type { IssuedToken } from '../user/connection-policy.ts';

export type PresentAdmin = {
  status: 'present';
  userId: string;
  role: AdminRole;
  keyId: string;
  keyHint: string;
  consumerMail: boolean;
};
export type AdminState = { status: 'none' } | PresentAdmin | { status: 'removed' };

export type AdminCommand =
  | { type: 'Add'; userId: string; role: AdminRole; keyId: string; keyHint: string; consumerMail: boolean }
  /** `lockedBy`: the living token that the admin issued, if there is one (R7). */
  | { type: 'ChangeRole'; role: AdminRole; lockedBy?: IssuedToken }
  | { type: 'Remove'; lockedBy?: IssuedToken };

const decide = (command: AdminCommand, state: AdminState): AdminEvent[] => {
  switch (command.type) {
    case 'Add': {
      if (state.status !== 'none') throw new Rejected('conflict', 'admin/exists', 'An admin with this id exists.');
      const { type: _, ...admin } = command;
      return [AdminAdded(admin)];
    }
    case 'ChangeRole': {
      const { role } = present(state);
      if (role === command.role) return [];
      refuseLocked(command.lockedBy, 'given another role');
      return [AdminRoleChanged({ role: command.role })];
    }
    case 'Remove': {
      const { userId, keyId } = present(state);
      refuseLocked(command.lockedBy, 'removed');
      return [AdminRemoved({ userId, keyId })];
    }
  }
};

const present = (state: AdminState): PresentAdmin => {
  if (state.status !== 'present') throw new Rejected('not-found', 'admin/unknown', 'There is no such admin.');
  return state;
};

const refuseLocked = (lockedBy: IssuedToken | undefined, what: string): void => {
  if (!lockedBy) return;
  const { connectionName, connectionId } = lockedBy;
  throw new Rejected(
    'conflict',
    'admin/token-issuer',
    `The admin issued the token of the connection ${connectionName} (${connectionId}) and can't be ${what} while it exists.`,
  );
};

const evolve = (state: AdminState, event: AdminEvent): AdminState => {
  switch (event.type) {
    case 'AdminAdded':
      return { status: 'present', ...event.data };
    case 'AdminRoleChanged':
      return { ...present(state), role: event.data.role };
    case 'AdminRemoved':
      return { status: 'removed' };
  }
};

export const adminDecider: Decider<AdminState, AdminCommand, AdminEvent> = {
  initial: { status: 'none' },
  decide,
  evolve,
};

/** A user is an admin once. */
export const adminClaims = (state: AdminState) =>
  state.status === 'present'
    ? [
        {
          kind: 'admin',
          value: state.userId,
          code: 'admin/exists',
          message: 'The user with this address is an admin already.',
        },
      ]
    : [];
