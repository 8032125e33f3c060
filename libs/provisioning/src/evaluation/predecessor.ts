import type { Sql } from '@tenure/database';
import { accountIdOf } from '../account/account.aggregate.ts';
import type { FoundPredecessor } from '../account/account-command.ts';
import type { AccountState, PresentAccount } from '../account/account.state.ts';
import { isUndecided } from '../account/rehire.decider.ts';
import { noRehire } from '../account/rehire.state.ts';
import { estateOf } from '../account/rehire.evolve.ts';
import type { AppConfig } from '../app/app-config.ts';
import type { DeletedNamesake } from '../people/person-keys.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';

const statesOf = async (
  sql: Sql,
  tenantId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, PresentAccount>> => {
  const rows = await sql.query<{ id: string; state: AccountState }>({
    name: 'provisioning.accounts_of_namesakes',
    text: `select id, record->'state' as state from ${PROVISIONING_VIEW}.accounts where tenant_id = $1 and id = any($2)`,
    values: [tenantId, ids],
  });
  return new Map(rows.flatMap(({ id, state }) => (state.kind === 'present' ? [[id, state]] : [])));
};

/**
 * Whose account of the app a person gets who comes back as another user (R92): the one with a key in common who was deleted last. An admin
 * decides where there are several, where somebody else has the same key, and where the employee numbers of both differ. What is handed over
 * already is taken in any case.
 */
export const findPredecessor = async (
  sql: Sql,
  { tenantId, id: appId, ownership }: AppConfig,
  userId: string,
  account: AccountState,
  namesakes: readonly DeletedNamesake[],
): Promise<FoundPredecessor | null> => {
  const { keys, mode } = ownership.rehire;
  const { awaits, declined } = account.kind === 'present' ? account.rehire : noRehire;
  const known = namesakes.map((each) => ({ ...each, accountId: accountIdOf(appId, each.userId) }));
  const ids = [...known.map(({ accountId }) => accountId), ...(awaits ? [awaits.accountId] : [])];
  if (ids.length === 0) return null;
  const states = await statesOf(sql, tenantId, ids);
  const ownId = accountIdOf(appId, userId);
  const ours = [...states].find(([, { rehire }]) => rehire.successor?.accountId === ownId && rehire.successor.estate);
  if (ours) return { accountId: ours[0], userId: ours[1].userId, by: [], mode: 'automatic', isOurs: true };
  if (mode === 'off') return null;
  const there = known
    .map(({ by, ...each }) => ({ ...each, by: by.filter((key) => keys.includes(key)) }))
    .filter(({ accountId, by }) => {
      const state = states.get(accountId);
      const isThere = state && !state.rehire.successor && (estateOf(state) !== null || isUndecided(state));
      return isThere && by.length > 0 && !declined.includes(accountId);
    });
  const [found] = there;
  if (!found) return null;
  const { accountId, userId: foundId, by, shared, isContradicted } = found;
  const isDoubtful = isContradicted || there.length > 1 || by.some((key) => shared.includes(key));
  return { accountId, userId: foundId, by, mode: isDoubtful ? 'ask' : mode, isOurs: false };
};
