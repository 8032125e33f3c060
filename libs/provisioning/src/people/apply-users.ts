import { namesOf, searchWords, type UserEvent } from '@tenure/contracts';
import { unnested, type Sql } from '@tenure/database';
import { ERASED, type Instant, type Revision, type Sealer } from '@tenure/eventing';
import { tenureUserSchema, valueAt, type JsonObject } from '@tenure/scim';
import { forgetPersonKeys, putPersonKeys } from './person-keys.ts';
import { PROVISIONING } from './to-evaluate.ts';

/** What a user's fact says. */
export type PersonFact = {
  tenantId: string;
  userId: string;
  event: UserEvent;
  occurredAt: Instant;
  revision: Revision;
};

type Key = Pick<PersonFact, 'tenantId' | 'userId' | 'revision'>;
type Put = Key & { resource: JsonObject; connectionId: string | null; occurredAt: Instant };

/** Facts of users, in order: those that say how somebody is now share statements. */
export const applyUsers = async (
  sql: Sql,
  sealer: Pick<Sealer, 'claimName'>,
  facts: readonly PersonFact[],
): Promise<void> => {
  // By person: nobody is twice in one statement.
  let puts = new Map<string, Put>();
  const putGathered = async () => {
    if (puts.size > 0) {
      await putAll(sql, [...puts.values()]);
      await putPersonKeys(sql, sealer, [...puts.values()]);
    }
    puts = new Map();
  };
  for (const fact of facts) {
    const after = afterwards(fact.event);
    const name = `${fact.tenantId}/${fact.userId}`;
    if (!after || puts.has(name)) await putGathered();
    if (after) puts.set(name, { ...fact, ...after });
    else if (fact.event.type === 'UserDeleted') await remove(sql, sealer, { ...fact, ...fact.event.data });
    else await erase(sql, fact, fact.occurredAt);
  }
  await putGathered();
};

/** Undefined where nothing can be told of the person any more: deleted, or erased. */
const afterwards = (event: UserEvent): Pick<Put, 'resource' | 'connectionId'> | undefined => {
  switch (event.type) {
    case 'UserCreated':
    case 'UserChanged':
    case 'UserDeactivated':
    case 'UserReactivated':
    case 'UserLinked':
    case 'UserUnlinked':
    case 'UserAccountTypeChanged':
    case 'TeamAdminRightsLost':
      return event.personal === ERASED
        ? undefined
        : { resource: event.personal.resource, connectionId: event.data.connectionId };
    case 'UserDeleted':
    case 'PersonErased':
      return undefined;
  }
};

/** By which keys they were known is noted once more: of who was there before such keys were kept, for the first time. */
const remove = async (
  sql: Sql,
  sealer: Pick<Sealer, 'claimName'>,
  { tenantId, userId, revision, occurredAt, connectionId }: Omit<Put, 'resource'>,
) => {
  const [row] = await sql.query<{ resource: JsonObject | null }>({
    text: `update ${PROVISIONING}.people set deleted = true, deleted_at = coalesce(deleted_at, $3), changed_at = $3, revision = $4
           where tenant_id = $1 and id = $2 returning resource`,
    values: [tenantId, userId, occurredAt, revision],
  });
  if (row?.resource) await putPersonKeys(sql, sealer, [{ tenantId, userId, resource: row.resource, connectionId }]);
};

const isArchived = (resource: JsonObject): boolean => valueAt(resource, `${tenureUserSchema.id}:archived`) === true;

export const orgUnitOf = (resource: JsonObject): string | null => {
  const path = valueAt(resource, `${tenureUserSchema.id}:orgUnitPath`);
  return typeof path === 'string' ? path : null;
};

const wordsOf = (tenantId: string, resource: JsonObject) => JSON.stringify(searchWords(tenantId, namesOf(resource)));
const wordsIn = (json: string) => `array_to_tsvector(array(select jsonb_array_elements_text(${json}::jsonb)))`;

const FILLED_AT_ONCE = 1000;

/** Gives words to people who are known from before there were any. */
export const fillWords = async (sql: Sql): Promise<void> => {
  for (;;) {
    const rows = await sql.query<{ tenant_id: string; id: string; resource: JsonObject }>({
      text: `select tenant_id, id, resource from ${PROVISIONING}.people where words is null and resource is not null limit ${FILLED_AT_ONCE}`,
    });
    if (rows.length === 0) return;
    await sql.query({
      text: `update ${PROVISIONING}.people p set words = ${wordsIn('given.words')}
             from ${unnested('text', 'text', 'text')} as given (tenant_id, id, words)
             where p.tenant_id = given.tenant_id and p.id = given.id and p.words is null and p.resource is not null`,
      values: [
        rows.map(({ tenant_id }) => tenant_id),
        rows.map(({ id }) => id),
        rows.map(({ tenant_id, resource }) => wordsOf(tenant_id, resource)),
      ],
    });
  }
};

/** Each `since` moves only when its own condition changes; `active_revision` with it, which tells two changes at one instant apart. */
const putAll = async (sql: Sql, puts: readonly Put[]) => {
  const unit = `resource->'${tenureUserSchema.id}'->>'orgUnitPath'`;
  const domain = (row: string) => `lower(split_part(${row}.resource->>'userName', '@', 2))`;
  await sql.query({
    name: 'provisioning.put_people',
    text: `insert into ${PROVISIONING}.people as p
             (tenant_id, id, resource, active, archived, active_since, archived_since, unit_since, domain_since, changed_at, revision, active_revision, words)
           select tenant_id, id, resource::jsonb, active, archived, at, at, at, at, at, revision, revision, ${wordsIn('words')}
           from ${unnested('text', 'text', 'text', 'bool', 'bool', 'timestamptz', 'int', 'text')} as put (tenant_id, id, resource, active, archived, at, revision, words)
           order by tenant_id, id
           on conflict (tenant_id, id) do update set
             resource = excluded.resource, active = excluded.active, archived = excluded.archived, changed_at = excluded.changed_at,
             revision = excluded.revision, words = excluded.words,
             active_revision = case when p.active = excluded.active then p.active_revision else excluded.revision end,
             active_since = case when p.active = excluded.active then p.active_since else excluded.changed_at end,
             archived_since = case when p.archived = excluded.archived then p.archived_since else excluded.changed_at end,
             unit_since = case when p.${unit} is not distinct from excluded.${unit} then p.unit_since else excluded.changed_at end,
             domain_since = case when ${domain('p')} is not distinct from ${domain('excluded')} then p.domain_since else excluded.changed_at end
           where not p.erased`,
    values: [
      puts.map(({ tenantId }) => tenantId),
      puts.map(({ userId }) => userId),
      puts.map(({ resource }) => JSON.stringify(resource)),
      puts.map(({ resource }) => resource.active !== false),
      puts.map(({ resource }) => isArchived(resource)),
      puts.map(({ occurredAt }) => occurredAt),
      puts.map(({ revision }) => revision),
      puts.map(({ tenantId, resource }) => wordsOf(tenantId, resource)),
    ],
  });
};

/** Nothing of the person is left here; the row stays, because the accounts' timers go on. */
const erase = async (sql: Sql, { tenantId, userId, revision }: Key, occurredAt: Instant) => {
  await forgetPersonKeys(sql, tenantId, userId);
  await sql.query({
    text: `insert into ${PROVISIONING}.people as p
             (tenant_id, id, active, archived, deleted, erased, active_since, archived_since, unit_since, domain_since, changed_at, deleted_at, revision)
           values ($1, $2, false, false, true, true, $3, $3, $3, $3, $3, $3, $4)
           on conflict (tenant_id, id) do update set resource = null, words = null, erased = true, revision = excluded.revision, deleted = true, deleted_at = coalesce(p.deleted_at, excluded.deleted_at)`,
    values: [tenantId, userId, occurredAt, revision],
  });
};
