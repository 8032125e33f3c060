import { Rejected } from '@tenure/eventing';
import {
  type Change,
  type ConnectionSettings,
  findAttribute,
  isObject,
  type Json,
  type JsonObject,
  type Resource,
  type ResourceType,
  ScimProblem,
  settle,
  valueAt,
  withoutHidden,
  withValue,
} from '@tenure/scim';
import type { ConnectionPolicy } from './connection-policy.ts';
import { isGuest, isTeamAdmin, TEAM_ADMIN } from './guest.ts';
import { refuseOverlong } from './unique-key.ts';
import { isSetHere, type PresentUser } from './user.state.ts';

/** What the protocol refuses where the state is becomes a refusal with the scimType in its code: `scim/noTarget`. */
export const inScim = <T>(work: () => T): T => {
  try {
    return work();
  } catch (error) {
    if (error instanceof ScimProblem)
      throw new Rejected('invalid', `scim/${error.scimType ?? 'invalidValue'}`, error.detail);
    throw error;
  }
};

/** Decision 14: users linked to a connection, and eligible ones whom none has (R10). */
export const isSeenBy = (
  { connectionId, settings }: ConnectionPolicy,
  user: Pick<PresentUser, 'connectionId' | 'unassignedFrom' | 'accountType'>,
  lastModified: string | undefined,
): boolean => {
  if (user.connectionId !== null) return user.connectionId === connectionId;
  const { managedOnly, changedAfter } = settings.eligibility;
  return (
    user.unassignedFrom !== connectionId &&
    (!managedOnly || user.accountType === 'managed') &&
    (changedAfter === undefined || (lastModified ?? '') >= changedAfter)
  );
};

const roleNames = ['ADMIN', 'USER', 'GUEST'];

const namedRole = (element: Json): Json => {
  const value = typeof element === 'object' && element !== null && !Array.isArray(element) ? element.value : element;
  const role = roleNames.find((name) => typeof value === 'string' && name === value.trim().toUpperCase());
  if (!role) throw new Rejected('invalid', 'user/role-unknown', `A role must be one of ${roleNames.join(', ')}.`);
  return typeof element === 'object' ? { ...(element as Record<string, Json>), value: role } : { value: role };
};

/** R13: one of three roles, and none means GUEST. */
const withNamedRole = (resource: Resource): Resource => {
  const roles = Array.isArray(resource.roles) ? resource.roles.map(namedRole) : [];
  return { ...resource, roles: roles.length > 0 ? roles : [{ value: 'GUEST', primary: true }] };
};

/** R14: nobody is made team admin while a guest. What they were before, `write` takes from them. */
const withoutNewRights = (before: Resource | undefined, resource: Resource): Resource =>
  isGuest(resource) && !isTeamAdmin(before ?? {}) && isTeamAdmin(resource)
    ? withValue(resource, TEAM_ADMIN, undefined)
    : resource;

/** Where a path of the settings leads: an attribute, or a part of one that is single. Of the values of a list the parts are not told apart. */
const placeOf = (type: ResourceType, path: string): { top: string; part?: string } => {
  const found = findAttribute(type, path, { lenient: true });
  if (!found) return { top: path };
  return { top: found.path, ...(found.sub && !found.attribute.multiValued && { part: found.sub.name }) };
};

const pathOf = ({ top, part }: ReturnType<typeof placeOf>): string => (part === undefined ? top : `${top}.${part}`);

const partsAt = (resource: Resource, top: string): JsonObject => {
  const value = valueAt(resource, top);
  return isObject(value) ? value : {};
};

const settingAt = (type: ResourceType, resource: Resource, path: string): Json | undefined => {
  const { top, part } = placeOf(type, path);
  return part === undefined ? valueAt(resource, top) : partsAt(resource, top)[part];
};

const withSettingAt = (type: ResourceType, resource: Resource, path: string, value: Json | undefined): Resource => {
  const { top, part } = placeOf(type, path);
  if (part === undefined) return withValue(resource, top, value);
  const parts = withValue(partsAt(resource, top), part, value);
  return withValue(resource, top, Object.keys(parts).length > 0 ? parts : undefined);
};

/** R68: what a connection's write may not touch keeps the value that is there. */
const underAuthority = (
  type: ResourceType,
  authority: ConnectionSettings['authority'],
  user: PresentUser | undefined,
  wanted: Resource,
): Resource =>
  Object.entries(authority).reduce((resource, [path, holder]) => {
    const kept =
      user !== undefined &&
      (holder === 'create' || (holder === 'user' && isSetHere(user, pathOf(placeOf(type, path)))));
    return kept ? withSettingAt(type, resource, path, settingAt(type, user.resource, path)) : resource;
  }, wanted);

/** Of a user who lacked it before, a write need not bring it: else nobody could deactivate them. */
const requireSettings = (
  type: ResourceType,
  required: readonly string[],
  before: Resource | undefined,
  resource: Resource,
): void => {
  const missing = required.filter(
    (path) => settingAt(type, resource, path) === undefined && (!before || settingAt(type, before, path) !== undefined),
  );
  if (missing.length > 0)
    throw new Rejected(
      'invalid',
      'user/attribute-required',
      `This connection requires ${missing.join(', ')}.`,
      missing.map((field) => ({ field, message: 'is required' })),
    );
};

/**
 * A new user is active unless the body says otherwise. Leaving `active` out or empty is no way to reactivate: it stays what it was. Only a
 * PATCH that removes it is taken at its word (RFC 7644 §3.5.2.2): unassigned, they are active, as whoever was created without it.
 */
const withActive = (resource: Resource, before: Resource | undefined, removed: boolean): Resource => {
  const mayBeUnassigned = before !== undefined && (removed || before.active === undefined);
  return resource.active !== undefined || mayBeUnassigned ? resource : { ...resource, active: before?.active ?? true };
};

/** RFC 7643 §4.1.1: never empty. Users who have such a name from before keep it until it is written anew. */
const refuseBlankName = (before: Resource | undefined, { userName }: Resource): void => {
  if (typeof userName !== 'string' || userName.trim() !== '' || userName === before?.userName) return;
  throw new Rejected('invalid', 'user/name-blank', 'userName must not be blank.', [
    { field: 'userName', message: 'must not be blank' },
  ]);
};

const keysOf = ({ userName, externalId }: Resource) => ({ userName, externalId });

/** What a connection's write comes to under its settings: authority, roles, defaults, required attributes (R11 to R13, R68). `activeRemoved`: by a PATCH that says so. */
export const govern = (
  type: ResourceType,
  { settings, defaults }: ConnectionPolicy,
  user: PresentUser | undefined,
  wanted: Resource,
  { activeRemoved = false } = {},
): Change => {
  const withDefaults = user
    ? wanted
    : Object.entries(defaults).reduce(
        (resource, [path, value]) =>
          valueAt(resource, path) === undefined ? withValue(resource, path, value) : resource,
        wanted,
      );
  const allowed = withActive(
    underAuthority(type, settings.authority, user, withDefaults),
    user?.resource,
    activeRemoved,
  );
  const named = settings.roles === 'adminUserGuest' ? withNamedRole(allowed) : allowed;
  requireSettings(type, settings.required, user?.resource, named);
  refuseOverlong(keysOf(named));
  refuseBlankName(user?.resource, named);
  return settle(type, user?.resource ?? {}, withoutHidden(type, withoutNewRights(user?.resource, named)));
};

/** What an admin's write comes to. The externalId of a linked user is the connection's. */
export const governLocal = (type: ResourceType, user: PresentUser | undefined, wanted: Resource): Change => {
  const kept = user?.connectionId ? withValue(wanted, 'externalId', user.resource.externalId) : wanted;
  refuseOverlong(keysOf(kept));
  refuseBlankName(user?.resource, kept);
  return settle(
    type,
    user?.resource ?? {},
    withoutNewRights(user?.resource, withActive(withoutHidden(type, kept), user?.resource, false)),
  );
};
