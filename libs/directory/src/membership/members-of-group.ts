import type { Sql } from '@tenure/database';
import type { MemberKind } from '@tenure/contracts';
import type { JsonObject } from '@tenure/scim';

type Row = { member_id: string; kind: MemberKind; display_name: string | null; alive: boolean };

/** `remnants`: rows of members that were deleted, which a reactor has yet to take out; until then no 304 (design, decision 4). */
export type GroupMembers = { members: JsonObject[]; remnants: boolean };

/** The living members of a group, nested groups among them. */
export const membersOfGroup = async (sql: Sql, schema: string, tenantId: string, groupId: string): Promise<GroupMembers> => {
  const rows = await sql.query<Row>({
    name: `${schema}.members-of-group`,
    text: `
      select m.member_id, m.kind, coalesce(u.display_name, g.display_name) as display_name, coalesce(u.id, g.id) is not null as alive
      from ${schema}.group_members m
      left join ${schema}.users u on m.kind = 'User' and u.tenant_id = $1 and u.id = m.member_id
      left join ${schema}.groups g on m.kind = 'Group' and g.tenant_id = $1 and g.id = m.member_id
      where m.tenant_id = $1 and m.group_id = $2
      order by m.member_id`,
    values: [tenantId, groupId],
  });
  const alive = rows.filter((row) => row.alive);
  return {
    members: alive.map(({ member_id, kind, display_name }) => ({ value: member_id, type: kind, ...(display_name !== null && { display: display_name }) })),
    remnants: alive.length < rows.length,
  };
};
