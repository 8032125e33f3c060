import type { Sql } from '@tenure/database';
import { accountIdOf } from '../account/account.aggregate.ts';
import { referralsIn, type ReferredIds } from '../mapping/references.ts';
import type { Plan } from '../account/account.state.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';

const usersIn = (plan: Plan | null): string[] =>
  plan === null
    ? []
    : [...new Set([...referralsIn(plan.attributes), ...referralsIn(plan.onCreate)].map(({ userId }) => userId))];

/** By user: the ids of the accounts that there are of them in the app. */
const idsOf = async (sql: Sql, tenantId: string, appId: string, userIds: readonly string[]): Promise<ReferredIds> => {
  if (userIds.length === 0) return {};
  const rows = await sql.query<{ user_id: string; link: string }>({
    name: 'provisioning.links_of',
    text: `select user_id, link from ${PROVISIONING_VIEW}.accounts where tenant_id = $1 and id = any($2) and link is not null`,
    values: [tenantId, userIds.map((userId) => accountIdOf(appId, userId))],
  });
  return Object.fromEntries(rows.map(({ user_id, link }) => [user_id, link]));
};

/** Of the people to whom a plan refers, those who have an account in the app. */
export const idsReferredTo = (sql: Sql, tenantId: string, appId: string, plan: Plan | null): Promise<ReferredIds> =>
  idsOf(sql, tenantId, appId, usersIn(plan));

/** The same for many plans of one moment: whoever was looked up isn't again, as many people have the same manager. */
export const rememberedIds = (sql: Sql, tenantId: string, appId: string) => {
  const known = new Map<string, string | undefined>();
  return async (plan: Plan | null): Promise<ReferredIds> => {
    const users = usersIn(plan);
    const unknown = users.filter((userId) => !known.has(userId));
    const found = await idsOf(sql, tenantId, appId, unknown);
    for (const userId of unknown) known.set(userId, found[userId]);
    return Object.fromEntries(users.flatMap((userId) => (known.get(userId) ? [[userId, known.get(userId)!]] : [])));
  };
};

/** Whether the account waits for one that, over any number of others, waits for it. */
export const isRing = async (sql: Sql, tenantId: string, accountId: string): Promise<boolean> => {
  const [row] = await sql.query<{ ring: boolean }>({
    name: 'provisioning.reference_ring',
    text: `with recursive awaited (id) as (
             select to_account_id from ${PROVISIONING_VIEW}.account_refs where tenant_id = $1 and account_id = $2 and mandatory and linked is null
             union
             select r.to_account_id from awaited a
             join ${PROVISIONING_VIEW}.account_refs r on r.tenant_id = $1 and r.account_id = a.id and r.mandatory and r.linked is null)
           select exists (select from awaited where id = $2) as ring`,
    values: [tenantId, accountId],
  });
  return row!.ring;
};

/** Which of these ids are people of the tenant; who was deleted or erased still counts. */
export const knownPeople = async (
  sql: Sql,
  tenantId: string,
  userIds: readonly string[],
): Promise<ReadonlySet<string>> => {
  if (userIds.length === 0) return new Set();
  const rows = await sql.query<{ id: string }>({
    name: 'provisioning.known_people',
    text: `select id from ${PROVISIONING}.people where tenant_id = $1 and id = any($2)`,
    values: [tenantId, userIds],
  });
  return new Set(rows.map(({ id }) => id));
};
