import {
  CreateConnection,
  DeleteToken,
  DisableConnection,
  EnableConnection,
  IssueToken,
  ReplaceConnectionSettings,
  type ConnectionEvent,
  type ConnectionState as ConnectionReply,
  type TenantProfile,
} from '@tenure/contracts';
import { Rejected, type Handled, type Intent } from '@tenure/eventing';
import type { CommandMessage } from '@tenure/messaging';
import { referenceTo, type SecretStore } from '@tenure/sealing';
import { loadAdmin } from '../admin/admin.aggregate.ts';
import { runCommand, type CommandDeps, type CommandPlace } from '../command/run-command.ts';
import { loadTenant } from '../tenant/tenant.aggregate.ts';
import type { CachedPolicies } from './connection-policies.ts';
import { connectionAggregate } from './connection.aggregate.ts';
import type { ConnectionCommand, ConnectionState } from './connection.decider.ts';

export type ConnectionCommandDeps = CommandDeps & {
  secrets: Pick<SecretStore, 'putToken' | 'remove'>;
  policies: Pick<CachedPolicies, 'forget'>;
};

type Written = Intent<ConnectionState, ConnectionCommand, ConnectionEvent>;

type Service = (message: CommandMessage, context: CommandPlace) => Promise<ConnectionReply>;

/** One function per pattern, for a controller's `@MessagePattern` to call. */
export type ConnectionCommands = {
  [name in 'create' | 'replaceSettings' | 'enable' | 'disable' | 'issueToken' | 'deleteToken']: Service;
};

const replyOf = (
  id: string,
  { state, revision, createdAt, occurredAt }: Handled<ConnectionState, unknown>,
): ConnectionReply => {
  if (state.status === 'none') throw new Rejected('not-found', 'connection/unknown', 'There is no such connection.');
  const { name, identityProviderId, profile, settings, enabled, token } = state;
  return {
    id,
    name,
    identityProviderId,
    profile,
    settings,
    enabled,
    ...(token && { token: { issuerId: token.issuerId, issuedAt: token.issuedAt, hint: token.hint } }),
    version: revision,
    createdAt: createdAt!,
    updatedAt: occurredAt!,
  };
};

export const connectionCommands = (deps: ConnectionCommandDeps): ConnectionCommands => {
  const { source, clock, secrets, policies } = deps;

  const ssoOf = async (tenantId: string): Promise<TenantProfile['sso']> => {
    const tenant = await loadTenant(source, tenantId);
    if (tenant.status === 'none') throw new Rejected('not-found', 'tenant/not-found', 'There is no such tenant.');
    return tenant.profile.sso;
  };

  /** Only admins issue tokens (R6): the root key is nobody's account, which R7 could lock. */
  const issuerOf = async ({ tenantId, actor }: CommandMessage) => {
    const admin = actor.kind === 'admin' ? await loadAdmin(source, tenantId, actor.id) : undefined;
    return admin?.status === 'present' ? { id: actor.id, userId: admin.userId } : undefined;
  };

  const run = async (
    message: CommandMessage,
    context: CommandPlace,
    command: Written['command'],
    ifMatch?: Written['ifMatch'],
    prepare?: Written['prepare'],
  ) => {
    const handled = await runCommand(deps, connectionAggregate, message, context, { command, prepare, ifMatch });
    policies.forget(message.tenantId, message.key);
    await removeTokens(handled.events);
    return replyOf(message.key, handled);
  };

  /** After the append: what the event no longer refers to recognises nobody any more. Where this fails the reaper does it. */
  const removeTokens = async (events: readonly ConnectionEvent[]) => {
    for (const event of events) {
      if (event.type === 'TokenDeleted') await secrets.remove(event.data.tokenId);
      if (event.type === 'TokenIssued' && event.data.replacedTokenId !== null)
        await secrets.remove(event.data.replacedTokenId);
    }
  };

  return {
    create: async (message, context) => {
      const wanted = CreateConnection.read(message.payload);
      return run(message, context, async () => ({ type: 'Create', ...wanted, sso: await ssoOf(message.tenantId) }));
    },
    replaceSettings: async (message, context) => {
      const { settings, ifMatch } = ReplaceConnectionSettings.read(message.payload);
      return run(message, context, { type: 'ReplaceSettings', settings }, ifMatch);
    },
    enable: async (message, context) => {
      const { ifMatch } = EnableConnection.read(message.payload);
      return run(message, context, async () => ({ type: 'Enable', sso: await ssoOf(message.tenantId) }), ifMatch);
    },
    disable: async (message, context) => {
      const { ifMatch } = DisableConnection.read(message.payload);
      return run(message, context, { type: 'Disable' }, ifMatch);
    },
    issueToken: async (message, context) => {
      const { token, chosen, ifMatch } = IssueToken.read(message.payload);
      const { id: tokenId, hint } = referenceTo(token);
      const command = async (): Promise<ConnectionCommand> => {
        const [sso, issuer, issuedAt] = await Promise.all([ssoOf(message.tenantId), issuerOf(message), clock.now()]);
        return { type: 'IssueToken', tokenId, hint, chosen, issuedAt, sso, ...(issuer && { issuer }) };
      };
      return run(message, context, command, ifMatch, async ({ events }) => {
        await secrets.putToken(message.tenantId, token, tokenId);
        return events;
      });
    },
    deleteToken: async (message, context) => {
      const { confirm, ifMatch } = DeleteToken.read(message.payload);
      return run(message, context, { type: 'DeleteToken', confirm }, ifMatch);
    },
  };
};
