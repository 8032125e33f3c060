import type { Sql } from '@tenure/database';
import type { JsonObject } from '@tenure/scim';

export type GroupOfUser = { user_id: string; id: string; display_name: string | null; direct: boolean };

/** SQL for the tenant, an array of ids of users, and the connection or null. */
type Wanted = { tenantId: string; ids: string; connectionId: string };

/** A row for each user and group, in the order in which they are shown. */
export const groupsOfUsersQuery = (schema: string, { tenantId, ids, connectionId }: Wanted) => `
  with recursive up(user_id, group_id, direct) as (
    select m.member_id, m.group_id, true from ${schema}.group_members m where m.tenant_id = ${tenantId} and m.member_id = any(${ids})
    union
    select up.user_id, m.group_id, false from up join ${schema}.group_members m on m.tenant_id = ${tenantId} and m.member_id = up.group_id
  )
  select up.user_id, g.id, g.display_name, bool_or(up.direct) as direct
  from up join ${schema}.groups g on g.tenant_id = ${tenantId} and g.id = up.group_id
  where ${connectionId} is null or g.connection_id = ${connectionId}
  group by up.user_id, g.id, g.display_name, g.created_at
  order by bool_or(up.direct) desc, g.created_at, g.id`;

/** As `User.groups` shows it. */
export const shownGroup = ({ id, display_name, direct }: GroupOfUser): JsonObject => ({
  value: id,
  ...(display_name !== null && { display: display_name }),
  type: direct ? 'direct' : 'indirect',
});

/** `User.groups` (RFC 7643 §4.1.2): those that name the user, and those that hold these; of one connection, or of all. */
export const groupsOfUsers = async (
  sql: Sql,
  schema: string,
  { tenantId, ids, connectionId }: { tenantId: string; ids: readonly string[]; connectionId?: string },
): Promise<Map<string, JsonObject[]>> => {
  const found = new Map<string, JsonObject[]>(ids.map((id) => [id, []]));
  if (ids.length === 0) return found;
  const rows = await sql.query<GroupOfUser>({
    name: `${schema}.groups-of-users`,
    text: groupsOfUsersQuery(schema, { tenantId: '$1', ids: '$2::text[]', connectionId: '$3::text' }),
    values: [tenantId, ids, connectionId ?? null],
  });
  for (const row of rows) found.get(row.user_id)?.push(shownGroup(row));
  return found;
};
