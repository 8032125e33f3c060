import type { Database } from '@tenure/database';
import type { WriteAccount } from '../account/write-account.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { findApp } from '../app/find-apps.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';

export type ReferenceMoverNeeds = {
  database: Database;
  write: WriteAccount;
  /** Accounts were written: there may be something to deliver. */
  onWritten: () => void;
  onFailure: (error: unknown) => void;
  /** How many are told before others have their turn. */
  atOnce?: number;
};

type Move = {
  tenant_id: string;
  app_id: string;
  account_id: string;
  user_id: string;
  causation_id: string;
  correlation_id: string;
  traceparent: string | null;
  after_id: string;
  mark: number;
};

const AT_ONCE = 500;
/** Real time: after it another worker may take over. Being told twice is harmless. */
const LEASE_S = 60;

/** Tells accounts that whom they refer to has another account in the app, or none any more (R90). Says whether there was anybody to tell. */
export const referenceMover = ({ database, write, onWritten, onFailure, atOnce = AT_ONCE }: ReferenceMoverNeeds) => {
  const claim = async (): Promise<Move | undefined> => {
    const [move] = await database.query<Move>({
      name: 'provisioning.claim_reference_move',
      text: `update ${PROVISIONING}.reference_moves set due_at = now() + make_interval(secs => ${LEASE_S}), attempts = attempts + 1
             where ctid = (select ctid from ${PROVISIONING}.reference_moves where due_at <= now() order by due_at limit 1 for update skip locked)
             returning tenant_id, app_id, account_id, user_id, causation_id, correlation_id, traceparent, after_id, mark`,
    });
    return move;
  };

  /** One that moved once more meanwhile is told of from the first account on. */
  const done = (move: Move, lastTold: string | undefined) =>
    database.query({
      text:
        lastTold === undefined
          ? `delete from ${PROVISIONING}.reference_moves where tenant_id = $1 and account_id = $2 and mark = $3`
          : `update ${PROVISIONING}.reference_moves set after_id = $4, due_at = now(), attempts = 0 where tenant_id = $1 and account_id = $2 and mark = $3`,
      values: [move.tenant_id, move.account_id, move.mark, ...(lastTold === undefined ? [] : [lastTold])],
    });

  const failed = ({ tenant_id, account_id, mark }: Move) =>
    database.query({
      text: `update ${PROVISIONING}.reference_moves set due_at = now() + make_interval(secs => least(60, power(2, least(attempts, 6)) / 4))
             where tenant_id = $1 and account_id = $2 and mark = $3`,
      values: [tenant_id, account_id, mark],
    });

  /** The link is read with those who are to be told, so that what they are told is no older than what they know. */
  const unaware = (move: Move) =>
    database.query<{ id: string; link: string | null }>({
      name: 'provisioning.unaware_of_move',
      text: `with m as (select (select link from ${PROVISIONING_VIEW}.accounts where tenant_id = $1 and id = $2) as link)
             select r.account_id as id, m.link from m, ${PROVISIONING_VIEW}.account_refs r
             where r.tenant_id = $1 and r.to_account_id = $2 and r.account_id > $3 and r.linked is distinct from m.link
             order by r.account_id limit ${atOnce}`,
      values: [move.tenant_id, move.account_id, move.after_id],
    });

  const tell = async (move: Move): Promise<void> => {
    const { tenant_id: tenantId, app_id: appId, user_id: referredUserId, traceparent } = move;
    const app = await findApp(database, tenantId, appId);
    const accounts = app ? await unaware(move) : [];
    for (const { id, link } of accounts) {
      await write(
        { tenantId, id },
        { type: 'MoveReference', referredUserId, remoteId: link, approvals: app!.approvals },
        {
          causationId: move.causation_id,
          correlationId: move.correlation_id,
          ...(traceparent !== null && { traceparent }),
        },
      ).catch((error: unknown) =>
        // Of who was erased meanwhile nothing can be sealed any more.
        (error as Error).name === 'KeyDestroyed' ? undefined : Promise.reject(error),
      );
    }
    await done(move, accounts.length < atOnce ? undefined : accounts.at(-1)!.id);
    if (accounts.length > 0) onWritten();
  };

  return {
    run: async (): Promise<boolean> => {
      const move = await claim();
      if (!move) return false;
      try {
        await tell(move);
      } catch (error) {
        onFailure(error);
        await failed(move).catch(() => undefined);
      }
      return true;
    },
    /** How many people's accounts moved and are yet to be told of. */
    waiting: async (): Promise<number> => {
      const [row] = await database.query<{ count: number }>(
        `select count(*) as count from (select 1 from ${PROVISIONING}.reference_moves limit 10000) waiting`,
      );
      return row!.count;
    },
  };
};
