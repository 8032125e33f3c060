import { resourceEvents, type ResourceEvent } from '@tenure/contracts';
import { ERASED } from '@tenure/eventing';
import { searchDocument } from '@tenure/scim';
import type { TenantTypes } from '../schema/tenant-types.ts';
import { viewPart, type StreamEvents, type TypesOf } from '../view/view-part.ts';

/** One table for the resources of all types of all tenants: what an admin defines makes rows, not tables. `search` serves every filter. */
const create = (schema: string) => `
  create table ${schema}.resources (
    tenant_id text not null,
    id text not null,
    type_id text not null,
    connection_id text,
    external_id text,
    created_at timestamptz not null,
    last_modified timestamptz not null,
    revision int not null,
    resource jsonb not null,
    search jsonb not null,
    primary key (tenant_id, id)
  ) with (toast_tuple_target = 8160);

  create function ${schema}.apply_resources(changes jsonb, ready jsonb) returns void language plpgsql as $apply$
  begin
    insert into ${schema}.resources
      select tenant_id, id, type_id, connection_id, external_id, created_at, last_modified, revision, resource, search
      from jsonb_to_recordset(changes->'put') as c (
        stream text, tenant_id text, id text, type_id text, connection_id text, external_id text,
        created_at timestamptz, last_modified timestamptz, revision int, resource jsonb, search jsonb)
      where ready ? stream
    on conflict (tenant_id, id) do update set
      external_id = excluded.external_id, last_modified = excluded.last_modified, revision = excluded.revision,
      resource = excluded.resource, search = excluded.search;
    update ${schema}.resources r set revision = c.revision, last_modified = c.last_modified
      from jsonb_to_recordset(changes->'touched') as c (stream text, tenant_id text, id text, revision int, last_modified timestamptz)
      where ready ? c.stream and r.tenant_id = c.tenant_id and r.id = c.id;
    delete from ${schema}.resources r using jsonb_to_recordset(changes->'gone') as c (stream text, tenant_id text, id text)
      where ready ? c.stream and r.tenant_id = c.tenant_id and r.id = c.id;
  end $apply$`;

const indexes = (schema: string) => [
  `create index if not exists resources_in_order on ${schema}.resources (tenant_id, type_id, created_at, id)`,
  `create index if not exists resources_by_external_id on ${schema}.resources (tenant_id, external_id) where external_id is not null`,
  `create index if not exists resources_by_search on ${schema}.resources using gin (search jsonb_path_ops) with (gin_pending_list_limit = 512)`,
];

/** Each event holds the whole resource after it, so the last of a batch says it all; `created_at` is only taken of a first event. */
const changesOf = (streams: readonly StreamEvents<ResourceEvent>[], typesOf: TypesOf) => {
  const changes = streams.map((stream) => changeOf(stream, typesOf(stream)));
  const ofKind = (wanted: string) => changes.flatMap(({ kind, row }) => (kind === wanted ? [row] : []));
  return { put: ofKind('put'), touched: ofKind('touched'), gone: ofKind('gone') };
};

const changeOf = ({ stream, tenantId, id, events }: StreamEvents<ResourceEvent>, types: TenantTypes) => {
  const { revision, metadata } = events.at(-1)!;
  const key = { stream, tenant_id: tenantId, id, revision, last_modified: metadata.occurredAt };
  const event = events.findLast((one) => one.event)?.event;
  // An envelope that says nothing (a forfeited claim) still moves the revision, which is the ETag.
  if (!event) return { kind: 'touched', row: key };
  if (event.type === 'ResourceDeleted' || event.personal === ERASED) return { kind: 'gone', row: key };
  const { resource } = event.personal;
  const { typeId, connectionId } = event.data;
  // Of a type that is gone by now it is: its deletion follows.
  const type = types.own.find((own) => own.id === typeId)?.type;
  const row = {
    ...key,
    type_id: typeId,
    connection_id: connectionId,
    external_id: resource.externalId,
    created_at: events[0]!.metadata.occurredAt,
    resource,
    search: type ? searchDocument(type, resource) : {},
  };
  return { kind: 'put', row };
};

export const resourcesPart = viewPart<ResourceEvent>({
  name: 'resources',
  category: 'resource',
  events: resourceEvents,
  create,
  indexes,
  changesOf,
});
