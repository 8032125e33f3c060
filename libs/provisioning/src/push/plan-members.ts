import type { Database } from '@tenure/database';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';

const PEOPLE_AT_ONCE = 1000;

/** There is an account in the app that can be a member, suspended or not. */
const LINKED = `(v.remote_id is not null and v.record->'state'->>'remote' in ('active', 'suspended'))`;

/**
 * Works out of which pushed groups the next marked people of a tenant are to be members: those that they are in, directly or by a group nested
 * in it, and those that a rule gives them. Marks go in the transaction that used them, before what they stand for is read: who changes
 * it again meanwhile marks again. `afterTenant`: tenants take turns.
 */
export const planMembers = (database: Database, afterTenant: string): Promise<{ tenantId: string } | undefined> =>
  database.transaction(
    async (sql) => {
      const marked = await sql.query<{ tenantId: string; id: string }>({
        name: 'provisioning.take_pushed_users',
        text: `with next as (
                 select tenant_id from ${PROVISIONING_VIEW}.push_marks where kind = 'user' and tenant_id > $1 order by tenant_id limit 1)
               delete from ${PROVISIONING_VIEW}.push_marks m where m.ctid = any (array(
                 select p.ctid from next join ${PROVISIONING_VIEW}.push_marks p on p.kind = 'user' and p.tenant_id = next.tenant_id
                 order by p.id limit ${PEOPLE_AT_ONCE} for update of p skip locked))
               returning m.tenant_id as "tenantId", m.id`,
        values: [afterTenant],
      });
      const [first] = marked;
      if (!first) return undefined;
      const { tenantId } = first;
      await sql.query({
        name: 'provisioning.plan_push_members',
        text: planning,
        values: [tenantId, marked.map(({ id }) => id)],
      });
      return { tenantId };
    },
    { synchronousCommit: 'off' },
  );

const planning = `
  with recursive above (user_id, group_id) as (
    select m.member_id, m.group_id from ${PROVISIONING}.memberships m where m.tenant_id = $1 and m.member_id = any($2) and m.left_at is null
    union
    select a.user_id, m.group_id from above a
    join ${PROVISIONING}.memberships m on m.tenant_id = $1 and m.member_id = a.group_id and m.left_at is null),
  accounts as materialized (
    select v.id, v.app_id, v.user_id, ${LINKED} as linked, v.record->'state'->'plan'->'entitlements' as entitlements
    from ${PROVISIONING_VIEW}.accounts v where v.tenant_id = $1 and v.user_id = any($2)),
  wanted as (
    select p.id as push_id, c.id as account_id, c.linked from above a
    join ${PROVISIONING_VIEW}.pushes p on p.tenant_id = $1 and p.group_id = a.group_id and p.aim = 'pushed'
    join accounts c on c.app_id = p.app_id and c.user_id = a.user_id
    union
    select p.id, c.id, c.linked from accounts c
    cross join lateral jsonb_array_elements(c.entitlements) as given
    join ${PROVISIONING_VIEW}.pushes p on p.tenant_id = $1 and p.app_id = c.app_id and p.aim = 'pushed'
      and p.display_name = given->>'value' and given->>'kind' = 'group'),
  unwanted as (
    select m.push_id, m.account_id, c.linked, m.held from accounts c
    join ${PROVISIONING_VIEW}.push_members m on m.tenant_id = $1 and m.account_id = c.id
    join ${PROVISIONING_VIEW}.pushes p on p.tenant_id = $1 and p.id = m.push_id and p.aim = 'pushed'
    where not exists (select from wanted w where w.push_id = m.push_id and w.account_id = m.account_id)),
  dropped as (
    delete from ${PROVISIONING_VIEW}.push_members m using unwanted u
    where m.tenant_id = $1 and m.push_id = u.push_id and m.account_id = u.account_id and u.held = 'no'),
  put as (
    insert into ${PROVISIONING_VIEW}.push_members as m (tenant_id, push_id, account_id, wanted, linked)
    select $1, push_id, account_id, true, linked from wanted
    union all select $1, push_id, account_id, false, linked from unwanted where held <> 'no'
    order by 2, 3
    on conflict (tenant_id, push_id, account_id) do update set wanted = excluded.wanted, linked = excluded.linked, missing = false
      where (m.wanted, m.linked) is distinct from (excluded.wanted, excluded.linked) or m.lost or m.missing
    returning m.push_id)
  update ${PROVISIONING_VIEW}.push_work w set mark = w.mark + 1
  where w.tenant_id = $1 and w.push_id in (select push_id from put)`;
