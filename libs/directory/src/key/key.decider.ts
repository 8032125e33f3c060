import { KeyCreated, KeyDeleted, type AdminRole, type KeyEvent } from '@tenure/contracts';
import { Rejected, type Decider, type Instant } from '@tenure/eventing';

export type PresentKey = {
  status: 'present';
  name: string;
  role: AdminRole;
  secretId: string;
  hint: string;
  expiresAt: Instant | null;
  consumerMail: boolean;
  adminId: string | null;
};
export type KeyState = { status: 'none' } | PresentKey | { status: 'deleted' };

export type KeyCommand = ({ type: 'Create'; now: Instant } & Omit<PresentKey, 'status'>) | { type: 'Delete' };

const decide = (command: KeyCommand, state: KeyState): KeyEvent[] => {
  switch (command.type) {
    case 'Create': {
      if (state.status !== 'none') throw new Rejected('conflict', 'key/exists', 'A key with this id exists.');
      const { type: _, now, ...key } = command;
      if (key.expiresAt !== null && key.expiresAt <= now)
        throw new Rejected('invalid', 'key/expiry', 'The key would have expired already.', [
          { field: 'expiresAt', message: 'Must be in the future.' },
        ]);
      return [KeyCreated(key)];
    }
    case 'Delete': {
      if (state.status !== 'present') throw new Rejected('not-found', 'key/unknown', 'There is no such key.');
      return [KeyDeleted({ secretId: state.secretId })];
    }
  }
};

const evolve = (_state: KeyState, event: KeyEvent): KeyState => {
  switch (event.type) {
    case 'KeyCreated':
      return { status: 'present', ...event.data };
    case 'KeyDeleted':
      return { status: 'deleted' };
  }
};

export const keyDecider: Decider<KeyState, KeyCommand, KeyEvent> = { initial: { status: 'none' }, decide, evolve };
