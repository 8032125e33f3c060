import type { Sql } from '@tenure/database';
import { accountIdOf } from '../account/account.aggregate.ts';
import type { AccountState } from '../account/account.state.ts';
import { PROVISIONING_VIEW } from './provisioning.view.ts';

/** The account that a user has of an app, as the decider would see it. */
export const findAccount = async (sql: Sql, tenantId: string, appId: string, userId: string): Promise<AccountState> => {
  const [row] = await sql.query<{ state: AccountState }>({
    name: 'provisioning.account_of',
    text: `select record->'state' as state from ${PROVISIONING_VIEW}.accounts where tenant_id = $1 and id = $2`,
    values: [tenantId, accountIdOf(appId, userId)],
  });
  return row?.state ?? { kind: 'none' };
};
