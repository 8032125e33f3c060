import { Rejected } from '@tenure/eventing';
import type { CommandMessage } from '@tenure/messaging';
import type { Resource } from '@tenure/scim';
import type { ConnectionPolicy } from './connection-policy.ts';
import { externalIdTaken, newExternalId } from './user.claims.ts';
import { userDecider, type UserCommand } from './user.decider.ts';
import type { UserQueries } from './user.queries.ts';
import type { UserState } from './user.state.ts';

const policyOf = (command: UserCommand): ConnectionPolicy | undefined => {
  if ('policy' in command) return command.policy;
  return 'writer' in command && command.writer.kind === 'connection' ? command.writer.policy : undefined;
};

/** Who has an externalId already, asked of the view: several users of a connection may have the same. */
export const externalIdHolders = (queries: Pick<UserQueries, 'findByName' | 'findByExternalId'>) => {
  /** The only user of the connection with this externalId; undefined if there are several. */
  const onlyHolder = async (
    { tenantId }: CommandMessage,
    { connectionId }: ConnectionPolicy,
    { externalId }: Resource,
  ) => {
    if (typeof externalId !== 'string') return undefined;
    const holders = await queries.findByExternalId(tenantId, connectionId, externalId);
    return holders.length === 1 ? holders[0] : undefined;
  };

  /** The user whose userName or externalId a refused POST wants: perhaps one whom this connection let go of (R19, C10). */
  const holderOf = async (message: CommandMessage, policy: ConnectionPolicy, resource: Resource) =>
    (await queries.findByName(message.tenantId, resource.userName)) ?? onlyHolder(message, policy, resource);

  /** Whether a POST means a deactivated user by externalId (C10). Where that isn't unique, no claim refuses the POST first. */
  const isRevival = async (message: CommandMessage, policy: ConnectionPolicy, resource: Resource): Promise<boolean> => {
    const { reactivateOnCreate, uniqueExternalId } = policy.settings;
    if (!reactivateOnCreate || uniqueExternalId) return false;
    const holder = await onlyHolder(message, policy, resource);
    return holder !== undefined && !holder.active && !(await queries.findByName(message.tenantId, resource.userName));
  };

  /** Claims refuse values that others have claimed; this refuses those of users from before `uniqueExternalId` was turned on. */
  const refuseHeldExternalId = async (
    { tenantId, key }: CommandMessage,
    command: UserCommand,
    state: UserState,
  ): Promise<void> => {
    const policy = policyOf(command);
    if (!policy?.settings.uniqueExternalId) return;
    const wanted = newExternalId(state, userDecider.decide(command, state).reduce(userDecider.evolve, state));
    if (wanted === undefined) return;
    const holders = await queries.findByExternalId(tenantId, policy.connectionId, wanted);
    if (holders.some(({ id }) => id !== key))
      throw new Rejected('taken', externalIdTaken.code, externalIdTaken.message);
  };

  return { holderOf, isRevival, refuseHeldExternalId };
};
