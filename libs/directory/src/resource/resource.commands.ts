import {
  CreateResource,
  DeleteResource,
  PatchResource,
  ReplaceResource,
  type ReplyOf,
  type ResourceReply,
} from '@tenure/contracts';
import { Rejected, type Handled, type Preconditions } from '@tenure/eventing';
import type { CommandMessage } from '@tenure/messaging';
import { profiles, type ConnectionSettings, type PatchOperation } from '@tenure/scim';
import type { KeyRing } from '@tenure/sealing';
import { runCommand, type CommandDeps, type CommandPlace } from '../command/run-command.ts';
import { typesFor, type TypeQueries } from '../schema/kept-types.ts';
import type { Shape } from '../schema/tenant-types.ts';
import { writingConnection, type ConnectionPolicies } from '../user/connection-policy.ts';
import { resourceAggregate } from './resource.aggregate.ts';
import type { ResourceCommand, ResourceState, Writing } from './resource.decider.ts';

export type ResourceCommandDeps = CommandDeps & {
  policies: ConnectionPolicies;
  types: TypeQueries;
  keys: Pick<KeyRing, 'createPerson'>;
};

type Message = CommandMessage;

/** One function per pattern, for a controller's `@MessagePattern` to call. */
export type ResourceCommands = {
  create: (message: Message, context: CommandPlace) => Promise<ReplyOf<typeof CreateResource>>;
  replace: (message: Message, context: CommandPlace) => Promise<ReplyOf<typeof ReplaceResource>>;
  patch: (message: Message, context: CommandPlace) => Promise<ReplyOf<typeof PatchResource>>;
  delete: (message: Message, context: CommandPlace) => Promise<ReplyOf<typeof DeleteResource>>;
};

type Asked = { typeId: string; schemasVersion?: number };
type Writer = {
  connectionId: string | null;
  settings: ConnectionSettings;
  shapeAt: (version: number) => Promise<Shape>;
};

const replyOf = (
  id: string,
  { state, revision, createdAt, occurredAt }: Handled<ResourceState, unknown>,
  created: boolean,
): ResourceReply => {
  if (state.status !== 'present') throw new Rejected('not-found', 'resource/unknown', 'There is no such resource.');
  const { typeId, connectionId, resource } = state;
  return { id, revision, created, typeId, connectionId, resource, createdAt: createdAt!, lastModified: occurredAt! };
};

export const resourceCommands = (deps: ResourceCommandDeps): ResourceCommands => {
  const { policies, types, keys } = deps;

  /** Who writes, and what the type looks like to them; an admin writes to the letter of the RFC. */
  const writerOf = async ({ tenantId, connectionId }: Message, { typeId, schemasVersion }: Asked): Promise<Writer> => {
    const policy = connectionId === undefined ? undefined : await writingConnection(policies, tenantId, connectionId);
    return {
      connectionId: policy?.connectionId ?? null,
      settings: policy?.settings ?? profiles.strict,
      shapeAt: async (version) => {
        const { own } = await typesFor(types, tenantId, policy, schemasVersion, version);
        const shape = own.find(({ id }) => id === typeId);
        if (!shape) throw new Rejected('not-found', 'resource/unknown', 'There is no such resource.');
        return shape;
      },
    };
  };

  const versionIn = (state: ResourceState) => (state.status === 'present' ? (state.schemasVersion ?? 0) : 0);

  const writingOf = async ({ connectionId, settings, shapeAt }: Writer, version: number): Promise<Writing> => ({
    shape: await shapeAt(version),
    connectionId,
    uniqueExternalId: settings.uniqueExternalId,
  });

  const write = async (
    message: Message,
    context: CommandPlace,
    asked: Asked & Preconditions,
    commandFor: (writing: Writing, writer: Writer) => ResourceCommand,
  ) => {
    const writer = await writerOf(message, asked);
    const command = async ({ state }: { state: ResourceState }) =>
      commandFor(await writingOf(writer, versionIn(state)), writer);
    return runCommand(deps, resourceAggregate, message, context, {
      command,
      ifMatch: asked.ifMatch,
      ifNoneMatch: asked.ifNoneMatch,
    });
  };

  return {
    create: async (message, context) => {
      const { resource, ...asked } = CreateResource.read(message.payload);
      const writer = await writerOf(message, asked);
      const handled = await runCommand(deps, resourceAggregate, message, context, {
        isNew: true,
        command: async (): Promise<ResourceCommand> => ({
          type: 'Create',
          resource,
          ...(await writingOf(writer, 0)),
        }),
        // The first event is sealed with the key.
        prepare: async ({ events }) => {
          await keys.createPerson({ tenantId: message.tenantId, personId: message.key });
          return events;
        },
      });
      return replyOf(message.key, handled, true);
    },
    replace: async (message, context) => {
      const { resource, cleared, ...asked } = ReplaceResource.read(message.payload);
      return replyOf(
        message.key,
        await write(message, context, asked, (writing, { settings }) => ({
          type: 'Replace',
          resource,
          cleared,
          dialect: settings,
          ...writing,
        })),
        false,
      );
    },
    patch: async (message, context) => {
      const { operations, ...asked } = PatchResource.read(message.payload);
      return replyOf(
        message.key,
        await write(message, context, asked, (writing, { settings }) => ({
          type: 'Patch',
          operations: operations as PatchOperation[],
          dialect: settings,
          ...writing,
        })),
        false,
      );
    },
    delete: async (message, context) => {
      const { revision } = await write(message, context, DeleteResource.read(message.payload), (writing) => ({
        type: 'Delete',
        ...writing,
      }));
      return { id: message.key, revision };
    },
  };
};
