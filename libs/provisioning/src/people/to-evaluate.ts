import { unnested, type Database, type Sql } from '@tenure/database';
import type { Instant, StoredEvent } from '@tenure/eventing';

/** The schema of what is never rebuilt with the view: people, marks, deliveries, checkpoints. */
export const PROVISIONING = 'provisioning';

/** Why someone is to be looked at again: the event that may change what follows for them. */
export type Cause = { causationId: string; correlationId: string; occurredAt: Instant; traceparent?: string };

export const causeOf = ({
  id,
  metadata: { correlationId, occurredAt, traceparent },
}: Pick<StoredEvent, 'id' | 'metadata'>): Cause => ({
  causationId: id,
  correlationId,
  occurredAt,
  ...(traceparent !== undefined && { traceparent }),
});

/** Whom one event may concern. Without `appId`, their accounts of all apps. */
export type Mark = { tenantId: string; userIds: readonly string[] | 'everyone'; appId?: string; cause: Cause };

type Person = { tenantId: string; userId: string; appId: string; cause: Cause };

/** No statement marks more people than this. */
const PIECE = 1000;

/** In one order for all, so that two who mark many don't lock each other out. */
export const mark = async (sql: Sql, marks: readonly Mark[]): Promise<void> => {
  // The last cause of each person counts.
  const people = new Map(
    marks.flatMap(({ tenantId, userIds, appId = '', cause }) =>
      userIds === 'everyone'
        ? []
        : userIds.map((userId) => [`${tenantId}/${userId}/${appId}`, { tenantId, userId, appId, cause }] as const),
    ),
  );
  const ordered = [...people].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, person]) => person);
  for (let from = 0; from < ordered.length; from += PIECE) await markPeople(sql, ordered.slice(from, from + PIECE));
  for (const { tenantId, userIds, appId, cause } of marks)
    if (userIds === 'everyone')
      await startMarking(sql, { tenantId, whom: { kind: 'everyone' }, cause, ...(appId !== undefined && { appId }) });
};

/** `mark` tells a worker that something came while it looked. */
const markPeople = async (sql: Sql, people: readonly Person[]): Promise<void> => {
  await sql.query({
    name: 'provisioning.mark',
    text: `insert into ${PROVISIONING}.to_evaluate as t (tenant_id, user_id, app_id, causation_id, correlation_id, traceparent, occurred_at)
           select * from ${unnested('text', 'text', 'text', 'text', 'text', 'text', 'timestamptz')} marked order by 1, 2, 3
           on conflict (tenant_id, user_id, app_id) do update set
             mark = t.mark + 1, causation_id = excluded.causation_id, correlation_id = excluded.correlation_id, traceparent = excluded.traceparent,
             occurred_at = greatest(t.occurred_at, excluded.occurred_at), attempts = 0, due_at = now()`,
    values: [
      people.map(({ tenantId }) => tenantId),
      people.map(({ userId }) => userId),
      people.map(({ appId }) => appId),
      people.map(({ cause }) => cause.causationId),
      people.map(({ cause }) => cause.correlationId),
      people.map(({ cause }) => cause.traceparent ?? null),
      people.map(({ cause }) => cause.occurredAt),
    ],
  });
};

/** Many people, told by what they have in common: all of a tenant, those with an account of the app, the members of a group, the holders of a role. */
export type Whom = { kind: 'everyone' | 'accounts' } | { kind: 'group' | 'role'; id: string };

/** Notes that people are to be marked; `markNext` does it, a piece at a time, from where it was cut off. */
export const startMarking = async (
  sql: Sql,
  { tenantId, appId = '', whom, cause }: { tenantId: string; appId?: string; whom: Whom; cause: Cause },
): Promise<void> => {
  await sql.query({
    text: `insert into ${PROVISIONING}.markings (tenant_id, app_id, kind, of_id, causation_id, correlation_id, traceparent, occurred_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    values: [
      tenantId,
      appId,
      whom.kind,
      'id' in whom ? whom.id : '',
      cause.causationId,
      cause.correlationId,
      cause.traceparent ?? null,
      cause.occurredAt,
    ],
  });
};

/** Ids after `m.after_id`, in order. A deleted person may still have accounts; who left a group may have been in scope by it. */
const pieceOf = (accounts: string): Record<Whom['kind'], string> => ({
  everyone: `select id from ${PROVISIONING}.people where tenant_id = m.tenant_id and not erased and id > m.after_id order by id limit ${PIECE}`,
  accounts: `select user_id as id from ${accounts} where tenant_id = m.tenant_id and app_id = m.app_id and user_id > m.after_id order by user_id limit ${PIECE}`,
  group: `select member_id as id from ${PROVISIONING}.memberships where tenant_id = m.tenant_id and group_id = m.of_id and member_id > m.after_id order by member_id limit ${PIECE}`,
  role: `select id from ${PROVISIONING}.people where tenant_id = m.tenant_id and not erased and id > m.after_id
           and resource->'roles' @> jsonb_build_array(jsonb_build_object('value', m.of_id)) order by id limit ${PIECE}`,
});

/** Marks the next piece of what `startMarking` noted, and moves its cursor in the same transaction. Says whether there was any. */
export const markNext = (database: Database, accounts: string): Promise<boolean> =>
  database.transaction(async (sql) => {
    const [marking] = await sql.query<{ id: number; kind: Whom['kind'] }>({
      name: 'provisioning.next_marking',
      text: `select id, kind from ${PROVISIONING}.markings order by id limit 1 for update skip locked`,
    });
    if (!marking) return false;
    const [{ last, marked }] = (await sql.query<{ last: string | null; marked: number }>({
      name: `provisioning.mark_${marking.kind}`,
      // Who waits already keeps their own cause, which tells more.
      text: `with m as (select * from ${PROVISIONING}.markings where id = $1),
             piece as (select p.id from m cross join lateral (${pieceOf(accounts)[marking.kind]}) p),
             put as (
               insert into ${PROVISIONING}.to_evaluate as t (tenant_id, user_id, app_id, causation_id, correlation_id, traceparent, occurred_at)
               select m.tenant_id, piece.id, m.app_id, m.causation_id, m.correlation_id, m.traceparent, m.occurred_at from m, piece order by piece.id
               on conflict (tenant_id, user_id, app_id) do update set
                 mark = t.mark + 1, occurred_at = greatest(t.occurred_at, excluded.occurred_at), attempts = 0, due_at = now())
             select max(id) as last, count(*)::int as marked from piece`,
      values: [marking.id],
    })) as [{ last: string | null; marked: number }];
    await sql.query(
      marked < PIECE
        ? { text: `delete from ${PROVISIONING}.markings where id = $1`, values: [marking.id] }
        : { text: `update ${PROVISIONING}.markings set after_id = $2 where id = $1`, values: [marking.id, last] },
    );
    return true;
  });
