import { accountEvents, type AccountEvent } from '@tenure/contracts';
import type { Sql } from '@tenure/database';
import {
  decoder,
  ERASED,
  streamName,
  type EventStore,
  type Revision,
  type Sealer,
  type SnapshotStore,
} from '@tenure/eventing';
import { accountAggregate } from '../account/account.aggregate.ts';
import { replaceWaiting } from '../queue/waiting.rows.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { noteErased } from '../references/reference-moves.ts';
import { advanceRecord, type AccountRecord } from '../account/account.record.ts';
import { PROVISIONING_VIEW } from './provisioning.view.ts';

/** Reads as if the key were gone already, whatever caches still hold it. */
const opensNothing = (sealer: Sealer): Sealer => ({ ...sealer, open: async () => ERASED });

/**
 * Drops what the accounts of an erased person show of them, from view, deliveries and snapshots (R85). Their records are folded again
 * without it, so that they are what a rebuild makes of them; the columns by which they are found but the joining key hold nothing personal.
 */
export const eraseFromAccounts = async (
  sql: Sql,
  { store, sealer, snapshots }: { store: EventStore; sealer: Sealer; snapshots?: SnapshotStore },
  { tenantId, personId }: { tenantId: string; personId: string },
): Promise<void> => {
  const decode = decoder(opensNothing(sealer), accountEvents);
  const accounts = await sql.query<{ id: string; revision: Revision }>({
    text: `select id, revision from ${PROVISIONING_VIEW}.accounts where tenant_id = $1 and user_id = $2 order by id for update`,
    values: [tenantId, personId],
  });
  for (const { id, revision } of accounts) {
    const stream = streamName(accountAggregate.category, tenantId, id);
    let record: AccountRecord | undefined;
    for (const stored of await store.read(stream, { limit: revision }))
      record = advanceRecord(record, await decode<AccountEvent>(stored));
    await sql.query({
      text: `update ${PROVISIONING_VIEW}.accounts set record = $3, remote_id = null, link = null, work = null where tenant_id = $1 and id = $2`,
      values: [tenantId, id, JSON.stringify(record)],
    });
    await sql.query({
      text: `delete from ${PROVISIONING_VIEW}.work where tenant_id = $1 and account_id = $2`,
      values: [tenantId, id],
    });
    await replaceWaiting(sql, PROVISIONING_VIEW, [{ tenantId, id, record }]);
    await sql.query({
      text: `delete from ${PROVISIONING_VIEW}.account_refs where tenant_id = $1 and account_id = $2`,
      values: [tenantId, id],
    });
    await snapshots?.drop(stream);
  }
  await noteErased(sql, tenantId, personId);
  await sql.query({
    text: `update ${PROVISIONING}.deliveries set last_error = null, given = '[]' where tenant_id = $1 and user_id = $2`,
    values: [tenantId, personId],
  });
};
