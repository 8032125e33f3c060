import { searchQuery } from '@tenure/contracts';
import type { Database } from '@tenure/database';
import { matches, type JsonObject } from '@tenure/scim';
import { list, type Listed, type ListRequest, type Source } from '../filter-sql/list.ts';
import type { Parameters } from '../filter-sql/parameters.ts';
import type { Searchable } from '../filter-sql/searchable.ts';
import { groupsOfUsers, shownGroup } from '../membership/groups-of-users.ts';
import { seen, type Unseen } from '../view/unseen.ts';
import type { ConnectionPolicy } from './connection-policy.ts';
import { findUsers, userColumns, type FoundUser, type UserRow, type WantedUser } from './find-users.ts';
import { uniqueKey } from './unique-key.ts';
import { presentedUser, type UserRecord } from './user.record.ts';
import { isSeenBy } from './user.rules.ts';

/** Whose eyes: a connection's, which sees some (decision 14), or an admin's, who sees all of the tenant. */
export type Sight = { kind: 'connection'; policy: ConnectionPolicy } | { kind: 'admin' };

const recordOf = ({
  id,
  revision,
  account_type,
  connection_id,
  active,
  resource,
  created_at,
  last_modified,
}: UserRow): UserRecord => ({
  id,
  revision,
  accountType: account_type,
  connectionId: connection_id,
  active,
  resource,
  createdAt: created_at,
  lastModified: last_modified,
});

/** R18: where groups are switched off nobody is in any. */
const hasGroups = (sight: Sight): boolean => sight.kind === 'admin' || sight.policy.settings.groups;

/** The same rule as `isSeenBy`, in SQL. */
export const userSight = (sight: Sight, { add }: Parameters, alias = 'u'): string => {
  if (sight.kind === 'admin') return 'true';
  const { connectionId, settings } = sight.policy;
  const { managedOnly, changedAfter } = settings.eligibility;
  const connection = `${add(connectionId)}::text`;
  const eligible = [
    `${alias}.connection_id is null`,
    `${alias}.unassigned_from is distinct from ${connection}`,
    ...(managedOnly ? [`${alias}.account_type = 'managed'`] : []),
    ...(changedAfter === undefined ? [] : [`${alias}.last_modified >= ${add(changedAfter)}::timestamptz`]),
  ];
  return `(${alias}.connection_id = ${connection} or (${eligible.join(' and ')}))`;
};

const searchable = (schema: string, tenantId: string, sight: Sight): Searchable => ({
  search: 'u.search',
  columns: {
    id: { kind: 'text', sql: 'u.id', indexed: true },
    userName: { kind: 'text', sql: `(u.search ->> 'userName')`, key: { sql: 'u.user_name_key', of: uniqueKey } },
    externalId: { kind: 'text', sql: 'u.external_id', indexed: true },
    active: { kind: 'boolean', sql: 'u.active' },
    'meta.created': { kind: 'instant', sql: 'u.created_at' },
    'meta.lastModified': { kind: 'instant', sql: 'u.last_modified' },
    'meta.resourceType': { kind: 'text', sql: `'User'::text` },
    'meta.version': { kind: 'text', sql: `('W/"' || u.revision || '"')` },
  },
  relations: {
    groups: ({ add }) => ({
      from: `${schema}.group_members m join ${schema}.groups mg on mg.tenant_id = m.tenant_id and mg.id = m.group_id where m.tenant_id = ${add(tenantId)} and m.member_id = u.id${sight.kind === 'connection' ? ` and mg.connection_id = ${add(sight.policy.connectionId)}` : ''}${hasGroups(sight) ? '' : ' and false'}`,
      columns: {
        value: { kind: 'text', sql: 'm.group_id', indexed: true },
        type: { kind: 'text', sql: `'direct'::text` },
        display: { kind: 'text', sql: 'lower(mg.display_name)' },
      },
    }),
  },
});

/** `search`: by the beginnings of names, of the user name and of e-mail addresses. */
export type UserFilters = { active?: boolean; accountType?: UserRecord['accountType']; search?: string };

const source = (
  schema: string,
  tenantId: string,
  sight: Sight,
  { active, accountType, search }: UserFilters,
): Source<UserRow, UserRecord> => ({
  target: searchable(schema, tenantId, sight),
  from: `${schema}.users u`,
  alias: 'u',
  select: userColumns,
  scope: (given) =>
    [
      `u.tenant_id = ${given.add(tenantId)}`,
      userSight(sight, given),
      ...(active === undefined ? [] : [`u.active = ${given.add(active)}`]),
      ...(search === undefined ? [] : [`u.words @@ ${given.add(searchQuery(tenantId, search))}::tsquery`]),
      ...(accountType === undefined ? [] : [`u.account_type = ${given.add(accountType)}`]),
    ].join(' and '),
  itemOf: recordOf,
  resourceOf: (user) => presentedUser(user),
});

/** `groups`: `User.groups` too, in the same statement where it can be; a connection sees only its own. */
export type Wanting = { groups?: boolean };

export type ShownUser = UserRecord & { groups?: JsonObject[] };

export type UserQueries = {
  get: (tenantId: string, sight: Sight, id: string, wanting?: Wanting) => Promise<ShownUser | undefined>;
  /** The same, telling a wall from nothing: for an auditor, not for who asks (R70). */
  look: (tenantId: string, sight: Sight, id: string, wanting?: Wanting) => Promise<ShownUser | Unseen | undefined>;
  list: (
    tenantId: string,
    sight: Sight,
    request: ListRequest,
    wanting?: UserFilters & Wanting,
  ) => Promise<Listed<ShownUser>>;
  /** `User.groups` of several users, by their ids; of a connection only its own groups. */
  groupsOf: (tenantId: string, sight: Sight, ids: readonly string[]) => Promise<Map<string, JsonObject[]>>;
  /** By userName, whatever its case or form: who signs in, who is created or linked. Tells where the password's hash is. */
  findByName: (
    tenantId: string,
    userName: unknown,
  ) => Promise<(UserRecord & { passwordId: string | null; unassignedFrom: string | null }) | undefined>;
  /** The users of a connection that have an externalId, several where it isn't unique; at most two are looked up. */
  findByExternalId: (tenantId: string, connectionId: string, externalId: string) => Promise<UserRecord[]>;
};

/** `userName eq "…"` and nothing else: the filter that identity providers send most names one user, if any. */
const onlyName = ({ filter, sort, page: { count, startIndex = 1, after } }: ListRequest): string | undefined => {
  const plain = !sort && !after && startIndex === 1 && count > 0;
  return plain && filter?.op === 'eq' && filter.attribute.path === 'userName' && typeof filter.value === 'string'
    ? filter.value
    : undefined;
};

/** Everything is asked of `schema`, the directory's view. */
export const userQueries = (database: Database, schema: string): UserQueries => {
  const find = findUsers(database, schema);
  const sees = (sight: Sight, row: FoundUser) =>
    sight.kind === 'admin' ||
    isSeenBy(sight.policy, { ...recordOf(row), unassignedFrom: row.unassigned_from }, row.last_modified);
  const groupsFor = (sight: Sight, { groups }: Wanting): WantedUser['groups'] =>
    !groups || !hasGroups(sight)
      ? 'none'
      : sight.kind === 'admin'
        ? 'all'
        : { connectionId: sight.policy.connectionId };
  const shown = (row: FoundUser, { groups }: Wanting): ShownUser => ({
    ...recordOf(row),
    ...(groups && { groups: (row.groups ?? []).map(shownGroup) }),
  });
  const groupsOf: UserQueries['groupsOf'] = async (tenantId, sight, ids) => {
    if (!hasGroups(sight)) return new Map();
    if (ids.length > 1)
      return groupsOfUsers(database, schema, {
        tenantId,
        ids,
        ...(sight.kind === 'connection' && { connectionId: sight.policy.connectionId }),
      });
    // Of one, as each answer to a write shows them: with those that others ask for.
    const found = await Promise.all(
      ids.map((key) => find.byId({ tenantId, key, groups: groupsFor(sight, { groups: true }) })),
    );
    return new Map(ids.map((id, index) => [id, (found[index]?.groups ?? []).map(shownGroup)]));
  };

  const look: UserQueries['look'] = async (tenantId, sight, id, wanting = {}) => {
    const row = await find.byId({ tenantId, key: id, groups: groupsFor(sight, wanting) });
    return row && (sees(sight, row) ? shown(row, wanting) : 'unseen');
  };

  return {
    get: async (...asked) => seen(await look(...asked)),
    look,
    list: async (tenantId, sight, request, { groups, ...filters } = {}) => {
      const name = Object.keys(filters).length === 0 ? onlyName(request) : undefined;
      if (name !== undefined) {
        const row = await find.byName({ tenantId, key: uniqueKey(name), groups: groupsFor(sight, { groups }) });
        // The key is the same for names that the filter tells apart.
        const items = row && sees(sight, row) && matches(request.filter!, row.resource) ? [shown(row, { groups })] : [];
        return { items, ...(request.page.withTotal && { total: items.length }) };
      }
      const listed = await list(database, source(schema, tenantId, sight, filters), request);
      if (!groups) return listed;
      const found = await groupsOf(
        tenantId,
        sight,
        listed.items.map(({ id }) => id),
      );
      return { ...listed, items: listed.items.map((user) => ({ ...user, groups: found.get(user.id) ?? [] })) };
    },
    groupsOf,
    findByName: async (tenantId, userName) => {
      const row = await find.byName({ tenantId, key: uniqueKey(userName), groups: 'none' });
      return row && { ...recordOf(row), passwordId: row.password_id, unassignedFrom: row.unassigned_from };
    },
    findByExternalId: async (tenantId, connectionId, externalId) => {
      const rows = await database.query<UserRow>({
        name: `${schema}.users-by-external-id`,
        text: `select ${userColumns} from ${schema}.users u where u.tenant_id = $1 and u.connection_id = $2 and u.external_id = $3 limit 2`,
        values: [tenantId, connectionId, externalId],
      });
      return rows.map(recordOf);
    },
  };
};
