import { unnested, type Database, type Sql } from '@tenure/database';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';

const PEOPLE_AT_ONCE = 1000;

type Account = { id: string; appId: string; userId: string; linked: boolean; given: string[] };
type Meant = { pushId: string; appId: string; userId: string };
type Known = { pushId: string; accountId: string; wanted: boolean | null; linked: boolean; stale: boolean };
type Member = { pushId: string; accountId: string; wanted: boolean; linked: boolean };

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
        text: `delete from ${PROVISIONING_VIEW}.push_marks m where m.ctid = any (array(
                 select p.ctid from ${PROVISIONING_VIEW}.push_marks p
                 where p.kind = 'user' and p.tenant_id = (
                   select tenant_id from ${PROVISIONING_VIEW}.push_marks where kind = 'user' and tenant_id > $1 order by tenant_id limit 1)
                 order by p.id limit ${PEOPLE_AT_ONCE} for update of p skip locked))
               returning m.tenant_id as "tenantId", m.id`,
        values: [afterTenant],
      });
      const [first] = marked;
      if (!first) return undefined;
      const { tenantId } = first;
      const accounts = await accountsOf(
        sql,
        tenantId,
        marked.map(({ id }) => id),
      );
      const wanted = await wantedOf(sql, tenantId, accounts);
      await put(sql, tenantId, changesTo(accounts, wanted, await knownOf(sql, tenantId, accounts)));
      return { tenantId };
    },
    { synchronousCommit: 'off' },
  );

/** Each by its key, here and below: joined, a table that has grown since it was analysed is read from end to end. */
const accountsOf = (sql: Sql, tenantId: string, userIds: readonly string[]) =>
  sql.query<Account>({
    name: 'provisioning.accounts_to_push',
    text: `select v.id, v.app_id as "appId", v.user_id as "userId",
                  -- An account in the app that can be a member, suspended or not.
                  v.remote_id is not null and v.record->'state'->>'remote' in ('active', 'suspended') as linked,
                  array(select given->>'value' from jsonb_array_elements(v.record->'state'->'plan'->'entitlements') given where given->>'kind' = 'group') as given
           from unnest($2::text[]) as asked (user_id)
           cross join lateral (select * from ${PROVISIONING_VIEW}.accounts v where v.tenant_id = $1 and v.user_id = asked.user_id offset 0) v`,
    values: [tenantId, userIds],
  });

const wantedOf = async (sql: Sql, tenantId: string, accounts: readonly Account[]): Promise<Set<string>> => {
  const userIds = [...new Set(accounts.map(({ userId }) => userId))];
  const byGroup = await sql.query<Meant>({
    name: 'provisioning.pushes_of_people',
    text: `with recursive above (user_id, group_id) as (
             select asked.user_id, m.group_id from unnest($2::text[]) as asked (user_id)
             cross join lateral (select group_id from ${PROVISIONING}.memberships where tenant_id = $1 and member_id = asked.user_id and left_at is null offset 0) m
             union
             select a.user_id, m.group_id from above a
             cross join lateral (select group_id from ${PROVISIONING}.memberships where tenant_id = $1 and member_id = a.group_id and left_at is null offset 0) m)
           select p.id as "pushId", p.app_id as "appId", a.user_id as "userId" from above a
           cross join lateral (select * from ${PROVISIONING_VIEW}.pushes where tenant_id = $1 and group_id = a.group_id and aim = 'pushed' offset 0) p`,
    values: [tenantId, userIds],
  });
  const accountOf = new Map(accounts.map(({ id, appId, userId }) => [`${appId}/${userId}`, id]));
  const given = accounts.flatMap(({ id, appId, given: names }) => names.map((name) => ({ id, appId, name })));
  const byRule =
    given.length === 0
      ? []
      : await sql.query<{ pushId: string; accountId: string }>({
          name: 'provisioning.pushes_of_rules',
          text: `select p.id as "pushId", asked.id as "accountId" from ${unnested('text', 'text', 'text')} as asked (id, app_id, name)
                 cross join lateral (
                   select id from ${PROVISIONING_VIEW}.pushes where tenant_id = $4 and app_id = asked.app_id and display_name = asked.name and aim = 'pushed' offset 0) p`,
          values: [given.map(({ id }) => id), given.map(({ appId }) => appId), given.map(({ name }) => name), tenantId],
        });
  return new Set([
    ...byGroup.flatMap(({ pushId, appId, userId }) => {
      const accountId = accountOf.get(`${appId}/${userId}`);
      return accountId === undefined ? [] : [keyOf({ pushId, accountId })];
    }),
    ...byRule.map(keyOf),
  ]);
};

const keyOf = ({ pushId, accountId }: Pick<Member, 'pushId' | 'accountId'>) => `${pushId}/${accountId}`;

const knownOf = (sql: Sql, tenantId: string, accounts: readonly Account[]) =>
  sql.query<Known>({
    name: 'provisioning.known_push_members',
    text: `select m.push_id as "pushId", m.account_id as "accountId", m.wanted, m.linked, m.lost or m.missing as stale
           from unnest($2::text[]) as asked (id)
           cross join lateral (select * from ${PROVISIONING_VIEW}.push_members where tenant_id = $1 and account_id = asked.id offset 0) m
           where exists (select from ${PROVISIONING_VIEW}.pushes p where p.tenant_id = $1 and p.id = m.push_id and p.aim = 'pushed')`,
    values: [tenantId, accounts.map(({ id }) => id)],
  });

const changesTo = (accounts: readonly Account[], wanted: ReadonlySet<string>, known: readonly Known[]): Member[] => {
  const linked = new Map(accounts.map(({ id, linked: isLinked }) => [id, isLinked]));
  const before = new Map(known.map((one) => [keyOf(one), one]));
  const meant = [...wanted].flatMap((key): Member[] => {
    const [pushId = '', accountId = ''] = key.split('/');
    return [{ pushId, accountId, wanted: true, linked: linked.get(accountId)! }];
  });
  // Also who was never added: a call that adds them may be under way.
  const unmeant = known
    .filter((one) => !wanted.has(keyOf(one)))
    .map(({ pushId, accountId }) => ({ pushId, accountId, wanted: false, linked: linked.get(accountId)! }));
  const isNews = (one: Member) => {
    const then = before.get(keyOf(one));
    return !then || then.wanted !== one.wanted || then.linked !== one.linked || then.stale;
  };
  return [...meant, ...unmeant].filter(isNews);
};

const put = async (sql: Sql, tenantId: string, members: readonly Member[]): Promise<void> => {
  if (members.length === 0) return;
  await sql.query({
    name: 'provisioning.put_push_members',
    text: `insert into ${PROVISIONING_VIEW}.push_members as m (tenant_id, push_id, account_id, wanted, linked)
           select $5, * from ${unnested('text', 'text', 'bool', 'bool')} as put (push_id, account_id, wanted, linked) order by 2, 3
           on conflict (tenant_id, push_id, account_id) do update set wanted = excluded.wanted, linked = excluded.linked, missing = false`,
    values: [
      members.map(({ pushId }) => pushId),
      members.map(({ accountId }) => accountId),
      members.map(({ wanted }) => wanted),
      members.map(({ linked }) => linked),
      tenantId,
    ],
  });
  await sql.query({
    text: `update ${PROVISIONING_VIEW}.push_work set mark = mark + 1 where tenant_id = $1 and push_id = any($2)`,
    values: [tenantId, [...new Set(members.map(({ pushId }) => pushId))]],
  });
};
