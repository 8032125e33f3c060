import type { Database, Sql } from '@tenure/database';
import type { JsonObject } from '@tenure/scim';
import { list, type Listed, type ListRequest, type Source } from '../filter-sql/list.ts';
import type { Parameters } from '../filter-sql/parameters.ts';
import type { Searchable } from '../filter-sql/searchable.ts';
import { groupsOfUsers, groupsOfUsersQuery, shownGroup, type GroupOfUser } from '../membership/groups-of-users.ts';
import type { ConnectionPolicy } from './connection-policy.ts';
import { uniqueKey } from './unique-key.ts';
import { presentedUser, type UserRecord } from './user.record.ts';
import { isSeenBy } from './user.rules.ts';

/** Whose eyes: a connection's, which sees some (decision 14), or an admin's, who sees all of the tenant. */
export type Sight = { kind: 'connection'; policy: ConnectionPolicy } | { kind: 'admin' };

type Row = {
  id: string;
  revision: number;
  account_type: UserRecord['accountType'];
  connection_id: string | null;
  active: boolean;
  resource: UserRecord['resource'];
  created_at: string;
  last_modified: string;
};

type SeenRow = Row & { unassigned_from: string | null };

const columns = 'u.id, u.revision, u.account_type, u.connection_id, u.active, u.resource, u.created_at, u.last_modified';

const recordOf = ({ id, revision, account_type, connection_id, active, resource, created_at, last_modified }: Row): UserRecord => ({
  id,
  revision,
  accountType: account_type,
  connectionId: connection_id,
  active,
  resource,
  createdAt: created_at,
  lastModified: last_modified,
});

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
      from: `${schema}.group_members m join ${schema}.groups mg on mg.tenant_id = m.tenant_id and mg.id = m.group_id where m.tenant_id = ${add(tenantId)} and m.member_id = u.id${sight.kind === 'connection' ? ` and mg.connection_id = ${add(sight.policy.connectionId)}` : ''}`,
      columns: {
        value: { kind: 'text', sql: 'm.group_id', indexed: true },
        type: { kind: 'text', sql: `'direct'::text` },
        display: { kind: 'text', sql: 'lower(mg.display_name)' },
      },
    }),
  },
});

export type UserFilters = { active?: boolean; accountType?: UserRecord['accountType'] };

const source = (schema: string, tenantId: string, sight: Sight, { active, accountType }: UserFilters): Source<Row, UserRecord> => ({
  target: searchable(schema, tenantId, sight),
  from: `${schema}.users u`,
  alias: 'u',
  select: columns,
  scope: (given) =>
    [
      `u.tenant_id = ${given.add(tenantId)}`,
      userSight(sight, given),
      ...(active === undefined ? [] : [`u.active = ${given.add(active)}`]),
      ...(accountType === undefined ? [] : [`u.account_type = ${given.add(accountType)}`]),
    ].join(' and '),
  itemOf: recordOf,
  resourceOf: (user) => presentedUser(user),
});

export type UserQueries = {
  get: (tenantId: string, sight: Sight, id: string) => Promise<UserRecord | undefined>;
  /** The same with `User.groups`, in one statement. */
  getWithGroups: (tenantId: string, sight: Sight, id: string) => Promise<{ user: UserRecord; groups: JsonObject[] } | undefined>;
  list: (tenantId: string, sight: Sight, request: ListRequest, filters?: UserFilters) => Promise<Listed<UserRecord>>;
  /** `User.groups` of several users, by their ids; of a connection only its own groups. */
  groupsOf: (tenantId: string, sight: Sight, ids: readonly string[]) => Promise<Map<string, JsonObject[]>>;
  /** By userName, whatever its case or form: who signs in, who is created or linked. Tells where the password's hash is. */
  findByName: (tenantId: string, userName: unknown) => Promise<(UserRecord & { passwordId: string | null; unassignedFrom: string | null }) | undefined>;
  findByExternalId: (tenantId: string, connectionId: string, externalId: string) => Promise<UserRecord | undefined>;
};

/** Everything is asked of `schema`, the directory's view. */
export const userQueries = (database: Database, schema: string): UserQueries => {
  const one = async <R extends Row>(sql: Sql, name: string, text: string, values: readonly unknown[]): Promise<R | undefined> => (await sql.query<R>({ name: `${schema}.${name}`, text, values }))[0];
  // By key, and the rule in memory: one statement serves, prepared, for every connection.
  const byKey = (id: string, more = '') => `select ${columns}, u.unassigned_from${more} from ${schema}.users u where u.tenant_id = $1 and u.id = ${id}`;
  const withGroups = byKey('($2::text[])[1]', `, (select json_agg(row_to_json(g)) from (${groupsOfUsersQuery(schema)}) g) as groups`);
  const sees = (sight: Sight, row: SeenRow) => sight.kind === 'admin' || isSeenBy(sight.policy, { ...recordOf(row), unassignedFrom: row.unassigned_from }, row.last_modified);
  return {
    get: async (tenantId, sight, id) => {
      const row = await one<SeenRow>(database, 'user', byKey('$2'), [tenantId, id]);
      return row && sees(sight, row) ? recordOf(row) : undefined;
    },
    getWithGroups: async (tenantId, sight, id) => {
      const row = await one<SeenRow & { groups: GroupOfUser[] | null }>(database, 'user-with-groups', withGroups, [tenantId, [id], sight.kind === 'connection' ? sight.policy.connectionId : null]);
      return row && sees(sight, row) ? { user: recordOf(row), groups: (row.groups ?? []).map(shownGroup) } : undefined;
    },
    list: (tenantId, sight, request, filters = {}) => list(database, source(schema, tenantId, sight, filters), request),
    groupsOf: (tenantId, sight, ids) => groupsOfUsers(database, schema, { tenantId, ids, ...(sight.kind === 'connection' && { connectionId: sight.policy.connectionId }) }),
    findByName: async (tenantId, userName) => {
      const row = await one<Row & { password_id: string | null; unassigned_from: string | null }>(
        database,
        'user-by-name',
        `select ${columns}, u.password_id, u.unassigned_from from ${schema}.users u where u.tenant_id = $1 and u.user_name_key = $2`,
        [tenantId, uniqueKey(userName)],
      );
      return row && { ...recordOf(row), passwordId: row.password_id, unassignedFrom: row.unassigned_from };
    },
    findByExternalId: async (tenantId, connectionId, externalId) => {
      const text = `select ${columns} from ${schema}.users u where u.tenant_id = $1 and u.connection_id = $2 and u.external_id = $3`;
      const row = await one(database, 'user-by-external-id', text, [tenantId, connectionId, externalId]);
      return row && recordOf(row);
    },
  };
};
