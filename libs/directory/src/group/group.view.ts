import { groupEvents, searchWords, type GroupEvent, type MemberKind } from '@tenure/contracts';
import { fold, searchDocument, type ResourceType } from '@tenure/scim';
import { wordsColumn, wordsIndex } from '../filter-sql/search-words.ts';
import { viewPart, type StreamEvents, type TypesOf } from '../view/view-part.ts';

/**
 * `group_members` are the raw rows that the stream's deltas add up to, members that were deleted since among them: who is a member *now*
 * is asked by joining the living (design, decision 4).
 */
const create = (schema: string) => `
  create table ${schema}.groups (
    tenant_id text not null,
    id text not null,
    connection_id text not null,
    display_name text,
    display_name_key text,
    external_id text,
    created_at timestamptz not null,
    last_modified timestamptz not null,
    revision int not null,
    resource jsonb not null,
    search jsonb not null,
    words tsvector not null,
    primary key (tenant_id, id)
  );

  create table ${schema}.group_members (
    tenant_id text not null,
    group_id text not null,
    member_id text not null,
    kind text not null,
    primary key (tenant_id, group_id, member_id)
  );

  create function ${schema}.apply_groups(changes jsonb, ready jsonb) returns void language plpgsql as $apply$
  begin
    insert into ${schema}.groups
      select c.tenant_id, c.id, p.connection_id, p.display_name, p.display_name_key, p.external_id, c.created_at, c.last_modified, c.revision,
             p.resource, p.search, ${wordsColumn('p.words')}
      from jsonb_to_recordset(changes) as c (
        stream text, tenant_id text, id text, created_at timestamptz, last_modified timestamptz, revision int, profile jsonb, gone boolean),
      jsonb_to_record(c.profile) as p (
        revision int, connection_id text, display_name text, display_name_key text, external_id text, resource jsonb, search jsonb, words jsonb)
      where ready ? c.stream and not c.gone and c.profile is not null and p.revision > (ready->>c.stream)::int
    on conflict (tenant_id, id) do update set
      display_name = excluded.display_name, display_name_key = excluded.display_name_key,
      external_id = excluded.external_id, resource = excluded.resource, search = excluded.search,
      words = excluded.words;

    update ${schema}.groups g set revision = c.revision, last_modified = c.last_modified
      from jsonb_to_recordset(changes) as c (stream text, tenant_id text, id text, last_modified timestamptz, revision int, gone boolean)
      where ready ? c.stream and not c.gone and g.tenant_id = c.tenant_id and g.id = c.id and g.revision <> c.revision;

    delete from ${schema}.groups g
      using jsonb_to_recordset(changes) as c (stream text, tenant_id text, id text, gone boolean)
      where ready ? c.stream and c.gone and g.tenant_id = c.tenant_id and g.id = c.id;

    delete from ${schema}.group_members m
      using jsonb_to_recordset(changes) as c (stream text, tenant_id text, id text, gone boolean)
      where ready ? c.stream and c.gone and m.tenant_id = c.tenant_id and m.group_id = c.id;

    -- Each by its key: joined, a table whose size the planner doesn't know yet is read for the whole group.
    delete from ${schema}.group_members where ctid = any (array(
      select m.ctid
      from jsonb_to_recordset(changes) as c (stream text, tenant_id text, id text, removed jsonb, gone boolean)
      cross join lateral jsonb_each_text(c.removed) as r (member_id, revision)
      cross join lateral (
        select g.ctid from ${schema}.group_members g where g.tenant_id = c.tenant_id and g.group_id = c.id and g.member_id = r.member_id limit 1
      ) m
      where ready ? c.stream and not c.gone and r.revision::int > (ready->>c.stream)::int));

    insert into ${schema}.group_members (tenant_id, group_id, member_id, kind)
      select c.tenant_id, c.id, a.member_id, a.said->>'kind'
      from jsonb_to_recordset(changes) as c (stream text, tenant_id text, id text, added jsonb, gone boolean), jsonb_each(c.added) as a (member_id, said)
      where ready ? c.stream and not c.gone and (a.said->>'revision')::int > (ready->>c.stream)::int
    on conflict do nothing;
  end $apply$`;

const indexes = (schema: string) => [
  `create index if not exists groups_by_name on ${schema}.groups (tenant_id, display_name_key)`,
  `create index if not exists groups_in_order on ${schema}.groups (tenant_id, created_at, id)`,
  `create index if not exists groups_by_search on ${schema}.groups using gin (search jsonb_path_ops) with (gin_pending_list_limit = 512)`,
  wordsIndex(`${schema}.groups`, 'groups_by_words'),
  `create index if not exists groups_of_member on ${schema}.group_members (tenant_id, member_id, group_id)`,
];

const changesOf = (streams: readonly StreamEvents<GroupEvent>[], typesOf: TypesOf) =>
  streams.map((stream) => changeOf(stream, typesOf(stream).group.type));

const changeOf = ({ stream, tenantId, id, events }: StreamEvents<GroupEvent>, type: ResourceType) => {
  const last = events.at(-1)!;
  const profiled = events.findLast(({ event }) => event?.type === 'GroupCreated' || event?.type === 'GroupChanged');
  return {
    stream,
    tenant_id: tenantId,
    id,
    created_at: events[0]!.metadata.occurredAt,
    last_modified: last.metadata.occurredAt,
    revision: last.revision,
    gone: events.some(({ event }) => event?.type === 'GroupDeleted'),
    ...membersOf(events),
    ...(profiled && { profile: profileOf(profiled, tenantId, type) }),
  };
};

/** The last word on each member, with the revision that said it: what a head has passed is skipped by that. */
const membersOf = (events: StreamEvents<GroupEvent>['events']) => {
  const added = new Map<string, { kind: MemberKind; revision: number }>();
  const removed = new Map<string, number>();
  for (const { event, revision } of events) {
    if (event?.type === 'GroupMembersAdded')
      for (const { id, kind } of event.data.members) {
        removed.delete(id);
        added.set(id, { kind, revision });
      }
    if (event?.type === 'GroupMembersRemoved')
      for (const id of event.data.memberIds) {
        added.delete(id);
        removed.set(id, revision);
      }
  }
  return { added: Object.fromEntries(added), removed: Object.fromEntries(removed) };
};

const profileOf = (
  { event, revision }: StreamEvents<GroupEvent>['events'][number],
  tenantId: string,
  type: ResourceType,
) => {
  if (event?.type !== 'GroupCreated' && event?.type !== 'GroupChanged') return undefined;
  const { connectionId, resource } = event.data;
  const { displayName, externalId } = resource;
  return {
    revision,
    connection_id: connectionId,
    display_name: displayName,
    display_name_key: typeof displayName === 'string' ? fold(displayName) : undefined,
    external_id: externalId,
    resource,
    search: searchDocument(type, resource),
    words: searchWords(tenantId, [displayName]),
  };
};

export const groupsPart = viewPart<GroupEvent>({
  name: 'groups',
  category: 'group',
  events: groupEvents,
  create,
  indexes,
  changesOf,
});
