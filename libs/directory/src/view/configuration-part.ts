import type { Decoded, DomainEvent } from '@tenure/eventing';
import { viewPart, type StreamEvents, type ViewPart } from './view-part.ts';

/** What an event says of a row: its new values by name, `null` for one that is gone; or that the row is. */
export type RowPatch = Readonly<Record<string, unknown>> | 'gone';

type ConfigurationPart<Event extends DomainEvent> = Pick<ViewPart, 'name' | 'category' | 'events'> & {
  patchOf: (event: Event) => RowPatch;
  /** Columns read out of `body`, so that they can be joined and indexed. */
  columns?: readonly string[];
  /** Its indexes beside those that every such table has. */
  moreIndexes?: (table: string) => readonly string[];
};

/**
 * A part whose rows are small and seldom change (tenants, admins, connections): a row is a `body` that events patch. Several parts may share
 * a category; each takes the streams that its own events are in.
 *
 * An event at or below the head may be patched again: the batch goes on to its end without a gap, so the last word on each value wins.
 */
export const configurationPart = <Event extends DomainEvent>({
  name,
  category,
  events,
  patchOf,
  columns = [],
  moreIndexes = () => [],
}: ConfigurationPart<Event>): ViewPart => {
  const own = new Set(events.map(({ type }) => type));
  return viewPart<Event>({
    name,
    category,
    events,
    create: (schema) => `
      create table ${schema}.${name} (
        tenant_id text not null,
        id text not null,
        created_at timestamptz not null,
        last_modified timestamptz not null,
        revision int not null,
        body jsonb not null,
        ${columns.map((column) => `${column},`).join('\n        ')}
        primary key (tenant_id, id)
      );

      create function ${schema}.apply_${name}(changes jsonb, ready jsonb) returns void language plpgsql as $apply$
      begin
        insert into ${schema}.${name} as t (tenant_id, id, created_at, last_modified, revision, body)
          select tenant_id, id, created_at, last_modified, revision, jsonb_strip_nulls(patch)
          from jsonb_to_recordset(changes) as c (
            stream text, tenant_id text, id text, created_at timestamptz, last_modified timestamptz, revision int, patch jsonb, gone boolean)
          where ready ? stream and not gone and patch is not null
        on conflict (tenant_id, id) do update set
          last_modified = excluded.last_modified, revision = excluded.revision,
          body = jsonb_strip_nulls(t.body || (select patch from jsonb_to_recordset(changes) as c (tenant_id text, id text, patch jsonb)
                                              where c.tenant_id = t.tenant_id and c.id = t.id));
        update ${schema}.${name} t set last_modified = c.last_modified, revision = c.revision
          from jsonb_to_recordset(changes) as c (stream text, tenant_id text, id text, last_modified timestamptz, revision int, patch jsonb)
          where ready ? c.stream and c.patch is null and t.tenant_id = c.tenant_id and t.id = c.id;
        delete from ${schema}.${name} t using jsonb_to_recordset(changes) as c (stream text, tenant_id text, id text, gone boolean)
          where ready ? c.stream and c.gone and t.tenant_id = c.tenant_id and t.id = c.id;
      end $apply$`,
    indexes: (schema) => [
      `create index if not exists ${name}_in_order on ${schema}.${name} (tenant_id, created_at, id)`,
      ...moreIndexes(`${schema}.${name}`),
    ],
    changesOf: (streams) => streams.flatMap((stream) => changeOf(stream, own, patchOf)),
  });
};

/** Nothing for a stream whose events are another part's. One that says nothing here (a forfeited claim) still moves the revision. */
const changeOf = <Event extends DomainEvent>(
  { stream, tenantId, id, events }: StreamEvents<Event>,
  own: ReadonlySet<string>,
  patchOf: (event: Event) => RowPatch,
) => {
  if (events.some(({ event }) => event && !own.has(event.type))) return [];
  const patches = events.flatMap(({ event }: Decoded<Event>) => (event ? [patchOf(event)] : []));
  const last = events.at(-1)!;
  // What is there again after it was gone counts from then on.
  const left = patches.slice(patches.lastIndexOf('gone') + 1);
  return [
    {
      stream,
      tenant_id: tenantId,
      id,
      created_at: events[0]!.metadata.occurredAt,
      last_modified: last.metadata.occurredAt,
      revision: last.revision,
      gone: left.length === 0 && patches.length > 0,
      ...(left.length > 0 && { patch: Object.assign({}, ...left) as object }),
    },
  ];
};
