import { namesOf, searchWords, userEvents, type UserEvent } from '@tenure/contracts';
import { ERASED } from '@tenure/eventing';
import {
  searchDocument,
  tenureUserSchema,
  userType,
  withSchemas,
  withValue,
  type Json,
  type Resource,
  type ResourceType,
} from '@tenure/scim';
import { wordsColumn, wordsIndex } from '../filter-sql/search-words.ts';
import { viewPart, type StreamEvents, type TypesOf } from '../view/view-part.ts';
import { uniqueKey } from './unique-key.ts';
import { isActive } from './user.state.ts';

/**
 * Columns for what is asked for most, `search` for the rest of a filter (design, decision 8). A row of 2 kB or more would be compressed on
 * each write; left as it is a write takes a fifth less time (120 µs to 99 µs a row in batches of 500).
 */
const create = (schema: string) => `
  create table ${schema}.users (
    tenant_id text not null,
    id text not null,
    connection_id text,
    unassigned_from text,
    account_type text not null,
    active boolean not null,
    user_name_key text not null,
    external_id text,
    display_name text,
    password_id text,
    created_at timestamptz not null,
    last_modified timestamptz not null,
    revision int not null,
    resource jsonb not null,
    search jsonb not null,
    words tsvector not null,
    primary key (tenant_id, id)
  ) with (toast_tuple_target = 8160);

  create function ${schema}.apply_users(changes jsonb, ready jsonb) returns void language plpgsql as $apply$
  begin
    insert into ${schema}.users
      select tenant_id, id, connection_id, unassigned_from, account_type, active, user_name_key, external_id, display_name,
             password_id, created_at, last_modified, revision, resource, search, ${wordsColumn('words')}
      from jsonb_to_recordset(changes->'put') as c (
        stream text, tenant_id text, id text, connection_id text, unassigned_from text, account_type text, active boolean, user_name_key text,
        external_id text, display_name text, password_id text, created_at timestamptz, last_modified timestamptz,
        revision int, resource jsonb, search jsonb, words jsonb)
      where ready ? stream
    on conflict (tenant_id, id) do update set
      connection_id = excluded.connection_id, unassigned_from = excluded.unassigned_from, account_type = excluded.account_type,
      active = excluded.active, user_name_key = excluded.user_name_key, external_id = excluded.external_id, display_name = excluded.display_name,
      password_id = excluded.password_id, last_modified = excluded.last_modified,
      revision = excluded.revision, resource = excluded.resource, search = excluded.search,
      words = excluded.words;
    update ${schema}.users u set revision = c.revision, last_modified = c.last_modified
      from jsonb_to_recordset(changes->'touched') as c (stream text, tenant_id text, id text, revision int, last_modified timestamptz)
      where ready ? c.stream and u.tenant_id = c.tenant_id and u.id = c.id;
    delete from ${schema}.users u using jsonb_to_recordset(changes->'gone') as c (stream text, tenant_id text, id text)
      where ready ? c.stream and u.tenant_id = c.tenant_id and u.id = c.id;
  end $apply$`;

/** The pending list of the index of `search` is kept short, for every filter reads all of it and a filter often comes right after a create. */
const indexes = (schema: string) => [
  `create index if not exists users_by_name on ${schema}.users (tenant_id, user_name_key)`,
  `create index if not exists users_by_external_id on ${schema}.users (tenant_id, external_id) where external_id is not null`,
  `create index if not exists users_by_password on ${schema}.users (password_id) where password_id is not null`,
  `create index if not exists users_in_order on ${schema}.users (tenant_id, created_at, id)`,
  `create index if not exists users_by_search on ${schema}.users using gin (search jsonb_path_ops) with (gin_pending_list_limit = 512)`,
  wordsIndex(`${schema}.users`, 'users_by_words'),
];

/** Each event holds the whole resource after it, so the last of a batch says it all; `created_at` is only taken of a first event. */
const changesOf = (streams: readonly StreamEvents<UserEvent>[], typesOf: TypesOf) => {
  const changes = streams.map((stream) => changeOf(stream, typesOf(stream).user.type));
  const ofKind = (wanted: string) => changes.flatMap(({ kind, row }) => (kind === wanted ? [row] : []));
  return { put: ofKind('put'), touched: ofKind('touched'), gone: ofKind('gone') };
};

const changeOf = ({ stream, tenantId, id, events }: StreamEvents<UserEvent>, type: ResourceType) => {
  const { revision, metadata } = events.at(-1)!;
  const key = { stream, tenant_id: tenantId, id, revision, last_modified: metadata.occurredAt };
  // An envelope that says nothing (a forfeited claim) still moves the revision, which is the ETag.
  const event = events.findLast((one) => one.event)?.event;
  if (!event) return { kind: 'touched', row: key };
  if (!('personal' in event) || event.personal === ERASED) return { kind: 'gone', row: key };
  const { resource } = event.personal;
  const { accountType, connectionId, unassignedFrom, passwordId } = event.data;
  const { userName, externalId, displayName } = resource;
  const row = {
    ...key,
    connection_id: connectionId,
    unassigned_from: unassignedFrom,
    account_type: accountType,
    active: isActive(resource),
    user_name_key: uniqueKey(userName),
    external_id: externalId,
    display_name: displayName,
    password_id: passwordId,
    created_at: events[0]!.metadata.occurredAt,
    resource,
    search: searchDocument(type, withAccountType(resource, accountType)),
    words: searchWords(tenantId, namesOf(resource)),
  };
  return { kind: 'put', row };
};

/** The type of the account is shown, and found, in Tenure's extension (decision 14). Extensions of a tenant's own come after it, as the user was stored with them (R71). */
export const withAccountType = (resource: Resource, accountType: string): Resource => {
  const shown = withSchemas(userType, withValue(resource, `${tenureUserSchema.id}:accountType`, accountType));
  const stored = Array.isArray(resource.schemas) ? resource.schemas : [];
  return stored.every((urn) => (shown.schemas as Json[]).includes(urn))
    ? shown
    : { ...shown, schemas: [...new Set([...(shown.schemas as Json[]), ...stored])] };
};

export const usersPart = viewPart<UserEvent>({
  name: 'users',
  category: 'user',
  events: userEvents,
  create,
  indexes,
  changesOf,
});
