import type { Database } from '@tenure/database';
import { etagOf, type Resource } from '@tenure/scim';
import { list, type Listed, type ListRequest, type Source } from '../filter-sql/list.ts';
import type { Searchable } from '../filter-sql/searchable.ts';
import type { Shape } from '../schema/tenant-types.ts';
import { seen, type Unseen } from '../view/unseen.ts';

/** A resource of a tenant's own type as the view has it. */
export type ResourceRecord = {
  id: string;
  revision: number;
  typeId: string;
  connectionId: string | null;
  resource: Resource;
  createdAt: string;
  lastModified: string;
};

type Row = {
  id: string;
  revision: number;
  type_id: string;
  connection_id: string | null;
  resource: Resource;
  created_at: string;
  last_modified: string;
};

const columns = 'r.id, r.revision, r.type_id, r.connection_id, r.resource, r.created_at, r.last_modified';

const recordOf = ({
  id,
  revision,
  type_id,
  connection_id,
  resource,
  created_at,
  last_modified,
}: Row): ResourceRecord => ({
  id,
  revision,
  typeId: type_id,
  connectionId: connection_id,
  resource,
  createdAt: created_at,
  lastModified: last_modified,
});

/** As SCIM shows it, `meta.location` apart, which the gateway knows. */
export const presentedResource = (
  { id, revision, resource, createdAt, lastModified }: Omit<ResourceRecord, 'typeId' | 'connectionId'>,
  { type }: Pick<Shape, 'type'>,
): Resource => {
  const { schemas, externalId, ...rest } = resource;
  return {
    schemas: schemas!,
    id,
    ...(externalId !== undefined && { externalId }),
    meta: { resourceType: type.name, created: createdAt, lastModified, version: etagOf(revision) },
    ...rest,
  };
};

/** A type's name is a word, as its rules say; quoted all the same, since an admin chose it. */
const searchable = (type: Shape['type']): Searchable => ({
  search: 'r.search',
  columns: {
    id: { kind: 'text', sql: 'r.id', indexed: true },
    externalId: { kind: 'text', sql: 'r.external_id', indexed: true },
    'meta.created': { kind: 'instant', sql: 'r.created_at' },
    'meta.lastModified': { kind: 'instant', sql: 'r.last_modified' },
    'meta.resourceType': { kind: 'text', sql: `'${type.name.replaceAll("'", "''")}'::text` },
    'meta.version': { kind: 'text', sql: `('W/"' || r.revision || '"')` },
  },
  relations: {},
});

/** `connectionId`: a connection sees its own resources and those that admins made; without it an admin sees all. */
export type ResourceSight = { connectionId?: string };

const source = (
  schema: string,
  tenantId: string,
  { connectionId }: ResourceSight,
  { id, type }: Shape,
): Source<Row, ResourceRecord> => ({
  target: searchable(type),
  from: `${schema}.resources r`,
  alias: 'r',
  select: columns,
  scope: ({ add }) =>
    `r.tenant_id = ${add(tenantId)} and r.type_id = ${add(id)}${connectionId === undefined ? '' : ` and (r.connection_id is null or r.connection_id = ${add(connectionId)})`}`,
  itemOf: recordOf,
  resourceOf: (resource) => presentedResource(resource, { type }),
});

export type ResourceQueries = {
  get: (tenantId: string, sight: ResourceSight, shape: Shape, id: string) => Promise<ResourceRecord | undefined>;
  /** The same, telling a wall from nothing: for an auditor, not for who asks (R70). */
  look: (
    tenantId: string,
    sight: ResourceSight,
    shape: Shape,
    id: string,
  ) => Promise<ResourceRecord | Unseen | undefined>;
  list: (tenantId: string, sight: ResourceSight, shape: Shape, request: ListRequest) => Promise<Listed<ResourceRecord>>;
};

/** Everything is asked of `schema`, the directory's view. */
export const resourceQueries = (database: Database, schema: string): ResourceQueries => {
  const look: ResourceQueries['look'] = async (tenantId, { connectionId }, shape, id) => {
    const text = `select ${columns} from ${schema}.resources r where r.tenant_id = $1 and r.id = $2`;
    const [row] = await database.query<Row>({ name: `${schema}.resource`, text, values: [tenantId, id] });
    if (row?.type_id !== shape.id) return undefined;
    return connectionId === undefined || row.connection_id === null || row.connection_id === connectionId
      ? recordOf(row)
      : 'unseen';
  };

  return {
    get: async (...asked) => seen(await look(...asked)),
    look,
    list: (tenantId, sight, shape, request) => list(database, source(schema, tenantId, sight, shape), request),
  };
};
