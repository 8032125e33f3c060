import { DefineResourceType, DefineSchema, DeleteResourceType, DeleteSchema, type ReplyOf } from '@tenure/contracts';
import type { Handled } from '@tenure/eventing';
import type { CommandMessage } from '@tenure/messaging';
import { runCommand, type CommandDeps, type CommandPlace } from '../command/run-command.ts';
import { schemaAggregate } from './schema.aggregate.ts';
import { schemaNamed, typeNamed, type SchemaCommand, type SchemasState } from './schema.decider.ts';
import type { SchemaQueries } from './schema.queries.ts';
import { sameName, usagesOf, type Usage } from './schema.rules.ts';
import { shownTypes } from './shown-types.ts';

export type SchemaCommandDeps = CommandDeps & { schemas: Pick<SchemaQueries, 'stored'> };

/** One function per pattern, for a controller's `@MessagePattern` to call. */
export type SchemaCommands = {
  define: (message: CommandMessage, context: CommandPlace) => Promise<ReplyOf<typeof DefineSchema>>;
  delete: (message: CommandMessage, context: CommandPlace) => Promise<ReplyOf<typeof DeleteSchema>>;
  defineType: (message: CommandMessage, context: CommandPlace) => Promise<ReplyOf<typeof DefineResourceType>>;
  deleteType: (message: CommandMessage, context: CommandPlace) => Promise<ReplyOf<typeof DeleteResourceType>>;
};

export const schemaCommands = (deps: SchemaCommandDeps): SchemaCommands => {
  /** Which of the usages that a command is about have values, asked when the state is loaded. */
  const run = (
    message: CommandMessage,
    context: CommandPlace,
    {
      about,
      command,
      ifMatch,
    }: {
      about: (usage: Usage, state: SchemasState) => boolean;
      command: (stored: Usage[]) => SchemaCommand;
      ifMatch?: '*' | number[];
    },
  ): Promise<Handled<SchemasState, unknown>> =>
    runCommand(deps, schemaAggregate, message, context, {
      ifMatch,
      command: async ({ state }) =>
        command(
          await deps.schemas.stored(
            message.tenantId,
            usagesOf(state).filter((usage) => about(usage, state)),
          ),
        ),
    });
  const ofType = (name: string) => (usage: Usage, state: SchemasState) => usage.typeId === typeNamed(state, name)?.id;

  return {
    define: async (message, context) => {
      const { schema, ifMatch } = DefineSchema.read(message.payload);
      const { state, revision } = await run(message, context, {
        about: ({ schemaId }) => sameName(schemaId, schema.id),
        command: (stored) => ({ type: 'DefineSchema', schema, stored }),
        ifMatch,
      });
      return { ...schemaNamed(state, schema.id)!, version: revision };
    },
    delete: async (message, context) => {
      const { schemaId, ifMatch } = DeleteSchema.read(message.payload);
      const { revision } = await run(message, context, {
        about: () => false,
        command: () => ({ type: 'DeleteSchema', schemaId }),
        ifMatch,
      });
      return { version: revision };
    },
    defineType: async (message, context) => {
      const { resourceType, ifMatch } = DefineResourceType.read(message.payload);
      const { name } = resourceType;
      const { state, revision } = await run(message, context, {
        about: ofType(name),
        command: (stored) => ({ type: 'DefineResourceType', resourceType, stored }),
        ifMatch,
      });
      return { ...shownTypes(state).find((type) => sameName(type.name, name))!, version: revision };
    },
    deleteType: async (message, context) => {
      const { name, ifMatch } = DeleteResourceType.read(message.payload);
      const { revision } = await run(message, context, {
        about: ofType(name),
        command: (stored) => ({ type: 'DeleteResourceType', name, stored }),
        ifMatch,
      });
      return { version: revision };
    },
  };
};
