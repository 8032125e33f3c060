import type { Sql } from '@tenure/database';
import { tenureGroupSchema, type Resource } from '@tenure/scim';
import { isGuest } from '../user/guest.ts';

type Guest = { id: string; roles: Resource['roles'] };

const idsOfGuests = (rows: readonly Guest[]): string[] => rows.filter(isGuest).map(({ id }) => id);

/** In SQL who may be a guest, which an index finds; `isGuest` has the last word. */
const MAYBE = `u.search @> '{"roles": [{"value": "guest"}]}'`;
const CLOSED = `g.resource @> '{"${tenureGroupSchema.id}": {"closedToGuests": true}}'`;

/** Of these, the ids of guests. */
export const guestsAmong = async (
  sql: Sql,
  schema: string,
  tenantId: string,
  ids: readonly string[],
): Promise<string[]> => {
  if (ids.length === 0) return [];
  const text = `select u.id, u.resource -> 'roles' as roles from ${schema}.users u where u.tenant_id = $1 and u.id = any($2::text[]) and ${MAYBE} order by u.id`;
  return idsOfGuests(await sql.query<Guest>({ name: `${schema}.guests-among`, text, values: [tenantId, ids] }));
};

/** R14: the members of a group that it is closed to, of all or of these; none where it is closed to nobody. */
export const guestsInClosed = async (
  sql: Sql,
  schema: string,
  tenantId: string,
  groupId: string,
  ids?: readonly string[],
): Promise<string[]> => {
  // Most groups are closed to nobody: that is asked by key, before anybody in them.
  const closed = await sql.query({
    name: `${schema}.is-closed`,
    text: `select 1 from ${schema}.groups g where g.tenant_id = $1 and g.id = $2 and ${CLOSED}`,
    values: [tenantId, groupId],
  });
  if (closed.length === 0) return [];
  const text = `
    select u.id, u.resource -> 'roles' as roles
    from ${schema}.group_members m
    cross join lateral (select u.id, u.resource from ${schema}.users u where u.tenant_id = m.tenant_id and u.id = m.member_id and ${MAYBE} limit 1) u
    where m.tenant_id = $1 and m.group_id = $2 and ($3::text[] is null or m.member_id = any($3))
    order by u.id`;
  return idsOfGuests(await sql.query<Guest>({ text, values: [tenantId, groupId, ids ?? null] }));
};

/** R14: the groups that are closed to guests and have the user as a member, if the user is one. */
export const closedGroupsOf = async (sql: Sql, schema: string, tenantId: string, userId: string): Promise<string[]> => {
  if ((await guestsAmong(sql, schema, tenantId, [userId])).length === 0) return [];
  const text = `
    select g.id from ${schema}.group_members m join ${schema}.groups g on g.tenant_id = m.tenant_id and g.id = m.group_id and ${CLOSED}
    where m.tenant_id = $1 and m.member_id = $2 order by g.id`;
  return (
    await sql.query<{ id: string }>({ name: `${schema}.closed-groups-of`, text, values: [tenantId, userId] })
  ).map(({ id }) => id);
};
