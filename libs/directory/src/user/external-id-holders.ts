import type { UserEvent } from '@tenure/contracts';
import { Rejected } from '@tenure/eventing';
import type { CommandMessage } from '@tenure/messaging';
import type { Resource } from '@tenure/scim';
import type { ConnectionPolicy } from './connection-policy.ts';
import { externalIdTaken, newExternalId } from './user.claims.ts';
import type { UserQueries } from './user.queries.ts';
import { evolveUser, type UserState } from './user.state.ts';

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
    policy: ConnectionPolicy,
    before: UserState,
    events: readonly UserEvent[],
  ): Promise<void> => {
    if (!policy.settings.uniqueExternalId) return;
    const wanted = newExternalId(before, events.reduce(evolveUser, before));
    if (wanted === undefined) return;
    const holders = await queries.findByExternalId(tenantId, policy.connectionId, wanted);
    if (holders.some(({ id }) => id !== key))
      throw new Rejected('taken', externalIdTaken.code, externalIdTaken.message);
  };

  return { holderOf, isRevival, refuseHeldExternalId };
};
