import { CreateGroup, DeleteGroup, PatchGroup, ReplaceGroup, type GroupReply, type ReplyOf } from '@tenure/contracts';
import type { Sql } from '@tenure/database';
import { Rejected, streamName, type Handled, type Preconditions } from '@tenure/eventing';
import type { CommandMessage } from '@tenure/messaging';
import type { MemberChange, PatchOperation } from '@tenure/scim';
import { runCommand, type CommandDeps, type CommandPlace } from '../command/run-command.ts';
import { resolveMembers } from '../membership/resolve-members.ts';
import { typesFor, type TypeQueries } from '../schema/kept-types.ts';
import type { Shape } from '../schema/tenant-types.ts';
import { writingConnection, type ConnectionPolicies, type ConnectionPolicy } from '../user/connection-policy.ts';
import { groupAggregate } from './group.aggregate.ts';
import { isClosedToGuests, memberEvents, type GroupCommand, type GroupState } from './group.decider.ts';

export type GroupCommandDeps = CommandDeps & {
  policies: ConnectionPolicies;
  types: TypeQueries;
  /** The view that is asked who is a member, and its name. */
  sql: Sql;
  schema: string;
};

type Message = CommandMessage;

/** One function per pattern, for a controller's `@MessagePattern` to call. */
export type GroupCommands = {
  create: (message: Message, context: CommandPlace) => Promise<ReplyOf<typeof CreateGroup>>;
  replace: (message: Message, context: CommandPlace) => Promise<ReplyOf<typeof ReplaceGroup>>;
  patch: (message: Message, context: CommandPlace) => Promise<ReplyOf<typeof PatchGroup>>;
  delete: (message: Message, context: CommandPlace) => Promise<ReplyOf<typeof DeleteGroup>>;
};

const SKIPPED_AT_MOST = 100;

export const groupCommands = (deps: GroupCommandDeps): GroupCommands => {
  const { policies, types, sql, schema, view } = deps;

  /** Groups are written through connections only, and through those that have groups (R18). */
  const connectionOf = async ({ tenantId, connectionId }: Message): Promise<ConnectionPolicy> => {
    if (connectionId === undefined)
      throw new Rejected('forbidden', 'group/not-local', 'Groups belong to connections and are changed through them.');
    const policy = await writingConnection(policies, tenantId, connectionId);
    if (!policy.settings.groups)
      throw new Rejected('forbidden', 'connection/groups-off', 'This connection has groups switched off.');
    return policy;
  };

  type Write = {
    changes: readonly MemberChange[];
    commandFor: (shape: Shape) => GroupCommand;
    schemasVersion: number | undefined;
    preconditions?: Preconditions;
    created: boolean;
  };

  const write = async (
    message: Message,
    context: CommandPlace,
    policy: ConnectionPolicy,
    { changes, commandFor, schemasVersion, preconditions, created }: Write,
  ): Promise<GroupReply> => {
    const { tenantId, key } = message;
    const stream = streamName(groupAggregate.category, tenantId, key);
    let skipped: readonly string[] = [];
    const handled = await runCommand(deps, groupAggregate, message, context, {
      ...preconditions,
      isNew: created,
      command: async ({ state }) => {
        const { group: shape } = await typesFor(
          types,
          tenantId,
          policy,
          schemasVersion,
          state.status === 'present' ? state.schemasVersion : undefined,
        );
        return commandFor(shape);
      },
      prepare: async ({ after, revision, events }) => {
        const closedToGuests = after.status === 'present' && isClosedToGuests(after.resource);
        const resolved = await resolveMembers(
          { sql, schema, catchUp: view.catchUp },
          { tenantId, groupId: key, stream, revision, closedToGuests },
          policy,
          changes,
        );
        skipped = resolved.skipped;
        return [...events, ...memberEvents(resolved.delta)];
      },
    });
    return replyOf(key, handled, created, skipped);
  };

  return {
    create: async (message, context) => {
      const { resource, memberIds, schemasVersion } = CreateGroup.read(message.payload);
      const policy = await connectionOf(message);
      const { connectionId } = policy;
      return write(message, context, policy, {
        changes: memberIds.length > 0 ? [{ op: 'add', ids: memberIds }] : [],
        commandFor: (shape) => ({ type: 'Create', connectionId, resource, shape }),
        schemasVersion,
        created: true,
      });
    },
    replace: async (message, context) => {
      const { resource, cleared, memberIds, schemasVersion, ...preconditions } = ReplaceGroup.read(message.payload);
      const policy = await connectionOf(message);
      const { connectionId, settings } = policy;
      return write(message, context, policy, {
        // A group has one writer, so members whom a body leaves out are this connection's to clear, as the rest of it is (C11).
        changes: [memberIds ? { op: 'replace', ids: memberIds } : { op: 'removeAll' }],
        commandFor: (shape) => ({
          type: 'Replace',
          connectionId,
          resource,
          cleared,
          settings,
          shape,
        }),
        schemasVersion,
        preconditions,
        created: false,
      });
    },
    patch: async (message, context) => {
      const { profile, members: changes, schemasVersion, ...preconditions } = PatchGroup.read(message.payload);
      const policy = await connectionOf(message);
      const { connectionId, settings } = policy;
      return write(message, context, policy, {
        changes: changes as MemberChange[],
        commandFor: (shape) => ({
          type: 'Patch',
          connectionId,
          operations: profile as PatchOperation[],
          settings,
          shape,
        }),
        schemasVersion,
        preconditions,
        created: false,
      });
    },
    delete: async (message, context) => {
      const preconditions = DeleteGroup.read(message.payload);
      const { connectionId } = await connectionOf(message);
      const { revision } = await runCommand(deps, groupAggregate, message, context, {
        command: { type: 'Delete', connectionId },
        ...preconditions,
      });
      return { id: message.key, revision };
    },
  };
};

const replyOf = (
  id: string,
  { state, revision, createdAt, occurredAt }: Handled<GroupState, unknown>,
  created: boolean,
  skipped: readonly string[],
): GroupReply => {
  if (state.status !== 'present') throw new Rejected('not-found', 'group/unknown', 'There is no such group.');
  const { connectionId, resource } = state;
  return {
    id,
    revision,
    created,
    connectionId,
    resource,
    createdAt: createdAt!,
    lastModified: occurredAt!,
    skippedMemberIds: skipped.slice(0, SKIPPED_AT_MOST),
  };
};
