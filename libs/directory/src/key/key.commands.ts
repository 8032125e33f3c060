import { AddKey, RemoveKey, type KeyReply, type ReplyOf } from '@tenure/contracts';
import { Rejected } from '@tenure/eventing';
import type { CommandMessage } from '@tenure/messaging';
import { referenceTo, type SecretStore } from '@tenure/sealing';
import { runCommand, type CommandDeps, type CommandPlace } from '../command/run-command.ts';
import { keyAggregate } from './key.aggregate.ts';
import type { KeyCommand } from './key.decider.ts';

export type KeyCommandDeps = CommandDeps & { secrets: Pick<SecretStore, 'putAdminKey' | 'remove'> };

/** One function per pattern, for a controller's `@MessagePattern` to call. */
export type KeyCommands = {
  add: (message: CommandMessage, context: CommandPlace) => Promise<KeyReply>;
  remove: (message: CommandMessage, context: CommandPlace) => Promise<ReplyOf<typeof RemoveKey>>;
};

export const keyCommands = (deps: KeyCommandDeps): KeyCommands => {
  const { secrets, clock } = deps;
  return {
    add: async (message, context) => {
      const { key, ...wanted } = AddKey.read(message.payload);
      const { id: secretId, hint } = referenceTo(key);
      const { state, revision, createdAt } = await runCommand(deps, keyAggregate, message, context, {
        command: async (): Promise<KeyCommand> => ({
          type: 'Create',
          ...wanted,
          secretId,
          hint,
          now: await clock.now(),
        }),
        prepare: async ({ events }) => {
          await secrets.putAdminKey(message.tenantId, key, secretId);
          return events;
        },
      });
      if (state.status !== 'present') throw new Rejected('not-found', 'key/unknown', 'There is no such key.');
      return {
        id: message.key,
        name: state.name,
        role: state.role,
        hint: state.hint,
        expiresAt: state.expiresAt,
        ...(state.adminId !== null && { adminId: state.adminId }),
        version: revision,
        createdAt: createdAt!,
      };
    },
    remove: async (message, context) => {
      const { ifMatch } = RemoveKey.read(message.payload);
      const { revision, events } = await runCommand(deps, keyAggregate, message, context, {
        ifMatch,
        command: { type: 'Delete' },
      });
      for (const event of events) if (event.type === 'KeyDeleted') await secrets.remove(event.data.secretId);
      return { id: message.key, version: revision };
    },
  };
};
