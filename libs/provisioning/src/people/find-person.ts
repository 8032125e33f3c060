import type { Sql } from '@tenure/database';
import type { Instant } from '@tenure/eventing';
import type { JsonObject } from '@tenure/scim';
import { PROVISIONING } from './to-evaluate.ts';

export type KnownPerson = {
  tenantId: string;
  id: string;
  resource: JsonObject;
  active: boolean;
  archived: boolean;
  deletedAt: Instant | null;
  /** Since when each of them is as it is. */
  since: { active: Instant; archived: Instant; unit: Instant; domain: Instant; changed: Instant };
};

/** Memberships of a person: whether they hold, and until when those did that hold no more. */
export type KnownGroups = {
  direct: ReadonlySet<string>;
  /** Directly, or nested in one of them. */
  all: ReadonlySet<string>;
  directUntil: ReadonlyMap<string, Instant>;
  allUntil: ReadonlyMap<string, Instant>;
};

type PersonRow = {
  resource: JsonObject | null;
  active: boolean;
  archived: boolean;
  deleted_at: Instant | null;
  active_since: Instant;
  archived_since: Instant;
  unit_since: Instant;
  domain_since: Instant;
  changed_at: Instant;
};

/** Nobody where the person was erased, or is not known yet. */
export const findPerson = async (sql: Sql, tenantId: string, id: string): Promise<KnownPerson | undefined> => {
  const [row] = await sql.query<PersonRow>({
    name: 'provisioning.person',
    text: `select resource, active, archived, deleted_at, active_since, archived_since, unit_since, domain_since, changed_at
           from ${PROVISIONING}.people where tenant_id = $1 and id = $2`,
    values: [tenantId, id],
  });
  if (!row?.resource) return undefined;
  const since = {
    active: row.active_since,
    archived: row.archived_since,
    unit: row.unit_since,
    domain: row.domain_since,
    changed: row.changed_at,
  };
  return {
    tenantId,
    id,
    resource: row.resource,
    active: row.active,
    archived: row.archived,
    deletedAt: row.deleted_at,
    since,
  };
};

/**
 * A path of memberships held until the first of its links ended, and a group until the last of the paths to it did; `until` null = still.
 * Links that ended could form a ring with later ones, so no group comes twice in a path.
 */
export const groupsOf = async (sql: Sql, tenantId: string, userId: string): Promise<KnownGroups> => {
  const rows = await sql.query<{ group_id: string; depth: number; until: Instant | null }>({
    name: 'provisioning.groups_of',
    text: `with recursive above (group_id, until, path) as (
             select group_id, left_at, array[group_id] from ${PROVISIONING}.memberships where tenant_id = $1 and member_id = $2
             union all
             select m.group_id, least(a.until, m.left_at), a.path || m.group_id
             from above a join ${PROVISIONING}.memberships m on m.tenant_id = $1 and m.member_id = a.group_id
             where m.group_id <> all (a.path) and cardinality(a.path) < 20)
           select group_id, least(cardinality(path), 2) as depth, until from above`,
    values: [tenantId, userId],
  });
  const direct = rows.filter(({ depth }) => depth === 1);
  const holding = (some: typeof rows) =>
    new Set(some.filter(({ until }) => until === null).map(({ group_id }) => group_id));
  return { direct: holding(direct), all: holding(rows), directUntil: endings(direct), allUntil: endings(rows) };
};

const endings = (rows: readonly { group_id: string; until: Instant | null }[]): Map<string, Instant> => {
  const ended = new Map<string, Instant>();
  for (const { group_id, until } of rows) {
    const known = ended.get(group_id);
    if (until !== null && (known === undefined || until > known)) ended.set(group_id, until);
  }
  return ended;
};

export type KnownTenant = { primaryDomain: string; domainSince: Instant | null };

export const findTenant = async (sql: Sql, tenantId: string): Promise<KnownTenant> => {
  const [row] = await sql.query<{ primary_domain: string; domain_since: Instant }>({
    name: 'provisioning.tenant',
    text: `select primary_domain, domain_since from ${PROVISIONING}.tenants where id = $1`,
    values: [tenantId],
  });
  return { primaryDomain: row?.primary_domain ?? '', domainSince: row?.domain_since ?? null };
};
