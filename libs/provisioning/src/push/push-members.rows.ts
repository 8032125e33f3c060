import type { Sql } from '@tenure/database';
import type { RemoteId } from '../connector/index.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';

type Push = { tenantId: string; pushId: string };

/** A membership that differs. `given`: it is Tenure's already, by a rule that gave it before the group was pushed. */
export type MemberToDo = {
  accountId: string;
  todo: 'add' | 'remove' | 'forget';
  remoteId: RemoteId | null;
  given: boolean;
};

/** The next of a push that differ; what takes access away goes first. */
export const membersToDo = (sql: Sql, { tenantId, pushId }: Push, group: RemoteId, most: number) =>
  sql.query<MemberToDo>({
    name: 'provisioning.push_members_to_do',
    text: `select m.account_id as "accountId", m.todo, v.remote_id as "remoteId",
                  coalesce(v.record->'state'->'entitlements' @> jsonb_build_array(jsonb_build_object('kind', 'group', 'id', $3::text, 'owned', true)), false) as given
           from (select * from ${PROVISIONING_VIEW}.push_members where tenant_id = $1 and push_id = $2 and todo is not null
                 order by todo desc, account_id limit $4) m
           left join ${PROVISIONING_VIEW}.accounts v on v.tenant_id = m.tenant_id and v.id = m.account_id`,
    values: [tenantId, pushId, group, most],
  });

/** The app has no such accounts, or their link was lost just now: they wait until their accounts change. */
export const setAside = async (sql: Sql, { tenantId, pushId }: Push, accountIds: readonly string[]): Promise<void> => {
  if (accountIds.length === 0) return;
  await sql.query({
    text: `update ${PROVISIONING_VIEW}.push_members set missing = true where tenant_id = $1 and push_id = $2 and account_id = any($3)`,
    values: [tenantId, pushId, accountIds],
  });
};

/** Which of these members of an app's group aren't meant to be in it, and whose accounts they are. Who is still to be looked at is none of them. */
export const strangersAmong = async (
  sql: Sql,
  { tenantId, pushId, appId }: Push & { appId: string },
  members: readonly RemoteId[],
): Promise<{ remoteId: RemoteId; accountId: string | null }[]> =>
  sql.query({
    name: 'provisioning.push_strangers',
    text: `select asked.id as "remoteId", v.id as "accountId" from unnest($4::text[]) as asked (id)
           left join ${PROVISIONING_VIEW}.accounts v on v.tenant_id = $1 and v.app_id = $3 and v.remote_id = asked.id
           left join ${PROVISIONING_VIEW}.push_members m on m.tenant_id = $1 and m.push_id = $2 and m.account_id = v.id
           where m.wanted is not true
             and not exists (select from ${PROVISIONING_VIEW}.push_marks k where k.kind = 'user' and k.tenant_id = $1 and k.id = v.user_id)`,
    values: [tenantId, pushId, appId, members],
  });
