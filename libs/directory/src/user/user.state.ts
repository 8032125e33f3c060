import { ERASED } from '@tenure/eventing';
import { type AccountType, type UniqueAttribute, type UserEvent, type UserStanding } from '@tenure/contracts';
import { isObject, type Resource, sameValue, valueAt } from '@tenure/scim';

export type PresentUser = {
  status: 'present';
  /** The SCIM resource without `id`, `meta`, `groups` and `password`. */
  resource: Resource;
  accountType: AccountType;
  connectionId: string | null;
  unassignedFrom: string | null;
  passwordId: string | null;
  /** Whether no other user of the connection may have this externalId. */
  claimsExternalId: boolean;
  /** What each connection ever set (C11). */
  owned: Readonly<Record<string, readonly string[]>>;
  /** What was ever set here, by an admin or the user, of single complex attributes by parts: `authority: user` lets it win (R12, R68). */
  setHere: readonly string[];
  /** By which version of the tenant's schemas it was last written, and what of those is unique (R71). */
  schemasVersion?: number;
  unique?: readonly UniqueAttribute[];
};

export type UserState = { status: 'none' } | PresentUser | { status: 'deleted' } | { status: 'erased' };

export const isActive = (resource: Resource): boolean => resource.active !== false;

const union = (known: readonly string[] = [], more: readonly string[]) => [...new Set([...known, ...more])];

/** What of an attribute became another value: `title`, or of a single complex one the parts alone, `name.givenName`. */
const placesSet = (path: string, before: Resource, after: Resource): string[] => {
  const value = valueAt(after, path);
  if (!isObject(value)) return [path];
  const known = valueAt(before, path);
  return Object.keys(value)
    .filter((part) => !isObject(known) || !sameValue(known[part], value[part]))
    .map((part) => `${path}.${part}`);
};

/** Whether a path of the settings, or any part of it, was ever set here. */
export const isSetHere = ({ setHere }: PresentUser, path: string): boolean =>
  setHere.some((place) => place === path || place.startsWith(`${path}.`));

/** Attributes count as set by their writer; a link or a change of type sets none. */
const afterStanding = (
  before: UserState,
  { changed, writer, schemasVersion, unique, ...standing }: UserStanding,
  resource: Resource,
): PresentUser => {
  const known = before.status === 'present' ? before : undefined;
  const set = changed.filter((path) => valueAt(resource, path) !== undefined);
  const owner = writer === 'connection' ? standing.connectionId : null;
  return {
    status: 'present',
    resource,
    accountType: standing.accountType,
    connectionId: standing.connectionId,
    unassignedFrom: standing.unassignedFrom,
    passwordId: standing.passwordId,
    claimsExternalId: standing.claimsExternalId === true,
    owned: owner === null ? (known?.owned ?? {}) : { ...known?.owned, [owner]: union(known?.owned[owner], set) },
    setHere:
      writer === 'local'
        ? union(
            known?.setHere,
            set.flatMap((path) => placesSet(path, known?.resource ?? {}, resource)),
          )
        : (known?.setHere ?? []),
    ...(schemasVersion !== undefined && { schemasVersion, unique }),
  };
};

export const evolveUser = (state: UserState, event: UserEvent): UserState => {
  switch (event.type) {
    case 'UserCreated':
    case 'UserChanged':
    case 'UserDeactivated':
    case 'UserReactivated':
    case 'UserLinked':
    case 'UserUnlinked':
    case 'UserAccountTypeChanged':
    case 'TeamAdminRightsLost':
      // A person who was erased: nothing of theirs can be read, whatever the events say (decision 11).
      return event.personal === ERASED
        ? { status: 'erased' }
        : afterStanding(state, event.data, event.personal.resource);
    case 'UserDeleted':
      return state.status === 'erased' ? state : { status: 'deleted' };
    case 'PersonErased':
      return { status: 'erased' };
  }
};
