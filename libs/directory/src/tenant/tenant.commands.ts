import { CreateTenant, ReplaceAppRoles, ReplaceTenant, type ReplyOf, type TenantReply } from '@tenure/contracts';
import { Rejected, type Handled } from '@tenure/eventing';
import type { CommandMessage } from '@tenure/messaging';
import type { KeyRing } from '@tenure/sealing';
import { runCommand, type CommandDeps, type CommandPlace } from '../command/run-command.ts';
import { tenantAggregate } from './tenant.aggregate.ts';
import type { TenantState } from './tenant.decider.ts';

export type TenantCommandDeps = CommandDeps & { keys: Pick<KeyRing, 'ensureTenant'> };

/** One function per pattern, for a controller's `@MessagePattern` to call. */
export type TenantCommands = {
  create: (message: CommandMessage, context: CommandPlace) => Promise<ReplyOf<typeof CreateTenant>>;
  replace: (message: CommandMessage, context: CommandPlace) => Promise<ReplyOf<typeof ReplaceTenant>>;
  replaceAppRoles: (message: CommandMessage, context: CommandPlace) => Promise<ReplyOf<typeof ReplaceAppRoles>>;
};

type TenantHandled = Handled<TenantState, unknown>;

const presentState = ({ state }: TenantHandled) => {
  if (state.status === 'none') throw new Rejected('not-found', 'tenant/not-found', 'There is no such tenant.');
  return state;
};

const replyOf = (id: string, handled: TenantHandled): TenantReply => ({
  id,
  ...presentState(handled).profile,
  version: handled.revision,
  createdAt: handled.createdAt!,
  updatedAt: handled.occurredAt!,
});

export const tenantCommands = (deps: TenantCommandDeps): TenantCommands => ({
  create: async (message, context) => {
    const { profile } = CreateTenant.read(message.payload);
    // The command came under ROOT_TENANT; what it says is the new tenant's own. Nothing can be written of a tenant that has no keys.
    await deps.keys.ensureTenant(message.key);
    return replyOf(
      message.key,
      await runCommand(deps, tenantAggregate, { ...message, tenantId: message.key }, context, {
        command: { type: 'Create', profile },
      }),
    );
  },
  replace: async (message, context) => {
    const { profile, ifMatch } = ReplaceTenant.read(message.payload);
    return replyOf(
      message.key,
      await runCommand(deps, tenantAggregate, message, context, { command: { type: 'Replace', profile }, ifMatch }),
    );
  },
  replaceAppRoles: async (message, context) => {
    const { appRoles, ifMatch } = ReplaceAppRoles.read(message.payload);
    const handled = await runCommand(deps, tenantAggregate, message, context, {
      command: { type: 'ReplaceAppRoles', appRoles },
      ifMatch,
    });
    return { appRoles: [...presentState(handled).appRoles], version: handled.revision };
  },
});
