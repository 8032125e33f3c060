import { searchQuery } from '@tenure/contracts';
import type { Database } from '@tenure/database';
import { etagOf, type JsonObject, type Resource } from '@tenure/scim';
import { list, type Listed, type ListRequest, type Source } from '../filter-sql/list.ts';
import type { Searchable } from '../filter-sql/searchable.ts';
import type { ConnectionPolicy } from '../user/connection-policy.ts';
import { userSight } from '../user/user.queries.ts';
import { membersOfGroup, type GroupMembers } from '../membership/members-of-group.ts';
import { seen, type Unseen } from '../view/unseen.ts';

/** A group as the view has it, without its members. */
export type GroupRecord = {
  id: string;
  revision: number;
  connectionId: string;
  resource: Resource;
  createdAt: string;
  lastModified: string;
};

type Row = {
  id: string;
  revision: number;
  connection_id: string;
  resource: Resource;
  created_at: string;
  last_modified: string;
};

const columns = 'g.id, g.revision, g.connection_id, g.resource, g.created_at, g.last_modified';

const recordOf = ({ id, revision, connection_id, resource, created_at, last_modified }: Row): GroupRecord => ({
  id,
  revision,
  connectionId: connection_id,
  resource,
  createdAt: created_at,
  lastModified: last_modified,
});

/** As SCIM shows a group, `meta.location` apart; `members` only where they were asked for. */
export const presentedGroup = (
  { id, revision, resource, createdAt, lastModified }: Omit<GroupRecord, 'connectionId'>,
  members: readonly JsonObject[] = [],
): Resource => {
  const { schemas, externalId, ...rest } = resource;
  return {
    schemas: schemas!,
    id,
    ...(externalId !== undefined && { externalId }),
    meta: { resourceType: 'Group', created: createdAt, lastModified, version: etagOf(revision) },
    ...rest,
    ...(members.length > 0 && { members: [...members] }),
  };
};

const searchable = (schema: string, tenantId: string, { policy }: GroupSight): Searchable => ({
  search: 'g.search',
  columns: {
    id: { kind: 'text', sql: 'g.id', indexed: true },
    externalId: { kind: 'text', sql: 'g.external_id' },
    displayName: { kind: 'text', sql: 'g.display_name_key', indexed: true },
    'meta.created': { kind: 'instant', sql: 'g.created_at' },
    'meta.lastModified': { kind: 'instant', sql: 'g.last_modified' },
    'meta.resourceType': { kind: 'text', sql: `'Group'::text` },
    'meta.version': { kind: 'text', sql: `('W/"' || g.revision || '"')` },
  },
  relations: {
    members: (given) => ({
      from: `${schema}.group_members m
             left join ${schema}.users mu on mu.tenant_id = m.tenant_id and mu.id = m.member_id and ${userSight(policy ? { kind: 'connection', policy } : { kind: 'admin' }, given, 'mu')}
             left join ${schema}.groups mg on mg.tenant_id = m.tenant_id and mg.id = m.member_id
             where m.tenant_id = ${given.add(tenantId)} and m.group_id = g.id and coalesce(mu.id, mg.id) is not null`,
      columns: {
        value: { kind: 'text', sql: 'm.member_id', indexed: true },
        type: { kind: 'text', sql: 'lower(m.kind)' },
        display: { kind: 'text', sql: 'lower(coalesce(mu.display_name, mg.display_name))' },
      },
    }),
  },
});

/** A connection sees its own groups, and in them the users that it sees; without one an admin sees all. */
type GroupSight = { policy?: ConnectionPolicy };

/** `search`: by the beginnings of the words of the name. */
export type GroupFilters = { search?: string };

const source = (
  schema: string,
  tenantId: string,
  sight: GroupSight,
  { search }: GroupFilters,
): Source<Row, GroupRecord> => ({
  target: searchable(schema, tenantId, sight),
  from: `${schema}.groups g`,
  alias: 'g',
  select: columns,
  scope: ({ add }) =>
    [
      `g.tenant_id = ${add(tenantId)}`,
      ...(sight.policy === undefined ? [] : [`g.connection_id = ${add(sight.policy.connectionId)}`]),
      ...(search === undefined ? [] : [`g.words @@ ${add(searchQuery(tenantId, search))}::tsquery`]),
    ].join(' and '),
  itemOf: recordOf,
  resourceOf: (group) => presentedGroup(group),
});

export type GroupQueries = {
  get: (tenantId: string, sight: GroupSight, id: string) => Promise<GroupRecord | undefined>;
  /** The same, telling a wall from nothing: for an auditor, not for who asks (R70). */
  look: (tenantId: string, sight: GroupSight, id: string) => Promise<GroupRecord | Unseen | undefined>;
  list: (
    tenantId: string,
    sight: GroupSight,
    request: ListRequest,
    filters?: GroupFilters,
  ) => Promise<Listed<GroupRecord>>;
  membersOf: (tenantId: string, sight: GroupSight, id: string) => Promise<GroupMembers>;
};

/** Everything is asked of `schema`, the directory's view. Whether a connection has groups at all (R18) is its settings' business. */
export const groupQueries = (database: Database, schema: string): GroupQueries => {
  const look: GroupQueries['look'] = async (tenantId, { policy }, id) => {
    const text = `select ${columns} from ${schema}.groups g where g.tenant_id = $1 and g.id = $2`;
    const [row] = await database.query<Row>({ name: `${schema}.group`, text, values: [tenantId, id] });
    return row && (policy === undefined || row.connection_id === policy.connectionId ? recordOf(row) : 'unseen');
  };

  return {
    get: async (...asked) => seen(await look(...asked)),
    look,
    list: (tenantId, sight, request, filters = {}) => list(database, source(schema, tenantId, sight, filters), request),
    membersOf: (tenantId, sight, groupId) => membersOfGroup(database, schema, { tenantId, groupId, ...sight }),
  };
};
