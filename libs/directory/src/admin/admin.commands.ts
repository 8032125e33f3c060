import {
  AddAdmin,
  ChangeAdmin,
  EnrolAdmin,
  EnsureUser,
  PatchUser,
  RemoveAdmin,
  type AdminReply,
  type ReplyOf,
} from '@tenure/contracts';
import { Rejected, type Handled } from '@tenure/eventing';
import type { CommandMessage } from '@tenure/messaging';
import { userSchema, type PatchOperation, type Resource } from '@tenure/scim';
import { referenceTo, type SecretStore } from '@tenure/sealing';
import { runCommand, type CommandDeps, type CommandPlace } from '../command/run-command.ts';
import type { ConnectionPolicies } from '../user/connection-policy.ts';
import { uniqueKey } from '../user/unique-key.ts';
import type { UserCommands } from '../user/user.commands.ts';
import type { UserQueries } from '../user/user.queries.ts';
import { adminAggregate } from './admin.aggregate.ts';
import type { AdminCommand, AdminState } from './admin.decider.ts';
import { isConsumerMail } from './consumer-mail.ts';

export type AdminCommandDeps = CommandDeps & {
  users: Pick<UserCommands, 'ensure' | 'patch'>;
  userQueries: Pick<UserQueries, 'get'>;
  policies: Pick<ConnectionPolicies, 'tokenIssuedBy'>;
  secrets: Pick<SecretStore, 'putAdminKey' | 'remove'>;
};

/** One function per pattern, for a controller's `@MessagePattern` to call. */
export type AdminCommands = {
  add: (message: CommandMessage, context: CommandPlace) => Promise<ReplyOf<typeof AddAdmin>>;
  enrol: (message: CommandMessage, context: CommandPlace) => Promise<ReplyOf<typeof EnrolAdmin>>;
  change: (message: CommandMessage, context: CommandPlace) => Promise<ReplyOf<typeof ChangeAdmin>>;
  remove: (message: CommandMessage, context: CommandPlace) => Promise<ReplyOf<typeof RemoveAdmin>>;
};

type Preferences = { preferredLanguage?: string; timezone?: string };

const asResource = (email: string, preferences: Preferences): Resource => ({
  schemas: [userSchema.id],
  userName: email,
  emails: [{ value: email, type: 'work', primary: true }],
  active: true,
  ...preferences,
});

const given = ({ preferredLanguage, timezone }: Preferences): Preferences => ({
  ...(preferredLanguage !== undefined && { preferredLanguage }),
  ...(timezone !== undefined && { timezone }),
});

export const adminCommands = (deps: AdminCommandDeps): AdminCommands => {
  const { users, userQueries, policies, secrets } = deps;

  /** What an admin's command does to the user beside it: a command of its own, on the user's stream. */
  const onUser = (message: CommandMessage, userId: string, step: string, payload: unknown): CommandMessage => ({
    ...message,
    key: userId,
    commandId: `${message.commandId}/${step}`,
    causationId: message.commandId,
    payload,
  });

  const setPreferences = async (message: CommandMessage, userId: string, preferences: Preferences) => {
    const operations = Object.entries(given(preferences)).map(([path, value]): PatchOperation => ({
      op: 'replace',
      path,
      value,
    }));
    if (operations.length > 0)
      await users.patch(onUser(message, userId, 'preferences', PatchUser.compose({ operations })), {});
  };

  const replyOf = async (
    tenantId: string,
    id: string,
    { state, revision, createdAt, occurredAt }: Handled<AdminState, unknown>,
  ): Promise<AdminReply> => {
    if (state.status !== 'present') throw new Rejected('not-found', 'admin/unknown', 'There is no such admin.');
    const { userId, role } = state;
    const { userName, preferredLanguage, timezone } =
      (await userQueries.get(tenantId, { kind: 'admin' }, userId))?.resource ?? {};
    return {
      id,
      userId,
      ...(typeof userName === 'string' && { email: userName }),
      role,
      ...(typeof preferredLanguage === 'string' && { preferredLanguage }),
      ...(typeof timezone === 'string' && { timezone }),
      ...('keyHint' in state ? { keyHint: state.keyHint } : { issuer: state.issuer }),
      version: revision,
      createdAt: createdAt!,
      updatedAt: occurredAt!,
    };
  };

  /** Asked only of who exists, and only for what the lock would stop (R7). */
  const locked = async (tenantId: string, state: AdminState) => {
    const lockedBy = state.status === 'present' ? await policies.tokenIssuedBy(tenantId, state.userId) : undefined;
    return lockedBy ? { lockedBy } : {};
  };

  return {
    add: async (message, context) => {
      const { email, role, newUserId, key, ...preferences } = AddAdmin.read(message.payload);
      const { tenantId } = message;
      const resource = asResource(email, given(preferences));
      const user = await users.ensure(
        onUser(message, newUserId, 'user', EnsureUser.compose({ resource, origin: 'local' })),
        {},
      );
      const { id: keyId, hint: keyHint } = referenceTo(key);
      const handled = await runCommand(deps, adminAggregate, message, context, {
        command: { type: 'Add', userId: user.id, role, keyId, keyHint, consumerMail: isConsumerMail(email) },
        prepare: async ({ events }) => {
          await secrets.putAdminKey(tenantId, key, keyId);
          return events;
        },
      });
      if (!user.created) await setPreferences(message, user.id, preferences);
      return replyOf(tenantId, message.key, handled);
    },

    enrol: async (message, context) => {
      const wanted = EnrolAdmin.read(message.payload);
      const { tenantId, key } = message;
      const { state, revision } = await runCommand(deps, adminAggregate, message, context, {
        command: async ({ state: before }): Promise<AdminCommand> => ({
          type: 'Enrol',
          ...wanted,
          ...(await locked(tenantId, before)),
        }),
      });
      if (state.status !== 'present') throw new Rejected('not-found', 'admin/unknown', 'There is no such admin.');
      return { id: key, userId: state.userId, role: state.role, version: revision };
    },

    change: async (message, context) => {
      const { email, role, ifMatch, ...preferences } = ChangeAdmin.read(message.payload);
      const { tenantId } = message;
      const handled = await runCommand(deps, adminAggregate, message, context, {
        ifMatch,
        command: async ({ state }): Promise<AdminCommand> => {
          if (email !== undefined && state.status === 'present')
            await refuseOtherAddress(userQueries, tenantId, state.userId, email);
          return { type: 'ChangeRole', role, ...(await locked(tenantId, state)) };
        },
      });
      if (handled.state.status === 'present') await setPreferences(message, handled.state.userId, preferences);
      return replyOf(tenantId, message.key, handled);
    },

    remove: async (message, context) => {
      const { ifMatch } = RemoveAdmin.read(message.payload);
      const { tenantId, key } = message;
      const { revision, events } = await runCommand(deps, adminAggregate, message, context, {
        ifMatch,
        command: async ({ state }): Promise<AdminCommand> => ({ type: 'Remove', ...(await locked(tenantId, state)) }),
      });
      for (const event of events) {
        if (event.type === 'AdminRemoved' && event.data.keyId !== null) await secrets.remove(event.data.keyId);
      }
      return { id: key, version: revision };
    },
  };
};

const refuseOtherAddress = async (
  userQueries: AdminCommandDeps['userQueries'],
  tenantId: string,
  userId: string,
  email: string,
) => {
  const user = await userQueries.get(tenantId, { kind: 'admin' }, userId);
  if (user && uniqueKey(user.resource.userName) === uniqueKey(email)) return;
  throw new Rejected(
    'invalid',
    'admin/email',
    "An admin's address is the userName of their user and is changed there.",
    [{ field: 'email', message: 'is another' }],
  );
};
