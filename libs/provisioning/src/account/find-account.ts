import type { Sql } from '@tenure/database';
import { accountIdOf } from './account.aggregate.ts';
import type { AccountState } from './account.state.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';

/** The accounts that these users have of an app, by user. */
export const findAccounts = async (
  sql: Sql,
  tenantId: string,
  appId: string,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, AccountState>> => {
  const ids = new Map(userIds.map((userId) => [accountIdOf(appId, userId), userId]));
  const rows = await sql.query<{ id: string; state: AccountState }>({
    name: 'provisioning.accounts_of',
    text: `select a.id, a.state from (select unnest((select $2::text[])) as id) asked
           cross join lateral (
             select id, record->'state' as state from ${PROVISIONING_VIEW}.accounts where tenant_id = $1 and id = asked.id limit 1
           ) a`,
    values: [tenantId, [...ids.keys()]],
  });
  return new Map(rows.map(({ id, state }) => [ids.get(id)!, state]));
};

/** The account that a user has of an app, as the decider would see it. */
export const findAccount = async (sql: Sql, tenantId: string, appId: string, userId: string): Promise<AccountState> => {
  const [row] = await sql.query<{ state: AccountState }>({
    name: 'provisioning.account_of',
    text: `select record->'state' as state from ${PROVISIONING_VIEW}.accounts where tenant_id = $1 and id = $2`,
    values: [tenantId, accountIdOf(appId, userId)],
  });
  return row?.state ?? { kind: 'none' };
};
