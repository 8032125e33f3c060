import type { Sql } from '@tenure/database';
import { accountIdOf } from '../account/account.aggregate.ts';
import { isUndecided } from '../account/rehire.decider.ts';
import type { AccountState } from '../account/account.state.ts';
import type { Because, WriteAccount } from '../account/write-account.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';

/**
 * `taken`: the account in the app is this one's. `waits`: for what comes of a delivery, which evaluates this account again. `later`: a call
 * for the predecessor may still be under way. `lost`: there is nothing to take.
 */
export type Inherited = 'taken' | 'waits' | 'later' | 'lost';

/** A call that began before the account was handed over ends while its row is leased, at the latest. */
const isCalled = async (sql: Sql, tenantId: string, accountId: string): Promise<boolean> =>
  (
    await sql.query({
      name: 'provisioning.is_delivering',
      text: `select 1 from ${PROVISIONING}.deliveries where tenant_id = $1 and account_id = $2 and lease_until > now()`,
      values: [tenantId, accountId],
    })
  ).length > 0;

/**
 * First the predecessor's account is handed over, in its own stream, which only one heir can win and no timer survives; then this one takes
 * it. Whoever was cut off in between finds it handed over, and goes on from there.
 */
export const inherit = async (
  sql: Sql,
  write: WriteAccount,
  { tenantId, appId, userId }: { tenantId: string; appId: string; userId: string },
  account: AccountState,
  because: Because,
): Promise<Inherited | undefined> => {
  const awaits = account.kind === 'present' ? account.rehire.awaits : null;
  if (!awaits?.isAccepted) return undefined;
  const own = { accountId: accountIdOf(appId, userId), userId };
  const { state: from } = await write({ tenantId, id: awaits.accountId }, { type: 'HandOver', to: own }, because);
  if (from.kind === 'none') return 'lost';
  const { successor, lineage } = from.rehire;
  if (!successor) return isUndecided(from) ? 'waits' : 'lost';
  if (successor.accountId !== own.accountId || successor.estate === null) return 'lost';
  if (await isCalled(sql, tenantId, awaits.accountId)) return 'later';
  await write(
    { tenantId, id: own.accountId },
    {
      type: 'TakeOver',
      predecessor: { accountId: awaits.accountId, userId: awaits.userId },
      estate: successor.estate,
      lineage: [awaits.accountId, ...lineage],
    },
    because,
  );
  return 'taken';
};
