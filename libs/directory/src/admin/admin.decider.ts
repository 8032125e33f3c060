import {
  AdminAdded,
  AdminEnrolled,
  AdminRemoved,
  AdminRoleChanged,
  type AdminEvent,
  type AdminRole,
} from '@tenure/contracts';
import { Rejected, type Decider } from '@tenure/eventing';
import type { IssuedToken } from '../user/connection-policy.ts';

export type PresentAdmin = {
  status: 'present';
  userId: string;
  role: AdminRole;
  consumerMail: boolean;
} & ({ keyId: string; keyHint: string } | { issuer: string });
export type AdminState = { status: 'none' } | PresentAdmin | { status: 'removed' };

export type AdminCommand =
  | { type: 'Add'; userId: string; role: AdminRole; keyId: string; keyHint: string; consumerMail: boolean }
  /** Signed in through the OpenID provider, which told this role. */
  | { type: 'Enrol'; userId: string; role: AdminRole; issuer: string; consumerMail: boolean; lockedBy?: IssuedToken }
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
    case 'Enrol': {
      const { type: _, lockedBy: __, ...admin } = command;
      if (state.status !== 'present') return [AdminEnrolled(admin)];
      // The lock keeps the record as it is (R7); what the session may do is the provider's to say.
      if (command.lockedBy) return [];
      const isOtherPerson = state.userId !== admin.userId || state.consumerMail !== admin.consumerMail;
      if (isOtherPerson) return [AdminEnrolled(admin)];
      return state.role === admin.role ? [] : [AdminRoleChanged({ role: admin.role })];
    }
    case 'ChangeRole': {
      const admin = present(state);
      if (admin.role === command.role) return [];
      if ('issuer' in admin)
        throw new Rejected(
          'conflict',
          'admin/role-from-provider',
          'The role comes from the OpenID provider; change it there.',
        );
      refuseLocked(command.lockedBy, 'given another role');
      return [AdminRoleChanged({ role: command.role })];
    }
    case 'Remove': {
      const admin = present(state);
      refuseLocked(command.lockedBy, 'removed');
      return [AdminRemoved({ userId: admin.userId, keyId: 'keyId' in admin ? admin.keyId : null })];
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
    case 'AdminEnrolled':
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

/** A user is given a key as an admin once. Who signs in through the provider is known by issuer and subject, whatever their address. */
export const adminClaims = (state: AdminState) =>
  state.status === 'present' && 'keyId' in state
    ? [
        {
          kind: 'admin',
          value: state.userId,
          code: 'admin/exists',
          message: 'The user with this address is an admin already.',
        },
      ]
    : [];
