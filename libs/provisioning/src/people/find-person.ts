import type { Sql } from '@tenure/database';
import type { Instant, Revision } from '@tenure/eventing';
import type { JsonObject } from '@tenure/scim';
import { PROVISIONING } from './to-evaluate.ts';

export type KnownPerson = {
  tenantId: string;
  id: string;
  /** The last revision of the user that is known here, and the one at which `active` became what it is. */
  revision: Revision;
  activeRevision: Revision;
  resource: JsonObject;
  active: boolean;
  archived: boolean;
  deletedAt: Instant | null;
  /** Since when each of them is as it is. */
  since: { active: Instant; archived: Instant; unit: Instant; domain: Instant; changed: Instant };
};

/** When a membership ended, and at which revision of the group that says so. */
export type Ending = { at: Instant; revision: Revision };

/** Memberships of a person: those that hold, and when those that don't ended. */
export type KnownGroups = {
  direct: ReadonlySet<string>;
  /** Directly, or nested in one of them. */
  all: ReadonlySet<string>;
  directUntil: ReadonlyMap<string, Ending>;
  allUntil: ReadonlyMap<string, Ending>;
};

type PersonRow = {
  id: string;
  resource: JsonObject | null;
  revision: Revision;
  active_revision: Revision;
  active: boolean;
  archived: boolean;
  deleted_at: Instant | null;
  active_since: Instant;
  archived_since: Instant;
  unit_since: Instant;
  domain_since: Instant;
  changed_at: Instant;
};

/** Those of them who are known; who was erased isn't. */
export const findPeople = async (sql: Sql, tenantId: string, ids: readonly string[]): Promise<KnownPerson[]> => {
  const rows = await sql.query<PersonRow>({
    name: 'provisioning.people',
    text: `select p.* from (select unnest((select $2::text[])) as id) asked
           cross join lateral (
             select id, resource, revision, active_revision, active, archived, deleted_at, active_since, archived_since, unit_since, domain_since, changed_at
             from ${PROVISIONING}.people where tenant_id = $1 and id = asked.id limit 1
           ) p`,
    values: [tenantId, ids],
  });
  return rows.flatMap((row) => knownPerson(tenantId, row) ?? []);
};

const knownPerson = (tenantId: string, row: PersonRow): KnownPerson | undefined =>
  row.resource === null
    ? undefined
    : {
        tenantId,
        id: row.id,
        revision: row.revision,
        activeRevision: row.active_revision,
        resource: row.resource,
        active: row.active,
        archived: row.archived,
        deletedAt: row.deleted_at,
        since: {
          active: row.active_since,
          archived: row.archived_since,
          unit: row.unit_since,
          domain: row.domain_since,
          changed: row.changed_at,
        },
      };

/**
 * The groups of each of these people, whether they have any or not. A path of memberships held until the first of its links ended, and a group until the last of the paths to it did; `until` null = still.
 * Links that ended could form a ring with later ones, so no group comes twice in a path.
 */
export const groupsOf = async (
  sql: Sql,
  tenantId: string,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, KnownGroups>> => {
  const rows = await sql.query<GroupRow>({
    name: 'provisioning.groups_of',
    text: `with recursive above (user_id, group_id, until, revision, path) as (
             select asked.id, m.group_id, m.left_at, m.left_revision, array[m.group_id]
             from (select unnest((select $2::text[])) as id) asked
             cross join lateral (
               select group_id, left_at, left_revision from ${PROVISIONING}.memberships where tenant_id = $1 and member_id = asked.id
             ) m
             union all
             select a.user_id, m.group_id, least(a.until, m.left_at),
                    case when m.left_at < a.until or a.until is null then m.left_revision else a.revision end, a.path || m.group_id
             from above a join ${PROVISIONING}.memberships m on m.tenant_id = $1 and m.member_id = a.group_id
             where m.group_id <> all (a.path) and cardinality(a.path) < 20)
           select user_id, group_id, least(cardinality(path), 2) as depth, until, revision from above`,
    values: [tenantId, userIds],
  });
  const rowsOf = new Map<string, GroupRow[]>(userIds.map((id) => [id, []]));
  for (const row of rows) rowsOf.get(row.user_id)!.push(row);
  return new Map([...rowsOf].map(([id, own]) => [id, knownGroups(own)]));
};

const knownGroups = (rows: readonly GroupRow[]): KnownGroups => {
  const direct = rows.filter(({ depth }) => depth === 1);
  const holding = (some: readonly GroupRow[]) =>
    new Set(some.filter(({ until }) => until === null).map(({ group_id }) => group_id));
  return { direct: holding(direct), all: holding(rows), directUntil: endings(direct), allUntil: endings(rows) };
};

type GroupRow = {
  user_id: string;
  group_id: string;
  depth: number;
  until: Instant | null;
  revision: Revision | null;
};

const endings = (rows: readonly GroupRow[]): Map<string, Ending> => {
  const ended = new Map<string, Ending>();
  for (const { group_id, until, revision } of rows) {
    const known = ended.get(group_id);
    if (until !== null && (known === undefined || until > known.at))
      ended.set(group_id, { at: until, revision: revision ?? 0 });
  }
  return ended;
};

/** The last revision that is known here of each of these groups; a group that isn't known is left out. */
export const groupRevisions = async (
  sql: Sql,
  tenantId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Revision>> => {
  if (ids.length === 0) return new Map();
  const rows = await sql.query<{ id: string; revision: Revision }>({
    name: 'provisioning.group_revisions',
    text: `select id, revision from ${PROVISIONING}.groups where tenant_id = $1 and id = any($2)`,
    values: [tenantId, ids],
  });
  return new Map(rows.map(({ id, revision }) => [id, revision]));
};

export type KnownTenant = {
  revision: Revision;
  primaryDomain: string;
  domainSince: Instant | null;
  /** Whether entitlements are given at all (R64). */
  entitlements: boolean;
};

export const findTenant = async (sql: Sql, tenantId: string): Promise<KnownTenant> => {
  const [row] = await sql.query<{
    revision: Revision;
    primary_domain: string;
    domain_since: Instant;
    features: { entitlements?: boolean };
  }>({
    name: 'provisioning.tenant',
    text: `select revision, primary_domain, domain_since, features from ${PROVISIONING}.tenants where id = $1`,
    values: [tenantId],
  });
  return {
    revision: row?.revision ?? 0,
    primaryDomain: row?.primary_domain ?? '',
    domainSince: row?.domain_since ?? null,
    entitlements: row?.features.entitlements ?? true,
  };
};
