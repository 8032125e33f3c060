import type { Sql } from '@tenure/database';
import type { MemberKind } from '@tenure/contracts';
import type { JsonObject } from '@tenure/scim';
import { parameters } from '../filter-sql/parameters.ts';
import type { ConnectionPolicy } from '../user/connection-policy.ts';
import { userSight } from '../user/user.queries.ts';

type Row = { member_id: string; kind: MemberKind; display_name: string | null; shown: boolean };

/** `remnants`: rows of members that are not shown: deleted, until a reactor takes them out, or not seen by the connection any more; with them no 304 (design, decision 4). */
export type GroupMembers = { members: JsonObject[]; remnants: boolean };

/** The living members of a group, nested groups among them. Whom a connection let go of, or lost to another, it sees in its groups no more (decision 14). */
export const membersOfGroup = async (
  sql: Sql,
  schema: string,
  { tenantId, groupId, policy }: { tenantId: string; groupId: string; policy?: ConnectionPolicy },
): Promise<GroupMembers> => {
  const given = parameters(tenantId, groupId);
  const sight = userSight(policy ? { kind: 'connection', policy } : { kind: 'admin' }, given);
  const rows = await sql.query<Row>({
    // One prepared statement for each number of parameters, which tells the forms of a sight apart by all but one flag.
    name: `${schema}.members-of-group-${given.values.length}-${policy?.settings.eligibility.managedOnly ?? 'all'}`,
    text: `
      select m.member_id, m.kind, coalesce(u.display_name, g.display_name) as display_name, coalesce(u.id, g.id) is not null as shown
      from ${schema}.group_members m
      left join ${schema}.users u on m.kind = 'User' and u.tenant_id = $1 and u.id = m.member_id and ${sight}
      left join ${schema}.groups g on m.kind = 'Group' and g.tenant_id = $1 and g.id = m.member_id
      where m.tenant_id = $1 and m.group_id = $2
      order by m.member_id`,
    values: given.values,
  });
  const shown = rows.filter((row) => row.shown);
  return {
    members: shown.map(({ member_id, kind, display_name }) => ({
      value: member_id,
      type: kind,
      ...(display_name !== null && { display: display_name }),
    })),
    remnants: shown.length < rows.length,
  };
};
