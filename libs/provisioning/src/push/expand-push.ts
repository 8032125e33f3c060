import type { Database } from '@tenure/database';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { findApp } from '../app/find-apps.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import type { PushRecord } from './push-record.ts';

/** No statement marks more people than this: a long transaction would hide the feed of events. */
const PIECE = 5000;

type Row = { tenantId: string; id: string; appId: string; groupId: string; record: PushRecord; fence: string };

/** Fences by push: from when on everybody who may not have seen it is done. */
const fences = new Map<string, string>();

/**
 * Marks everybody whom a push that began, or whose view was built again, may concern: the people of the group and of those nested in it, who
 * has a row already, and whose rules give them the app's group. Says whether it did so.
 *
 * Who changes a group or an account marks people only where it sees a push (`markUsers`). Transactions that may not have seen this one are
 * waited for first: all that were under way when it was met here.
 */
export const expandNext = async (database: Database): Promise<boolean> => {
  const [push] = await database.query<Row & { passed: boolean }>({
    name: 'provisioning.push_to_expand',
    text: `select tenant_id as "tenantId", id, app_id as "appId", group_id as "groupId", record, pg_snapshot_xmax(pg_current_snapshot())::text as fence
           from ${PROVISIONING_VIEW}.pushes where aim = 'pushed' and not expanded order by tenant_id, id limit 1`,
  });
  if (!push) return false;
  const key = `${push.tenantId}/${push.id}/${push.record.revision}`;
  const fence = fences.get(key) ?? push.fence;
  if (fences.size > 1000) fences.clear();
  fences.set(key, fence);
  const [{ passed }] = (await database.query<{ passed: boolean }>({
    name: 'provisioning.push_fence',
    text: `select pg_snapshot_xmin(pg_current_snapshot()) >= $1::xid8 as passed`,
    values: [fence],
  })) as [{ passed: boolean }];
  if (!passed) return false;
  await markPeople(database, push);
  await database.query({
    text: `with expanded as (
             update ${PROVISIONING_VIEW}.pushes set expanded = true where tenant_id = $1 and id = $2 and revision = $3 returning 1)
           update ${PROVISIONING_VIEW}.push_work set mark = mark + 1 where tenant_id = $1 and push_id = $2 and exists (select from expanded)`,
    values: [push.tenantId, push.id, push.record.revision],
  });
  fences.delete(key);
  return true;
};

const markPeople = async (database: Database, push: Row): Promise<void> => {
  const { tenantId, id, groupId, appId } = push;
  const below = await database.query<{ id: string }>({
    text: `with recursive below (id) as (
             select $2::text
             union
             select m.member_id from below b join ${PROVISIONING}.memberships m on m.tenant_id = $1 and m.group_id = b.id and m.kind = 'Group' and m.left_at is null)
           select id from below`,
    values: [tenantId, groupId],
  });
  for (const group of below)
    await markEach(
      database,
      tenantId,
      `select member_id as id from ${PROVISIONING}.memberships where tenant_id = $1 and group_id = $2 and kind = 'User' and member_id > $3 order by member_id limit ${PIECE}`,
      group.id,
    );
  await markEach(
    database,
    tenantId,
    `select v.user_id as id from ${PROVISIONING_VIEW}.push_members m join ${PROVISIONING_VIEW}.accounts v on v.tenant_id = m.tenant_id and v.id = m.account_id
     where m.tenant_id = $1 and m.push_id = $2 and v.user_id > $3 order by v.user_id limit ${PIECE}`,
    id,
  );
  if (await isGivenByRules(database, push))
    await markEach(
      database,
      tenantId,
      `select user_id as id from ${PROVISIONING_VIEW}.accounts where tenant_id = $1 and app_id = $2 and user_id > $3 order by user_id limit ${PIECE}`,
      appId,
    );
};

/** Piece by piece, each in a transaction of its own. */
const markEach = async (database: Database, tenantId: string, piece: string, ofId: string): Promise<void> => {
  for (let after = ''; ;) {
    const [{ last, count }] = (await database.query<{ last: string | null; count: number }>({
      text: `with piece as (${piece}), put as (
               insert into ${PROVISIONING_VIEW}.push_marks as m (kind, tenant_id, id) select distinct 'user', $1, id from piece order by id
               on conflict (kind, tenant_id, id) do update set mark = m.mark + 1)
             select max(id) as last, count(*)::int as count from piece`,
      values: [tenantId, ofId, after],
    })) as [{ last: string | null; count: number }];
    if (count < PIECE) return;
    after = last!;
  }
};

/** A rule may give people the very group that is pushed: they are members, too. */
const isGivenByRules = async (database: Database, { tenantId, appId, record: { state } }: Row): Promise<boolean> => {
  const app = await findApp(database, tenantId, appId);
  if (!app || state.kind === 'none') return false;
  return app.ruleSets.some(({ rules }) =>
    rules.some(({ actions }) =>
      actions.some((action) => 'kind' in action && action.kind === 'group' && action.value === state.displayName),
    ),
  );
};
