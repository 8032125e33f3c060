import {
  GroupChanged,
  GroupCreated,
  GroupDeleted,
  GroupMembersAdded,
  GroupMembersRemoved,
  MEMBERS_PER_EVENT,
  type GroupEvent,
  type Member,
  type UniqueAttribute,
} from '@tenure/contracts';
import { Rejected, type Decider } from '@tenure/eventing';
import {
  applyPatch,
  applyReplacement,
  pathsOf,
  tenureGroupSchema,
  valueAt,
  withoutHidden,
  type ConnectionSettings,
  type PatchOperation,
  type Resource,
} from '@tenure/scim';
import { builtInTypes, saidOf, type Shape } from '../schema/tenant-types.ts';
import { uniqueClaims } from '../schema/unique.claims.ts';
import { inScim } from '../user/user.rules.ts';
import { refuseOverlong, uniqueKey } from '../user/unique-key.ts';
import { settleWithinLimits } from '../user/settle-within-limits.ts';

/** The profile only: a member set would make every PATCH cost what the group is large (design, decision 4). */
export type GroupState =
  | { status: 'none' }
  | {
      status: 'present';
      connectionId: string;
      resource: Resource;
      schemasVersion?: number;
      unique?: readonly UniqueAttribute[];
    }
  | { status: 'deleted' };

/** What a request does to the members, compared with who is a member at the loaded revision. */
export type MemberDelta = { add: readonly Member[]; remove: readonly string[] };

/** A group as the tenant has it; absent = without extensions of its own (R71). */
type Shaped = { shape?: Shape };

export type GroupCommand =
  | ({ type: 'Create'; connectionId: string; resource: Resource } & Shaped)
  | ({
      type: 'Replace';
      connectionId: string;
      resource: Resource;
      cleared: string[];
      settings: ConnectionSettings;
    } & Shaped)
  | ({
      type: 'Patch';
      connectionId: string;
      operations: readonly PatchOperation[];
      settings: ConnectionSettings;
    } & Shaped)
  | { type: 'Delete'; connectionId: string }
  /** Sent by a reactor for members that were deleted or, where the group is closed to them, became guests; perhaps twice. */
  | { type: 'DropMembers'; memberIds: readonly string[]; because: 'memberDeleted' | 'guest' };

const decide = (command: GroupCommand, state: GroupState): GroupEvent[] => {
  switch (command.type) {
    case 'Create': {
      if (state.status !== 'none') throw new Rejected('conflict', 'group/exists', 'A group with this id exists.');
      const { connectionId, shape = builtInTypes.group } = command;
      refuseOverlong({ displayName: command.resource.displayName });
      const { resource, changed } = settleWithinLimits(shape.type, {}, withoutHidden(shape.type, command.resource));
      return [GroupCreated({ connectionId, changed, resource, ...saidOf(shape) })];
    }
    case 'Replace': {
      const { resource } = ownGroup(state, command.connectionId);
      // A group has one writer: what it has is what this connection set (C11).
      return change(
        command,
        resource,
        inScim(
          () =>
            applyReplacement(typeOf(command), resource, command, command.settings, pathsOf(typeOf(command), resource))
              .resource,
        ),
      );
    }
    case 'Patch': {
      const { resource } = ownGroup(state, command.connectionId);
      return change(
        command,
        resource,
        inScim(() => applyPatch(typeOf(command), resource, command.operations, command.settings).resource),
      );
    }
    case 'Delete':
      ownGroup(state, command.connectionId);
      return [GroupDeleted({ connectionId: command.connectionId })];
    case 'DropMembers':
      return state.status === 'present' && (command.because === 'memberDeleted' || isClosedToGuests(state.resource))
        ? removals(command.memberIds, command.because)
        : [];
  }
};

const noSuchGroup = 'There is no such group.';

/** Groups belong to the connection that made them; to others they are 404 (decision 14). */
const ownGroup = (state: GroupState, connectionId: string) => {
  if (state.status !== 'present') throw new Rejected('not-found', 'group/unknown', noSuchGroup);
  // The same to the client; an auditor sees that somebody ran into a wall (R70).
  if (state.connectionId !== connectionId) throw new Rejected('not-found', 'group/unseen', noSuchGroup);
  return state;
};

const typeOf = ({ shape = builtInTypes.group }: Shaped) => shape.type;

const change = (
  { connectionId, shape = builtInTypes.group }: { connectionId: string } & Shaped,
  before: Resource,
  after: Resource,
): GroupEvent[] => {
  refuseOverlong({ displayName: after.displayName });
  const { resource, changed } = settleWithinLimits(shape.type, before, withoutHidden(shape.type, after));
  return changed.length > 0 ? [GroupChanged({ connectionId, changed, resource, ...saidOf(shape) })] : [];
};

export const CLOSED_TO_GUESTS = `${tenureGroupSchema.id}:closedToGuests`;

/** R14: guests can't be members of such a group. */
export const isClosedToGuests = (resource: Resource): boolean => valueAt(resource, CLOSED_TO_GUESTS) === true;

/** What a request does to the members: events to append after those of the profile, once it is known who is a member. */
export const memberEvents = ({ add, remove }: MemberDelta): GroupEvent[] => [
  ...removals(remove, 'request'),
  ...chunks(add).map((members) => GroupMembersAdded({ members })),
];

const removals = (ids: readonly string[], because: 'request' | 'memberDeleted' | 'guest') =>
  chunks(ids).map((memberIds) => GroupMembersRemoved({ memberIds, because }));

const chunks = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / MEMBERS_PER_EVENT) }, (_, index) =>
    all.slice(index * MEMBERS_PER_EVENT, (index + 1) * MEMBERS_PER_EVENT),
  );

const evolve = (state: GroupState, event: GroupEvent): GroupState => {
  switch (event.type) {
    case 'GroupCreated':
    case 'GroupChanged': {
      const { connectionId, resource, schemasVersion, unique } = event.data;
      return {
        status: 'present',
        connectionId,
        resource,
        ...(schemasVersion !== undefined && { schemasVersion, unique }),
      };
    }
    case 'GroupMembersAdded':
    case 'GroupMembersRemoved':
      return state;
    case 'GroupDeleted':
      return { status: 'deleted' };
  }
};

export const groupDecider: Decider<GroupState, GroupCommand, GroupEvent> = {
  initial: { status: 'none' },
  decide,
  evolve,
};

/** By their names identity providers match groups (E17); the rest is as the tenant's schemas say. */
export const groupClaims = (state: GroupState) =>
  state.status === 'present'
    ? [
        {
          kind: `groupName/${state.connectionId}`,
          value: uniqueKey(state.resource.displayName),
          code: 'group/name-taken',
          message: 'A group with this displayName exists.',
        },
        ...uniqueClaims(state.resource, state.unique),
      ]
    : [];
