import type { Member, MemberKind } from '@tenure/contracts';
import type { Sql } from '@tenure/database';
import { Rejected, StaleStream, type Revision, type StreamName, type ViewRuntime } from '@tenure/eventing';
import { matches, type MemberChange } from '@tenure/scim';
import { parameters } from '../filter-sql/parameters.ts';
import type { MemberDelta } from '../group/group.decider.ts';
import type { ConnectionPolicy } from '../user/connection-policy.ts';
import { userSight } from '../user/user.queries.ts';
import { guestsAmong } from './closed-teams.ts';
import { asksNothing, memberRequest, type MemberRequest, type ResolvedChange } from './member-request.ts';

/** `closedToGuests`: as it will be after the command (R14). */
export type GroupAt = {
  tenantId: string;
  groupId: string;
  stream: StreamName;
  revision: Revision;
  closedToGuests: boolean;
};

/** What is asked, compared with who is a member; `skipped` are ids of nobody whom the connection sees (C5), and of guests where the group is closed to them. */
export type ResolvedMembers = { delta: MemberDelta; skipped: readonly string[] };

export type MembersDeps = { sql: Sql; schema: string; catchUp: ViewRuntime['catchUp'] };

type Answer = { head: Revision | null; added: Member[]; removed: string[]; unknown: string[] };

/**
 * Compares what a command asks with the raw membership rows of the view at exactly the loaded revision: head and rows in one statement, so
 * the answer costs what is asked, not what the group is large (design, decision 4). The append expects the same revision.
 */
export const resolveMembers = async (
  deps: MembersDeps,
  at: GroupAt,
  policy: ConnectionPolicy,
  changes: readonly MemberChange[],
): Promise<ResolvedMembers> => {
  if (changes.length === 0) return { delta: { add: [], remove: [] }, skipped: [] };
  const request = memberRequest(
    await Promise.all(
      changes.map((change, index) => withIds(deps, at, policy, change, namedIn(changes.slice(0, index)))),
    ),
  );
  if (asksNothing(request)) return { delta: { add: [], remove: [] }, skipped: [] };
  const { added, removed, unknown } = await atRevision(deps, at, () => ask(deps, at, policy, request));
  const guests = at.closedToGuests
    ? await guestsAmong(
        deps.sql,
        deps.schema,
        at.tenantId,
        added.map(({ id }) => id),
      )
    : [];
  if (policy.settings.unknownMembers === 'reject') {
    if (unknown.length > 0)
      throw new Rejected(
        'invalid',
        'group/member-unknown',
        `There is no such member: ${unknown.slice(0, 10).join(', ')}.`,
      );
    if (guests.length > 0)
      throw new Rejected(
        'invalid',
        'group/closed-to-guests',
        `The group is closed to guests: ${guests.slice(0, 10).join(', ')}.`,
      );
  }
  // Groups that hold each other are as RFC 7644 §3.7.1 has them; whoever follows memberships meets each group once.
  if (added.some(({ id }) => id === at.groupId))
    throw new Rejected('invalid', 'group/cycle', 'A group cannot be a member of itself.');
  return {
    delta: { add: added.filter(({ id }) => !guests.includes(id)), remove: removed },
    skipped: [...unknown, ...guests],
  };
};

/** The view may be behind what was loaded (then it is caught up) or ahead of it (then what was loaded is stale, and `handle` loads again). */
const atRevision = async <T extends { head: Revision | null }>(
  { catchUp }: MembersDeps,
  { stream, revision }: GroupAt,
  read: () => Promise<T>,
): Promise<T> => {
  const first = await read();
  if ((first.head ?? 0) === revision) return first;
  if ((first.head ?? 0) < revision) {
    await catchUp(stream);
    const second = await read();
    if ((second.head ?? 0) === revision) return second;
  }
  throw new StaleStream(stream, revision);
};

/** A member's row by its key. Joined, a young table whose size the planner doesn't know yet is read for the whole group. */
const memberRow = (schema: string, id: string) =>
  `select member_id from ${schema}.group_members where tenant_id = $2 and group_id = $3 and member_id = ${id} limit 1`;

const ask = async (
  { sql, schema }: MembersDeps,
  { tenantId, groupId, stream }: GroupAt,
  policy: ConnectionPolicy,
  request: MemberRequest,
): Promise<Answer> => {
  const given = parameters(stream, tenantId, groupId, request.add, policy.connectionId);
  const sight = userSight({ kind: 'connection', policy }, given);
  const removed =
    request.others === 'keep'
      ? `unnest(${given.add(request.remove)}::text[]) as gone (id) cross join lateral (${memberRow(schema, 'gone.id')}) m`
      : `${schema}.group_members m where m.tenant_id = $2 and m.group_id = $3 and not exists (select from wanted w where w.id = m.member_id)`;
  const [answer] = await sql.query<Answer>({
    text: `
      with
      wanted(id) as (select unnest($4::text[])),
      fresh(id) as (
        select w.id from wanted w left join lateral (${memberRow(schema, 'w.id')}) m on true where m.member_id is null
      ),
      known(id, kind) as (
        select u.id, 'User' from fresh f cross join lateral (select * from ${schema}.users where tenant_id = $2 and id = f.id limit 1) u where ${sight}
        union all
        select g.id, 'Group' from fresh f cross join lateral (select * from ${schema}.groups where tenant_id = $2 and id = f.id limit 1) g where g.connection_id = $5
      )
      select
        (select h.revision from ${schema}.heads h where h.stream = $1) as head,
        (select coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'kind', k.kind)), '[]') from known k) as added,
        (select coalesce(jsonb_agg(f.id), '[]') from fresh f where not exists (select from known k where k.id = f.id)) as unknown,
        (select coalesce(jsonb_agg(m.member_id), '[]') from ${removed}) as removed`,
    values: given.values,
  });
  return answer!;
};

type Element = { head: Revision | null; members: { value: string; type: MemberKind; display: string | null }[] };

/** Whom changes may make members, one after the other. */
const namedIn = (changes: readonly MemberChange[]): string[] =>
  changes.flatMap((change) => (change.op === 'add' || change.op === 'replace' ? change.ids : []));

/** `members[type eq "Group"]` and the like: which ids are meant, is seen at the members themselves, those among them that were named before. */
const withIds = async (
  deps: MembersDeps,
  at: GroupAt,
  policy: ConnectionPolicy,
  change: MemberChange,
  named: readonly string[],
): Promise<ResolvedChange> => {
  if (change.op !== 'removeWhere') return change;
  const { sql, schema } = deps;
  const given = parameters(at.stream, at.tenantId, at.groupId, named, policy.connectionId);
  const sight = userSight({ kind: 'connection', policy }, given);
  const meant = (id: string) =>
    `${id} in (select unnest($4::text[]) union select m.member_id from ${schema}.group_members m where m.tenant_id = $2 and m.group_id = $3)`;
  const { members } = await atRevision(deps, at, async () => {
    const [row] = await sql.query<Element>({
      text: `
        select (select h.revision from ${schema}.heads h where h.stream = $1) as head,
          (select coalesce(jsonb_agg(jsonb_build_object('value', m.id, 'type', m.kind, 'display', m.display_name)), '[]')
           from (select u.id, 'User' as kind, u.display_name from ${schema}.users u where u.tenant_id = $2 and ${meant('u.id')} and ${sight}
                 union all
                 select g.id, 'Group', g.display_name from ${schema}.groups g where g.tenant_id = $2 and ${meant('g.id')} and g.connection_id = $5) m) as members`,
      values: given.values,
    });
    return row!;
  });
  return { op: 'remove', ids: members.filter((element) => matches(change.filter, element)).map(({ value }) => value) };
};
