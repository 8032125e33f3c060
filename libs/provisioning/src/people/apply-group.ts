import type { GroupEvent } from '@tenure/contracts';
import type { Sql } from '@tenure/database';
import type { Instant, Revision } from '@tenure/eventing';
import type { JsonObject } from '@tenure/scim';
import { PROVISIONING } from './to-evaluate.ts';

type Key = { tenantId: string; groupId: string; revision: Revision };

/** One group's fact. Returns the users whose evaluation it may change, those in nested groups among them. */
export const applyGroup = async (
  sql: Sql,
  { tenantId, groupId, revision }: Key,
  event: GroupEvent,
  occurredAt: Instant,
): Promise<string[]> => {
  if (event.type !== 'GroupCreated')
    await sql.query({
      name: 'provisioning.move_group',
      text: `update ${PROVISIONING}.groups set revision = $3 where tenant_id = $1 and id = $2`,
      values: [tenantId, groupId, revision],
    });
  switch (event.type) {
    case 'GroupCreated':
    case 'GroupChanged':
      await putGroup(sql, { tenantId, groupId, revision }, event.data.connectionId, event.data.resource);
      return [];
    case 'GroupMembersAdded': {
      const { members } = event.data;
      await sql.query({
        name: 'provisioning.add_members',
        text: `insert into ${PROVISIONING}.memberships as m (tenant_id, group_id, member_id, kind, since)
               select $1, $2, id, kind, $5::timestamptz from unnest($3::text[], $4::text[]) a (id, kind) order by id
               on conflict (tenant_id, group_id, member_id) do update set since = excluded.since, left_at = null, left_revision = null where m.left_at is not null`,
        values: [tenantId, groupId, members.map(({ id }) => id), members.map(({ kind }) => kind), occurredAt],
      });
      return usersBelow(
        sql,
        tenantId,
        members.map(({ id }) => id),
      );
    }
    case 'GroupMembersRemoved': {
      const { memberIds } = event.data;
      await sql.query({
        name: 'provisioning.remove_members',
        text: `update ${PROVISIONING}.memberships set left_at = $4, left_revision = $5 where tenant_id = $1 and group_id = $2 and member_id = any($3) and left_at is null`,
        values: [tenantId, groupId, memberIds, occurredAt, revision],
      });
      return usersBelow(sql, tenantId, memberIds);
    }
    case 'GroupDeleted': {
      const users = await usersBelow(sql, tenantId, [groupId]);
      await sql.query({
        text: `update ${PROVISIONING}.memberships set left_at = $3, left_revision = $4 where tenant_id = $1 and $2 in (group_id, member_id) and left_at is null`,
        values: [tenantId, groupId, occurredAt, revision],
      });
      await sql.query({
        text: `update ${PROVISIONING}.groups set deleted_at = $3 where tenant_id = $1 and id = $2`,
        values: [tenantId, groupId, occurredAt],
      });
      return users;
    }
  }
};

const putGroup = async (
  sql: Sql,
  { tenantId, groupId, revision }: Key,
  connectionId: string,
  { displayName }: JsonObject,
) => {
  await sql.query({
    text: `insert into ${PROVISIONING}.groups (tenant_id, id, connection_id, display_name, revision) values ($1, $2, $3, $4, $5)
           on conflict (tenant_id, id) do update set display_name = excluded.display_name`,
    values: [tenantId, groupId, connectionId, typeof displayName === 'string' ? displayName : groupId, revision],
  });
};

/** Those of the ids that are people, and the people in those that are groups, at any depth. */
const usersBelow = async (sql: Sql, tenantId: string, ids: readonly string[]): Promise<string[]> => {
  const rows = await sql.query<{ id: string }>({
    name: 'provisioning.users_below',
    text: `with recursive below (id) as (
             select unnest($2::text[])
             union
             select m.member_id from below b join ${PROVISIONING}.memberships m on m.tenant_id = $1 and m.group_id = b.id and m.left_at is null)
           select id from below where not exists (select 1 from ${PROVISIONING}.groups g where g.tenant_id = $1 and g.id = below.id)`,
    values: [tenantId, ids],
  });
  return rows.map(({ id }) => id);
};
