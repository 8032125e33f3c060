import {
  groupEvents,
  tenantEvents,
  userEvents,
  type GroupEvent,
  type TenantEvent,
  type UserEvent,
} from '@tenure/contracts';
import type { Database, Sql } from '@tenure/database';
import { decoder, streamParts, type DataSubject, type Revision, type Sealer } from '@tenure/eventing';
import { factConsumer, type Fact, type FactConsumer, type FactConsumerOptions } from '@tenure/messaging';
import { applyGroup } from './apply-group.ts';
import { applyUsers, type PersonFact } from './apply-users.ts';
import { livingNamesakes } from './person-keys.ts';
import { causeOf, mark, PROVISIONING, type Cause, type Mark } from './to-evaluate.ts';

export type PeopleConsumerNeeds = Pick<FactConsumerOptions, 'attempts' | 'retryAfterMs' | 'onParked'> & {
  database: Database;
  sealer: Sealer;
  /** A person was erased: what else shows them drops them in the same transaction. */
  onErased?: (sql: Sql, person: DataSubject) => Promise<void>;
  /** Groups changed: their names, or who is in them (R89). In the same transaction. */
  onGroupsChanged?: (sql: Sql, changes: readonly GroupChange[]) => Promise<void>;
};

/** `userIds`: who may be in it now, or no longer. `nests`: another group was put into it, or taken out. */
export type GroupChange = {
  tenantId: string;
  groupId: string;
  userIds: readonly string[];
  nests: boolean;
  cause: Cause;
};

const CONSUMER = 'people';
const BEFORE_REBUILD = 'people/before-rebuild';

/** Keeps people and groups from the directory's facts. One transaction applies, moves the marks, and notes whom to evaluate (design, decision 9). */
export const peopleConsumer = ({
  database,
  sealer,
  onErased,
  onGroupsChanged,
  ...options
}: PeopleConsumerNeeds): FactConsumer => {
  const decodeUser = decoder(sealer, userEvents);
  const decodeGroup = decoder(sealer, groupEvents);
  const decodeTenant = decoder(sealer, tenantEvents);

  const applyPeople = async (sql: Sql, facts: readonly PersonFact[]) => {
    await applyUsers(sql, sealer, facts);
    for (const { tenantId, userId, event } of facts)
      if (event.type === 'PersonErased') await onErased?.(sql, { tenantId, personId: userId });
  };

  /** Groups and tenants, one at a time. Returns whom it may concern; `everyone` of the tenant. */
  const applyOther = async (sql: Sql, fact: Fact): Promise<readonly string[] | 'everyone'> => {
    const { category, tenantId, id } = streamParts(fact.stream);
    const { occurredAt } = fact.metadata;
    if (category === 'group') {
      const { event } = await decodeGroup<GroupEvent>(fact);
      return event ? applyGroup(sql, { tenantId, groupId: id, revision: fact.revision }, event, occurredAt) : [];
    }
    if (category === 'tenant') {
      const { event } = await decodeTenant<TenantEvent>(fact);
      return event && (await applyTenant(sql, { tenantId, revision: fact.revision }, event, occurredAt))
        ? 'everyone'
        : [];
    }
    return [];
  };

  /** In the order of the facts, people who follow one another at once. */
  const handleAll = async (sql: Sql, facts: readonly Fact[]) => {
    const before = await consumedBefore(sql, facts);
    const marks: Mark[] = [];
    const groups: GroupChange[] = [];
    const left: Fact[] = [];
    let people: PersonFact[] = [];
    const applyGathered = async () => {
      if (people.length > 0) await applyPeople(sql, people);
      people = [];
    };
    const decoded = await Promise.all(
      facts.map(async (fact) => (isOfUser(fact) ? (await decodeUser<UserEvent>(fact)).event : undefined)),
    );
    for (const [index, fact] of facts.entries()) {
      const { tenantId, id } = streamParts(fact.stream);
      const event = decoded[index];
      if (event)
        people.push({ tenantId, userId: id, event, occurredAt: fact.metadata.occurredAt, revision: fact.revision });
      if (!isOfUser(fact)) await applyGathered();
      const concerned = event ? [id] : await applyOther(sql, fact);
      if (fact.stream.startsWith('group-') && concerned !== 'everyone')
        groups.push({ tenantId, groupId: id, userIds: concerned, nests: nestsAny(fact), cause: causeOf(fact) });
      if (fact.revision <= (before.get(fact.stream) ?? 0)) continue;
      marks.push({ tenantId, userIds: concerned, cause: causeOf(fact) });
      if (event?.type === 'UserDeleted') left.push(fact);
    }
    await applyGathered();
    // Whoever gets their account may have been told of before: facts of two people come in any order (R92).
    for (const fact of left) {
      const { tenantId, id } = streamParts(fact.stream);
      marks.push({ tenantId, userIds: await livingNamesakes(sql, tenantId, id), cause: causeOf(fact) });
    }
    await mark(sql, marks);
    if (groups.length > 0) await onGroupsChanged?.(sql, groups);
  };

  return factConsumer({
    ...options,
    name: CONSUMER,
    database,
    schema: PROVISIONING,
    handle: (sql, fact) => handleAll(sql, [fact]),
    handleAll,
  });
};

const isOfUser = ({ stream }: Fact): boolean => stream.startsWith('user-');

/** Events that end memberships don't tell kinds. */
const nestsAny = ({ type, data }: Fact): boolean => {
  const { members } = data as { members?: readonly { kind?: string }[] };
  return type === 'GroupMembersRemoved' || (members ?? []).some(({ kind }) => kind === 'Group');
};

/** Whether what evaluations ask of a tenant changed: its primary domain (R42), or whether entitlements are given (R64). */
const applyTenant = async (
  sql: Sql,
  { tenantId, revision }: { tenantId: string; revision: Revision },
  event: TenantEvent,
  occurredAt: string,
): Promise<boolean> => {
  if (event.type === 'AppRolesReplaced') {
    await sql.query({
      text: `update ${PROVISIONING}.tenants set app_roles = $2, revision = $3 where id = $1`,
      values: [tenantId, JSON.stringify(event.data.appRoles), revision],
    });
    return false;
  }
  const { primaryDomain, features } = event.data;
  const [before] = await sql.query<{ primary_domain: string; features: { entitlements?: boolean } }>({
    text: `select primary_domain, features from ${PROVISIONING}.tenants where id = $1`,
    values: [tenantId],
  });
  await sql.query({
    text: `insert into ${PROVISIONING}.tenants as t (id, primary_domain, features, domain_since, revision) values ($1, $2, $3, $4, $5)
           on conflict (id) do update set primary_domain = excluded.primary_domain, features = excluded.features, revision = excluded.revision,
             domain_since = case when t.primary_domain = excluded.primary_domain then t.domain_since else excluded.domain_since end`,
    values: [tenantId, primaryDomain, JSON.stringify(features), occurredAt, revision],
  });
  return (
    before !== undefined &&
    (before.primary_domain !== primaryDomain || before.features.entitlements !== features.entitlements)
  );
};

/** Up to which revision streams were consumed before a rebuild, which marks nothing: what those facts led to was done when they came first. */
const consumedBefore = async (sql: Sql, facts: readonly Fact[]): Promise<Map<string, number>> => {
  const rows = await sql.query<{ stream: string; revision: number }>({
    name: 'provisioning.consumed_before',
    text: `select stream, revision from ${PROVISIONING}.fact_marks where consumer = '${BEFORE_REBUILD}' and stream = any($1)`,
    values: [[...new Set(facts.map(({ stream }) => stream))]],
  });
  return new Map(rows.map(({ stream, revision }) => [stream, revision]));
};

/** Empties people and groups, to be built again from the first fact. Nobody is evaluated until they are where they were. */
export const forgetPeople = (database: Database, consumer: FactConsumer): Promise<void> =>
  database.transaction(async (sql) => {
    await sql.query(`delete from ${PROVISIONING}.fact_marks where consumer = '${BEFORE_REBUILD}'`);
    await sql.query(
      `insert into ${PROVISIONING}.fact_marks select '${BEFORE_REBUILD}', stream, revision from ${PROVISIONING}.fact_marks where consumer = '${CONSUMER}'`,
    );
    await consumer.forget(sql);
    await sql.query(
      `truncate ${PROVISIONING}.people, ${PROVISIONING}.groups, ${PROVISIONING}.memberships, ${PROVISIONING}.tenants, ${PROVISIONING}.person_keys`,
    );
  });

/** Whether people and groups are being built again and lack facts that they once had. */
export const isRebuilding = async (sql: Sql): Promise<boolean> => {
  const [row] = await sql.query<{ any: boolean; missing: boolean }>({
    name: 'provisioning.rebuilding',
    text: `select count(*) > 0 as any, coalesce(bool_or(coalesce(now.revision, 0) < before.revision), false) as missing
           from ${PROVISIONING}.fact_marks before
           left join ${PROVISIONING}.fact_marks now on now.consumer = '${CONSUMER}' and now.stream = before.stream
           where before.consumer = '${BEFORE_REBUILD}'`,
  });
  if (row!.any && !row!.missing)
    await sql.query(`delete from ${PROVISIONING}.fact_marks where consumer = '${BEFORE_REBUILD}'`);
  return row!.missing;
};
