import { unnested, type Sql } from '@tenure/database';
import type { GroupChange } from '../people/people.consumer.ts';

type User = { tenantId: string; userId: string };
type Caused = { tenantId: string; id: string; causationId: string; correlationId: string };

/**
 * Notes people whose memberships are to be worked out again, where their tenant pushes anything at all. What is pushed from a moment later on
 * is looked at as a whole (`push.planner.ts`), once every transaction has ended that may not have seen it here.
 */
export const markUsers = async (sql: Sql, schema: string, users: readonly User[]): Promise<void> => {
  await sql.query({
    name: `${schema}.mark_pushed_users`,
    text: `insert into ${schema}.push_marks as m (kind, tenant_id, id)
           select distinct 'user', u.tenant_id, u.id from ${unnested('text', 'text')} as u (tenant_id, id)
           where exists (select from ${schema}.pushes p where p.tenant_id = u.tenant_id and p.aim = 'pushed')
           order by u.tenant_id, u.id
           on conflict (kind, tenant_id, id) do update set mark = m.mark + 1`,
    values: [users.map(({ tenantId }) => tenantId), users.map(({ userId }) => userId)],
  });
};

const markCaused = async (sql: Sql, schema: string, kind: 'app' | 'group', marks: readonly Caused[]): Promise<void> => {
  // The last cause of each counts.
  const each = [...new Map(marks.map((mark) => [`${mark.tenantId}/${mark.id}`, mark])).values()];
  if (each.length === 0) return;
  await sql.query({
    name: `${schema}.mark_pushes_of`,
    text: `insert into ${schema}.push_marks as m (kind, tenant_id, id, causation_id, correlation_id)
           select $5, u.tenant_id, u.id, u.causation_id, u.correlation_id
           from ${unnested('text', 'text', 'text', 'text')} as u (tenant_id, id, causation_id, correlation_id)
           order by u.tenant_id, u.id
           on conflict (kind, tenant_id, id) do update set
             mark = m.mark + 1, due_at = now(), causation_id = excluded.causation_id, correlation_id = excluded.correlation_id`,
    values: [
      each.map(({ tenantId }) => tenantId),
      each.map(({ id }) => id),
      each.map(({ causationId }) => causationId),
      each.map(({ correlationId }) => correlationId),
      kind,
    ],
  });
};

/** Which groups these apps are pushed is to be decided again. */
export const markApps = (sql: Sql, schema: string, apps: readonly Caused[]) => markCaused(sql, schema, 'app', apps);

/**
 * Facts about groups: to which apps they are pushed and under which name, and who is in them. A group that was put into another one, or
 * taken out, may have come into the scope of an app that is pushed all groups in its scope.
 */
export const markChangedGroups = async (sql: Sql, schema: string, changes: readonly GroupChange[]): Promise<void> => {
  const caused = changes.map(({ tenantId, groupId, cause }) => ({ tenantId, id: groupId, ...cause }));
  await markCaused(sql, schema, 'group', caused);
  // In one order for all, so that two who mark many don't lock each other out.
  const keys = changes.flatMap(({ tenantId, userIds }) => userIds.map((userId) => `${tenantId}/${userId}`));
  const users = [...new Set(keys)].toSorted().map((key) => {
    const [tenantId = '', userId = ''] = key.split('/');
    return { tenantId, userId };
  });
  for (let from = 0; from < users.length; from += PIECE) await markUsers(sql, schema, users.slice(from, from + PIECE));
  const nested = new Map(changes.flatMap((change) => (change.nests ? [[change.tenantId, change.cause] as const] : [])));
  for (const [tenantId, cause] of nested) {
    const apps = await sql.query<{ id: string }>({
      text: `select id from ${schema}.apps where tenant_id = $1 and (config->'pushes'->>'allInScope')::boolean`,
      values: [tenantId],
    });
    await markApps(
      sql,
      schema,
      apps.map(({ id }) => ({ tenantId, id, ...cause })),
    );
  }
};

/** No statement marks more people than this. */
const PIECE = 1000;
