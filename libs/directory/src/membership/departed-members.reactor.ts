import { GroupMembersAdded, type Member } from '@tenure/contracts';
import type { Sql } from '@tenure/database';
import {
  handle,
  startFollower,
  streamName,
  streamParts,
  type Follower,
  type FollowerOptions,
  type StoredEvent,
  type StreamName,
} from '@tenure/eventing';
import type { CommandDeps } from '../command/run-command.ts';
import { groupAggregate } from '../group/group.aggregate.ts';
import { CLOSED_TO_GUESTS } from '../group/group.decider.ts';
import { closedGroupsOf, guestsInClosed } from './closed-teams.ts';

export type DepartedMembersDeps = CommandDeps &
  Pick<FollowerOptions, 'database' | 'schema' | 'leases' | 'onFailure'> & {
    /** The name of the directory's view. */
    viewSchema: string;
  };

type Reason = 'memberDeleted' | 'guest';

/**
 * Takes members out of groups in which they can be no longer: deleted users and groups (design, decision 4), and guests, out of those that
 * are closed to them (R14). An add may race a delete or a downgrade, so the ids of every `GroupMembersAdded` are looked at as well:
 * whichever comes second in the feed finds the other in the view, which is caught up for each.
 */
export const startDepartedMembers = (deps: DepartedMembersDeps): Follower => {
  const { source, view, clock, database, schema, leases, viewSchema, onFailure } = deps;

  const drop = async (cause: StoredEvent, groupId: string, memberIds: readonly string[], because: Reason) => {
    if (memberIds.length === 0) return;
    const { tenantId, correlationId, traceparent } = cause.metadata;
    const handled = await handle(source, groupAggregate, {
      tenantId,
      id: groupId,
      metadata: {
        tenantId,
        actor: { kind: 'system', id: actors[because] },
        commandId: `${actors[because]}/${cause.id}/${groupId}`,
        correlationId,
        causationId: cause.id,
        occurredAt: await clock.now(),
        ...(traceparent !== undefined && { traceparent }),
      },
      command: { type: 'DropMembers', memberIds, because },
    });
    await view.applyInline(handled.stored, handled.events);
  };

  const onDeparture = async (deleted: StoredEvent) => {
    const { tenantId, id } = streamParts(deleted.stream);
    await view.catchUp(deleted.stream);
    for (const groupId of await groupsWith(database, viewSchema, tenantId, id))
      await drop(deleted, groupId, [id], 'memberDeleted');
  };

  /** The roles as they are now: whoever is no guest any more when this runs, late or twice, stays. */
  const onRoles = async (changed: StoredEvent) => {
    const { tenantId, id } = streamParts(changed.stream);
    await view.catchUp(changed.stream);
    for (const groupId of await closedGroupsOf(database, viewSchema, tenantId, id))
      await drop(changed, groupId, [id], 'guest');
  };

  const onClosed = async (closed: StoredEvent) => {
    const { tenantId, id } = streamParts(closed.stream);
    await view.catchUp(closed.stream);
    await drop(closed, id, await guestsInClosed(database, viewSchema, tenantId, id), 'guest');
  };

  const onAdded = async (added: StoredEvent) => {
    const { tenantId, id } = streamParts(added.stream);
    const { members } = GroupMembersAdded.fromStored(added.schemaVersion, added.data).data;
    await view.catchUp(added.stream);
    const streams = members.map((member) => streamOf(tenantId, member));
    for (const stream of await unseenOf(database, viewSchema, streams)) await view.catchUp(stream);
    const ids = members.map((member) => member.id);
    await drop(added, id, await departedFrom(database, viewSchema, tenantId, id, ids), 'memberDeleted');
    await drop(added, id, await guestsInClosed(database, viewSchema, tenantId, id, ids), 'guest');
  };

  const react = async (event: StoredEvent) => {
    if (event.type === 'UserDeleted' || event.type === 'GroupDeleted') await onDeparture(event);
    if (event.type === GroupMembersAdded.type) await onAdded(event);
    // Who was just created is in no group yet.
    if (hasChanged(event, 'roles') && event.type !== 'UserCreated') await onRoles(event);
    if (hasChanged(event, CLOSED_TO_GUESTS)) await onClosed(event);
  };

  return startFollower({
    name: 'departed-members',
    database,
    schema,
    store: source.store,
    leases,
    categories: ['user', 'group'],
    lingerMs: 50,
    // Before the transaction that moves the checkpoint: it appends elsewhere, and does so twice without harm.
    before: async (events) => {
      for (const event of events) await react(event);
    },
    ...(onFailure && { onFailure }),
  });
};

const actors: Record<Reason, string> = { memberDeleted: 'departed-members', guest: 'guests' };

const hasChanged = ({ data }: StoredEvent, path: string): boolean =>
  Array.isArray(data['changed']) && data['changed'].includes(path);

const streamOf = (tenantId: string, { id, kind }: Member): StreamName =>
  streamName(kind === 'User' ? 'user' : 'group', tenantId, id);

const groupsWith = async (sql: Sql, schema: string, tenantId: string, memberId: string): Promise<string[]> => {
  const text = `select group_id from ${schema}.group_members where tenant_id = $1 and member_id = $2 order by group_id`;
  return (
    await sql.query<{ group_id: string }>({ name: `${schema}.groups-with`, text, values: [tenantId, memberId] })
  ).map(({ group_id }) => group_id);
};

/** Streams of which the view has nothing yet: whether they were deleted can't be told. */
const unseenOf = async (sql: Sql, schema: string, streams: readonly StreamName[]): Promise<StreamName[]> => {
  const text = `select s.stream from unnest($1::text[]) s(stream) where not exists (select from ${schema}.heads h where h.stream = s.stream and h.revision > 0)`;
  return (await sql.query<{ stream: StreamName }>({ name: `${schema}.unseen`, text, values: [streams] })).map(
    ({ stream }) => stream,
  );
};

/** Of these, the ids that are rows of the group and nobody's any more. */
const departedFrom = async (
  sql: Sql,
  schema: string,
  tenantId: string,
  groupId: string,
  ids: readonly string[],
): Promise<string[]> => {
  const text = `
    select m.member_id from unnest((select $3::text[])) as asked (id)
    cross join lateral (select member_id from ${schema}.group_members where tenant_id = $1 and group_id = $2 and member_id = asked.id limit 1) m
    left join lateral (select true as living from ${schema}.users u where u.tenant_id = $1 and u.id = m.member_id limit 1) u on true
    left join lateral (select true as living from ${schema}.groups g where g.tenant_id = $1 and g.id = m.member_id limit 1) g on true
    where u.living is null and g.living is null
    order by m.member_id`;
  return (
    await sql.query<{ member_id: string }>({ name: `${schema}.departed`, text, values: [tenantId, groupId, ids] })
  ).map(({ member_id }) => member_id);
};
