import { unnested, type Sql } from '@tenure/database';
import type { AccountRecord } from '../account/account.record.ts';
import { waitingOf } from './waiting.ts';

/** What of accounts waits for a human, in the provisioning view; holds nothing personal but the key of the app's account. */
export const waitingTable = (schema: string) => `
  create table ${schema}.waiting (
    tenant_id text not null,
    kind text not null,
    account_id text not null,
    ref text not null,
    app_id text not null,
    user_id text not null,
    since timestamptz not null,
    action text,
    remote_id text,
    primary key (tenant_id, account_id, kind, ref)
  );
  create index waiting_in_order on ${schema}.waiting (tenant_id, since);
  create index waiting_of_app on ${schema}.waiting (tenant_id, app_id, kind)`;

type Change = { tenantId: string; id: string; before: AccountRecord | undefined; after: AccountRecord };

/** Writes what changed, which for most events is nothing. */
export const putWaiting = async (sql: Sql, schema: string, changes: readonly Change[]): Promise<void> => {
  const changed = changes
    .map(({ tenantId, id, before, after }) => ({ tenantId, id, after, was: waitingOf(before), is: waitingOf(after) }))
    .filter(({ was, is }) => JSON.stringify(was) !== JSON.stringify(is));
  if (changed.length === 0) return;
  await replaceWaiting(
    sql,
    schema,
    changed.map(({ tenantId, id, after }) => ({ tenantId, id, record: after })),
  );
};

export const replaceWaiting = async (
  sql: Sql,
  schema: string,
  accounts: readonly { tenantId: string; id: string; record: AccountRecord | undefined }[],
): Promise<void> => {
  await sql.query({
    name: `${schema}.forget_waiting`,
    text: `delete from ${schema}.waiting w using ${unnested('text', 'text')} as of (tenant_id, account_id)
           where w.tenant_id = of.tenant_id and w.account_id = of.account_id`,
    values: [accounts.map(({ tenantId }) => tenantId), accounts.map(({ id }) => id)],
  });
  const rows = accounts.flatMap(({ tenantId, id, record }) =>
    waitingOf(record).map(({ kind, ref, since, action, remoteId }) => ({
      tenant_id: tenantId,
      kind,
      account_id: id,
      ref,
      ...(record!.state.kind === 'present' && { app_id: record!.state.appId, user_id: record!.state.userId }),
      since,
      action,
      remote_id: remoteId,
    })),
  );
  if (rows.length > 0)
    await sql.query({
      name: `${schema}.put_waiting`,
      text: `insert into ${schema}.waiting (tenant_id, kind, account_id, ref, app_id, user_id, since, action, remote_id)
             select tenant_id, kind, account_id, ref, app_id, user_id, since, action, remote_id from jsonb_populate_recordset(null::${schema}.waiting, $1)`,
      values: [JSON.stringify(rows)],
    });
};
