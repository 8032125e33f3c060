import { Rejected, type Caller } from '@tenure/eventing';
import type { Sql } from '@tenure/database';
import type { AppConfig } from '../app/app-config.ts';
import type { Connector } from '../connector/index.ts';
import { mark } from '../people/to-evaluate.ts';
import { changedAttributes, type AccountAttributes } from '../mapping/index.ts';
import type { AccountReply, AdoptionReply, BulkBody, BulkReply, DecideBody } from './account.bodies.ts';
import type { AccountQueries } from './account.queries.ts';
import { findApp } from '../app/find-apps.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import type { AccountCommand } from './account-command.ts';
import type { AccountState } from './account.state.ts';
import { wantedAttributes } from './wanted.ts';
import type { Because, WriteAccount } from './write-account.ts';

type IfMatch = Parameters<WriteAccount>[3];

export type AccountActionNeeds = {
  sql: Sql;
  write: WriteAccount;
  queries: AccountQueries;
  connectorFor: (app: AppConfig) => Promise<Connector>;
  /** An admin hurries what waits for another try. */
  hurry: (tenantId: string, accountId: string) => Promise<void>;
  /** There may be something to evaluate or to deliver. */
  wake: () => void;
};

type Act = 'retry' | 'disassociate' | 'recreate';

const commands: Record<Act, 'Retry' | 'Disassociate' | 'Recreate'> = {
  retry: 'Retry',
  disassociate: 'Disassociate',
  recreate: 'Recreate',
};

type Offered = { accountId: string; remoteId: string };

export type AccountActions = ReturnType<typeof accountActions>;

const becauseOf = ({ actor, correlationId, traceparent }: Caller): Because => ({
  actor,
  correlationId,
  causationId: correlationId,
  ...(traceparent !== undefined && { traceparent }),
});

/** What admins do with accounts (R54, R56, R61, R67, R69). Each answers with the account as it then is. */
export const accountActions = ({ sql, write, queries, connectorFor, hurry, wake }: AccountActionNeeds) => {
  /** Of an account that is known. */
  const carryOut = async (
    caller: Caller,
    { id, appId, userId }: { id: string; appId: string; userId: string },
    command: AccountCommand,
    ifMatch?: IfMatch,
  ): Promise<void> => {
    const { tenantId } = caller;
    const because = becauseOf(caller);
    const { occurredAt } = await write({ tenantId, id }, command, because, ifMatch);
    // What follows from the act is for an evaluation to say: timers of an account that was adopted, a plan for one that was let go.
    await mark(sql, [{ tenantId, userIds: [userId], appId, cause: { ...because, occurredAt: occurredAt! } }]);
    await hurry(tenantId, id);
    wake();
  };

  const perform = async (
    caller: Caller,
    appId: string,
    id: string,
    command: AccountCommand,
    ifMatch?: IfMatch,
  ): Promise<AccountReply> => {
    const { userId } = await queries.get(caller.tenantId, appId, id);
    await carryOut(caller, { id, appId, userId }, command, ifMatch);
    return queries.get(caller.tenantId, appId, id);
  };

  const act = (name: Act) => (caller: Caller, appId: string, id: string, reason?: string, ifMatch?: IfMatch) =>
    perform(caller, appId, id, { type: commands[name], reason: reason ?? null }, ifMatch);

  /** What a predecessor has in the app that an admin may give to this account (R92). */
  const offeredTo = async (tenantId: string, { predecessor }: AccountReply): Promise<Offered | undefined> => {
    if (predecessor?.state !== 'offered') return undefined;
    const [row] = await sql.query<{ remote_id: string | null }>({
      text: `select remote_id from ${PROVISIONING_VIEW}.accounts where tenant_id = $1 and id = $2`,
      values: [tenantId, predecessor.accountId],
    });
    return row && row.remote_id !== null ? { accountId: predecessor.accountId, remoteId: row.remote_id } : undefined;
  };

  /** The account of the app that is meant, which must be there and be linked to nobody else but the predecessor (R61). */
  const linkable = async (tenantId: string, appId: string, id: string, remoteId: string | undefined) => {
    const account = await queries.get(tenantId, appId, id);
    const offered = await offeredTo(tenantId, account);
    const wanted = remoteId ?? account.match?.remoteId ?? offered?.remoteId;
    if (wanted === undefined)
      throw new Rejected(
        'conflict',
        'account/no-match',
        account.candidates
          ? 'Several accounts of the app match. Name the one to adopt in remoteId.'
          : 'No matching account was found in the app. Name the one to adopt in remoteId.',
      );
    const app = await findApp(sql, tenantId, appId);
    const [holder] = await sql.query({
      text: `select 1 from ${PROVISIONING_VIEW}.accounts where tenant_id = $1 and app_id = $2 and remote_id = $3 and id <> all ($4)`,
      values: [tenantId, appId, wanted, [id, ...(offered ? [offered.accountId] : [])]],
    });
    if (!app || holder)
      throw new Rejected('conflict', 'account/held', 'This account of the app belongs to another user.');
    const found = await (await connectorFor(app)).get('account', wanted);
    if (found.kind === 'gone' || (found.kind === 'refused' && found.status === 400))
      throw new Rejected('not-found', 'account/no-match', 'The app has no such account.');
    if (found.kind !== 'ok')
      throw new Rejected(
        'unavailable',
        'app/unavailable',
        `The app could not be asked for the account: ${found.reason} Try again.`,
      );
    return { remote: found.value, isOffered: wanted === offered?.remoteId };
  };

  /** Adopting is an act that is looked at closely: the account is read first (R61, R69). */
  const adopt = async (
    caller: Caller,
    appId: string,
    id: string,
    { remoteId, reason }: { remoteId?: string; reason?: string } = {},
    ifMatch?: IfMatch,
  ): Promise<AccountReply> => {
    const { remote, isOffered } = await linkable(caller.tenantId, appId, id, remoteId);
    const command: AccountCommand = isOffered
      ? { type: 'AcceptPredecessor', reason: reason ?? null }
      : { type: 'Adopt', remoteId: remote.id, active: remote.active !== false, reason: reason ?? null };
    return perform(caller, appId, id, command, ifMatch);
  };

  /** What adopting would change in the app. Writes nothing. */
  const previewAdoption = async (
    { tenantId }: Caller,
    appId: string,
    id: string,
    { remoteId }: { remoteId?: string } = {},
  ): Promise<AdoptionReply> => {
    const { remote } = await linkable(tenantId, appId, id, remoteId);
    const [row] = await sql.query<{ state: AccountState }>({
      text: `select record->'state' as state from ${PROVISIONING_VIEW}.accounts where tenant_id = $1 and id = $2`,
      values: [tenantId, id],
    });
    const account = row?.state.kind === 'present' ? row.state : undefined;
    const shown = Object.fromEntries(Object.entries(remote.values)) as AccountAttributes;
    return {
      remoteId: remote.id,
      label: remote.label,
      active: remote.active !== false,
      changes: changedAttributes(shown, account ? wantedAttributes(account) : {}).map(({ target, from, to }) => ({
        target,
        from,
        to,
      })),
      entitlements: (account?.plan.entitlements ?? []).map(({ kind, value }) => ({ kind, value })),
    };
  };

  /** To a named account of the app, or by the matching attributes once more (R56). */
  const rematch = (
    caller: Caller,
    appId: string,
    id: string,
    body: { remoteId?: string; reason?: string } = {},
    ifMatch?: IfMatch,
  ): Promise<AccountReply> =>
    body.remoteId === undefined
      ? perform(caller, appId, id, { type: 'Rematch', reason: body.reason ?? null }, ifMatch)
      : adopt(caller, appId, id, body, ifMatch);

  /** R54: `approvalId` names the action that was shown, and so does `If-Match`. */
  const decide =
    (type: 'Approve' | 'Reject') =>
    (caller: Caller, appId: string, id: string, { approvalId, reason }: DecideBody = {}, ifMatch?: IfMatch) =>
      perform(
        caller,
        appId,
        id,
        { type, reason: reason ?? null, ...(approvalId !== undefined && { approvalId }) },
        ifMatch,
      );
  const approve = decide('Approve');
  const reject = decide('Reject');
  const withReason = (one: typeof approve) => (caller: Caller, appId: string, id: string, reason?: string) =>
    one(caller, appId, id, reason === undefined ? {} : { reason });

  /** One after the other, each by itself: what is refused says why, and holds up nothing. */
  const bulk =
    (one: (caller: Caller, appId: string, id: string, reason?: string) => Promise<unknown>) =>
    async (caller: Caller, appId: string, { ids, reason }: BulkBody): Promise<BulkReply> => {
      const items: BulkReply['items'] = [];
      for (const id of ids) {
        const code = await one(caller, appId, id, reason).then(
          () => undefined,
          (error: unknown) => (error instanceof Rejected ? error.code : Promise.reject(error)),
        );
        items.push({ id, ok: code === undefined, ...(code !== undefined && { code }) });
      }
      return { items };
    };

  return {
    carryOut,
    approve,
    reject,
    retry: act('retry'),
    disassociate: act('disassociate'),
    recreate: act('recreate'),
    adopt,
    previewAdoption,
    rematch,
    approveAll: bulk(withReason(approve)),
    rejectAll: bulk(withReason(reject)),
    adoptAll: bulk((caller, appId, id, reason) => adopt(caller, appId, id, reason === undefined ? {} : { reason })),
  };
};
