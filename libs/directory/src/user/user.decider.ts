import {
  PersonErased,
  TeamAdminRightsLost,
  UserAccountTypeChanged,
  UserChanged,
  UserCreated,
  UserDeactivated,
  UserDeleted,
  UserLinked,
  UserReactivated,
  UserUnlinked,
  type AccountType,
  type UserEvent,
  type UserStanding,
} from '@tenure/contracts';
import { Rejected, type Decider } from '@tenure/eventing';
import {
  applyPatch,
  applyReplacement,
  profiles,
  requireAttributes,
  withSchemas,
  withValue,
  type Change,
  type PatchOperation,
  type Resource,
  type ResourceType,
} from '@tenure/scim';
import { builtInTypes, saidOf, type Shape } from '../schema/tenant-types.ts';
import type { ConnectionPolicy, IssuedToken } from './connection-policy.ts';
import { isGuest, isTeamAdmin, TEAM_ADMIN } from './guest.ts';
import { claimsExternalId, nameTaken } from './user.claims.ts';
import { govern, governLocal, inScim, isSeenBy } from './user.rules.ts';
import { evolveUser, isActive, type PresentUser, type UserState } from './user.state.ts';

/** Who writes: SCIM through a connection, or somebody here. */
export type Writer = { kind: 'connection'; policy: ConnectionPolicy } | { kind: 'local' };

/** A user as the tenant has them; absent = without extensions of its own (R71). */
type Shaped = { shape?: Shape };

type Writing = Shaped & {
  writer: Writer;
  /** `occurredAt` of the user's last event, for eligibility (R10). */
  lastModified?: string;
  /** The user's own living token, where the command could break its lock (R7). */
  lockedBy?: IssuedToken;
  passwordId?: string;
};

export type UserCommand =
  | ({ type: 'Create'; resource: Resource; writer: Writer | { kind: 'jit' }; passwordId?: string } & Shaped)
  | ({ type: 'Replace'; resource: Resource; cleared: string[] } & Writing)
  | ({ type: 'Patch'; operations: readonly PatchOperation[]; accountType?: AccountType } & Writing)
  /** A POST that finds a user whom its connection unassigned, or deactivated with `reactivateOnCreate` (R19, C10). */
  | ({ type: 'Revive'; resource: Resource; policy: ConnectionPolicy; passwordId?: string } & Shaped)
  | ({ type: 'Delete' } & Writing)
  | { type: 'Erase'; unfinishedAccountIds: readonly string[]; lockedBy?: IssuedToken };

const unknown = () => new Rejected('not-found', 'user/unknown', 'There is no such user.');

const shapeOf = ({ shape = builtInTypes.user }: Shaped) => shape;
const typeOf = (command: Shaped) => shapeOf(command).type;

/** What is decided, with what its readers must know of the tenant's schemas. */
const decide = (command: UserCommand, state: UserState): UserEvent[] => {
  const said = command.type === 'Erase' ? {} : saidOf(shapeOf(command));
  return decideAs(command, state).map((event) =>
    'changed' in event.data ? ({ ...event, data: { ...event.data, ...said } } as UserEvent) : event,
  );
};

const decideAs = (command: UserCommand, state: UserState): UserEvent[] => {
  switch (command.type) {
    case 'Create':
      return create(command, state);
    case 'Replace': {
      const user = writable(state, command);
      return write(
        user,
        command,
        inScim(() => replaced(user, command)),
      );
    }
    case 'Patch': {
      const user = writable(state, command);
      // An admin's own PATCH is as tolerant as the generic profile.
      const dialect = command.writer.kind === 'connection' ? command.writer.policy.settings : profiles.generic;
      const { resource } = inScim(() => applyPatch(typeOf(command), user.resource, command.operations, dialect));
      const written = write(user, command, resource, { activeRemoved: command.operations.some(removesActive) });
      return [...written, ...changeType(written.reduce(evolveUser, user), command)];
    }
    case 'Revive':
      return revive(command, state);
    case 'Delete':
      return remove(command, writable(state, command));
    case 'Erase':
      return erase(command, state);
  }
};

const create = (command: Extract<UserCommand, { type: 'Create' }>, state: UserState): UserEvent[] => {
  const { resource, writer, passwordId } = command;
  const type = typeOf(command);
  if (state.status !== 'none') throw new Rejected('conflict', 'user/exists', 'A user with this id exists.');
  // Others send a whole that was read as one; an assertion's parts are looked at when they come to somebody new (R23).
  if (writer.kind === 'jit') inScim(() => requireAttributes(type, resource));
  const { resource: whole, changed } =
    writer.kind === 'connection'
      ? govern(type, writer.policy, undefined, resource)
      : governLocal(type, undefined, resource);
  const standing = {
    changed: withPassword(changed, passwordId),
    writer: writer.kind,
    accountType: writer.kind === 'connection' ? ('provisionedManaged' as const) : ('unmanaged' as const),
    connectionId: writer.kind === 'connection' ? writer.policy.connectionId : null,
    unassignedFrom: null,
    passwordId: passwordId ?? null,
    ...(writer.kind === 'connection' && writer.policy.settings.uniqueExternalId && { claimsExternalId: true as const }),
  };
  return [UserCreated(standing, { resource: whole })];
};

/** The user, where the writer sees one; else it is 404 (decision 14). */
const writable = (state: UserState, { writer, lastModified }: Writing): PresentUser => {
  if (state.status !== 'present') throw unknown();
  // The same to the client; an auditor sees that somebody ran into a wall (R70).
  if (writer.kind === 'connection' && !isSeenBy(writer.policy, state, lastModified))
    throw new Rejected('not-found', 'user/unseen', unknown().message);
  return state;
};

const replaced = (user: PresentUser, command: Extract<UserCommand, { type: 'Replace' }>): Resource => {
  const { resource, cleared, writer } = command;
  const type = typeOf(command);
  if (writer.kind === 'local')
    return applyReplacement(type, user.resource, { resource, cleared }, { putClears: 'all' }).resource;
  const { settings, connectionId } = writer.policy;
  return applyReplacement(type, user.resource, { resource, cleared }, settings, [...(user.owned[connectionId] ?? [])])
    .resource;
};

const removesActive = (operation: PatchOperation): boolean =>
  operation.op === 'remove' && operation.path === 'active' && !operation.emptied;

/** A write's events: the link that a connection's first write makes, then what changed, if anything did. */
const write = (user: PresentUser, writing: Writing, wanted: Resource, { activeRemoved = false } = {}): UserEvent[] => {
  const { writer, lockedBy, passwordId } = writing;
  const type = typeOf(writing);
  const change =
    writer.kind === 'connection'
      ? govern(type, writer.policy, user, wanted, { activeRemoved })
      : governLocal(type, user, wanted);
  refuseLocked(
    lockedBy,
    isActive(user.resource) && !isActive(change.resource)
      ? 'suspended'
      : change.changed.includes('roles')
        ? 'given another role'
        : undefined,
  );
  const linked =
    writer.kind === 'connection'
      ? {
          ...link(user, writer.policy.connectionId),
          claimsExternalId: claimsExternalId(user, writer.policy, change.resource),
        }
      : user;
  const linking =
    linked.connectionId === user.connectionId
      ? []
      : [UserLinked(standingOf(linked, writer, []), { resource: user.resource })];
  const written = [...linking, ...changes(linked, writer, change, passwordId)];
  return [...written, ...guestCascade(written.reduce<UserState>(evolveUser, linked), writer, type)];
};

/** R14: who has become a guest loses their rights as team admin. The teams that are closed to guests, a reactor looks after. */
const guestCascade = (user: UserState, writer: Writer, type: ResourceType): UserEvent[] => {
  if (user.status !== 'present' || !isGuest(user.resource) || !isTeamAdmin(user.resource)) return [];
  return [
    TeamAdminRightsLost(standingOf(user, writer, [TEAM_ADMIN]), {
      resource: withSchemas(type, withValue(user.resource, TEAM_ADMIN, undefined)),
    }),
  ];
};

const link = (user: PresentUser, connectionId: string): PresentUser =>
  user.connectionId === connectionId
    ? user
    : { ...user, connectionId, accountType: 'provisionedManaged', unassignedFrom: null };

const changes = (
  user: PresentUser,
  writer: Writer,
  { resource, changed }: Change,
  passwordId: string | undefined,
): UserEvent[] => {
  const all = withPassword(changed, passwordId);
  if (all.length === 0) return [];
  const name =
    isActive(resource) === isActive(user.resource)
      ? UserChanged
      : isActive(resource)
        ? UserReactivated
        : UserDeactivated;
  return [name({ ...standingOf(user, writer, all), passwordId: passwordId ?? user.passwordId }, { resource })];
};

const withPassword = (changed: string[], passwordId: string | undefined) =>
  passwordId === undefined ? changed : [...changed, 'password'];

const standingOf = (
  { accountType, connectionId, unassignedFrom, passwordId, claimsExternalId: claims }: PresentUser,
  writer: Writer,
  changed: string[],
): UserStanding => ({
  changed,
  writer: writer.kind,
  accountType,
  connectionId,
  unassignedFrom,
  passwordId,
  ...(claims && { claimsExternalId: true }),
});

/** R15, decision 14: an admin makes an account managed, hence eligible; `provisionedManaged` comes from linking alone. */
const changeType = (user: UserState, { writer, accountType }: Extract<UserCommand, { type: 'Patch' }>): UserEvent[] => {
  if (user.status !== 'present' || accountType === undefined || accountType === user.accountType) return [];
  if (writer.kind === 'connection')
    throw new Rejected('forbidden', 'user/account-type', 'Only an admin changes the type of an account.');
  if (accountType === 'provisionedManaged')
    throw new Rejected(
      'invalid',
      'user/account-type',
      'An account becomes provisionedManaged when a connection links it.',
    );
  if (user.connectionId !== null)
    throw new Rejected(
      'conflict',
      'user/linked',
      'The account is provisioned by a connection, which must let go of it first.',
    );
  return [UserAccountTypeChanged({ ...standingOf(user, writer, []), accountType }, { resource: user.resource })];
};

const revive = (command: Extract<UserCommand, { type: 'Revive' }>, state: UserState): UserEvent[] => {
  const { resource, policy, passwordId, shape } = command;
  if (state.status !== 'present' || !revivable(policy, state))
    throw new Rejected('taken', nameTaken.code, nameTaken.message);
  const writer = { kind: 'connection', policy } as const;
  const active = { ...resource, active: resource.active ?? true };
  const wanted = inScim(
    () =>
      applyReplacement(typeOf(command), state.resource, { resource: active, cleared: [] }, policy.settings, [
        ...(state.owned[policy.connectionId] ?? []),
      ]).resource,
  );
  return write(state, { writer, passwordId, shape }, wanted);
};

const revivable = ({ connectionId, settings }: ConnectionPolicy, user: PresentUser): boolean =>
  user.connectionId === null
    ? user.unassignedFrom === connectionId
    : settings.reactivateOnCreate && user.connectionId === connectionId && !isActive(user.resource);

const remove = ({ writer, lockedBy }: Extract<UserCommand, { type: 'Delete' }>, user: PresentUser): UserEvent[] => {
  refuseLocked(lockedBy, 'deleted');
  if (writer.kind === 'local' || writer.policy.settings.unassign === 'delete')
    return [UserDeleted({ writer: writer.kind, connectionId: user.connectionId })];
  return unassign(user, writer.policy.connectionId, writer);
};

/** R19: deactivated, then no longer this connection's, whose externalId goes with it. What was managed stays so. */
const unassign = (user: PresentUser, connectionId: string, writer: Writer): UserEvent[] => {
  const linked = link(user, connectionId);
  const inactive = { ...user.resource, active: false };
  const resource = withValue(inactive, 'externalId', undefined);
  const unlinked = {
    ...linked,
    connectionId: null,
    accountType: 'managed',
    unassignedFrom: connectionId,
    claimsExternalId: false,
  } as const;
  return [
    ...(isActive(user.resource)
      ? [UserDeactivated(standingOf(linked, writer, ['active']), { resource: inactive })]
      : []),
    UserUnlinked(standingOf(unlinked, writer, user.resource.externalId === undefined ? [] : ['externalId']), {
      resource,
    }),
  ];
};

const refuseLocked = (lockedBy: IssuedToken | undefined, what: string | undefined): void => {
  if (!lockedBy || !what) return;
  const { connectionName, connectionId } = lockedBy;
  throw new Rejected(
    'conflict',
    'user/token-issuer',
    `The user issued the token of the connection ${connectionName} (${connectionId}) and can't be ${what} while it exists.`,
  );
};

/** Decision 11: erasing first deletes the user, so that claims are released and accounts deprovisioned. */
const erase = (
  { unfinishedAccountIds, lockedBy }: Extract<UserCommand, { type: 'Erase' }>,
  state: UserState,
): UserEvent[] => {
  if (state.status === 'none') throw unknown();
  if (state.status === 'erased') return [];
  refuseLocked(lockedBy, 'erased');
  const deleted =
    state.status === 'present' ? [UserDeleted({ writer: 'local', connectionId: state.connectionId })] : [];
  return [...deleted, PersonErased({ unfinishedAccountIds: [...unfinishedAccountIds] })];
};

export const userDecider: Decider<UserState, UserCommand, UserEvent> = {
  initial: { status: 'none' },
  decide,
  evolve: evolveUser,
};

const guarded = new Set<UserEvent['type']>(['UserDeleted', 'UserDeactivated', 'UserUnlinked']);

/** Whether the command would do what an issuer's lock forbids (R7): only then is it worth asking whether there is a token. */
export const wouldBreakLock = (command: UserCommand, state: UserState): boolean =>
  decide(command, state).some(
    (event) => guarded.has(event.type) || ('changed' in event.data && event.data.changed.includes('roles')),
  );
