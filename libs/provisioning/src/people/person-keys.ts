import { unnested, type Sql } from '@tenure/database';
import type { Sealer } from '@tenure/eventing';
import { enterpriseUserSchema, valueAt, type JsonObject } from '@tenure/scim';
import { PROVISIONING } from './to-evaluate.ts';

/** By what a person who was deleted and comes back is known (R92). */
export type PersonKey = 'userName' | 'externalId' | 'employeeNumber';

/** HMACs under a key of the tenant: whoever reads the table learns nothing but that two people share a value. */
export const personKeysTable = `
  create table person_keys (
    tenant_id text not null,
    user_id text not null,
    key text not null,
    hmac text not null,
    primary key (tenant_id, user_id, key)
  );
  create index person_keys_by_hmac on person_keys (tenant_id, key, hmac)`;

export type Keyed = { tenantId: string; userId: string; resource: JsonObject; connectionId: string | null };

const textOf = (value: unknown): string => (typeof value === 'string' ? value.normalize('NFC').trim() : '');

/** An externalId means something to the connection alone that gave it; userName is compared without case (RFC 7643 §4.1.1). */
const valuesOf = ({ resource, connectionId }: Keyed): [PersonKey, string][] => {
  const externalId = connectionId === null ? '' : textOf(valueAt(resource, 'externalId'));
  const all: [PersonKey, string][] = [
    ['userName', textOf(valueAt(resource, 'userName')).toLowerCase()],
    ['externalId', externalId && JSON.stringify([connectionId, externalId])],
    ['employeeNumber', textOf(valueAt(resource, `${enterpriseUserSchema.id}:employeeNumber`))],
  ];
  return all.filter(([, value]) => value !== '');
};

/** What these people are known by from now on. */
export const putPersonKeys = async (
  sql: Sql,
  sealer: Pick<Sealer, 'claimName'>,
  people: readonly Keyed[],
): Promise<void> => {
  const rows = await Promise.all(
    people.flatMap((person) =>
      valuesOf(person).map(async ([key, value]) => ({
        ...person,
        key,
        hmac: await sealer.claimName(person.tenantId, { kind: `person/${key}`, value }),
      })),
    ),
  );
  const kept = new Set(rows.map(({ tenantId, userId, key }) => `${tenantId}/${userId}/${key}`));
  const gone = people.flatMap(({ tenantId, userId }) =>
    (['userName', 'externalId', 'employeeNumber'] as const)
      .filter((key) => !kept.has(`${tenantId}/${userId}/${key}`))
      .map((key) => ({ tenantId, userId, key })),
  );
  await sql.query({
    name: 'provisioning.drop_person_keys',
    // Each by its key: joined, the table may be read from end to end.
    text: `delete from ${PROVISIONING}.person_keys where ctid = any (array(
             select k.ctid from ${unnested('text', 'text', 'text')} as gone (tenant_id, user_id, key)
             cross join lateral (
               select ctid from ${PROVISIONING}.person_keys k
               where k.tenant_id = gone.tenant_id and k.user_id = gone.user_id and k.key = gone.key limit 1 for update) k))`,
    values: [gone.map(({ tenantId }) => tenantId), gone.map(({ userId }) => userId), gone.map(({ key }) => key)],
  });
  await sql.query({
    name: 'provisioning.put_person_keys',
    text: `insert into ${PROVISIONING}.person_keys as k (tenant_id, user_id, key, hmac)
           select * from ${unnested('text', 'text', 'text', 'text')} as put order by 1, 2, 3
           on conflict (tenant_id, user_id, key) do update set hmac = excluded.hmac where k.hmac <> excluded.hmac`,
    values: [
      rows.map(({ tenantId }) => tenantId),
      rows.map(({ userId }) => userId),
      rows.map(({ key }) => key),
      rows.map(({ hmac }) => hmac),
    ],
  });
};

export const forgetPersonKeys = (sql: Sql, tenantId: string, userId: string): Promise<unknown> =>
  sql.query({
    text: `delete from ${PROVISIONING}.person_keys where tenant_id = $1 and user_id = $2`,
    values: [tenantId, userId],
  });

/** More people than these share a value that identifies nobody. */
const MOST_SHARED = 100;

const namesakes = `
  from ${PROVISIONING}.person_keys mine
  cross join lateral (
    select k.user_id from ${PROVISIONING}.person_keys k
    where k.tenant_id = mine.tenant_id and k.key = mine.key and k.hmac = mine.hmac and k.user_id <> mine.user_id limit ${MOST_SHARED}) k
  cross join lateral (
    select p.deleted, p.deleted_at from ${PROVISIONING}.people p where p.tenant_id = mine.tenant_id and p.id = k.user_id and not p.erased limit 1) p
  where mine.tenant_id = $1 and mine.user_id = $2`;

/** Who shares a key with somebody and isn't deleted: what became of the one may matter to them. */
export const livingNamesakes = async (sql: Sql, tenantId: string, userId: string): Promise<string[]> => {
  const rows = await sql.query<{ id: string }>({
    name: 'provisioning.living_namesakes',
    text: `select distinct k.user_id as id ${namesakes} and not p.deleted`,
    values: [tenantId, userId],
  });
  return rows.map(({ id }) => id);
};

/** `shared`: those of the keys that somebody else who isn't deleted has too. `isContradicted`: both have an employee number, and another one. */
export type DeletedNamesake = {
  userId: string;
  by: readonly PersonKey[];
  shared: readonly PersonKey[];
  isContradicted: boolean;
};

/** Deleted people, not erased, who share a key with somebody, who was deleted last first. */
export const deletedNamesakes = async (sql: Sql, tenantId: string, userId: string): Promise<DeletedNamesake[]> => {
  const found = await sql.query<{ id: string; key: PersonKey; deleted: boolean; contradicted: boolean }>({
    name: 'provisioning.namesakes',
    text: `select k.user_id as id, mine.key, p.deleted,
                  exists (select from ${PROVISIONING}.person_keys one join ${PROVISIONING}.person_keys other
                            on other.tenant_id = one.tenant_id and other.user_id = k.user_id and other.key = one.key and other.hmac <> one.hmac
                          where one.tenant_id = $1 and one.user_id = $2 and one.key = 'employeeNumber') as contradicted
           ${namesakes} order by p.deleted_at desc, k.user_id, mine.key`,
    values: [tenantId, userId],
  });
  const shared = new Set(found.filter(({ deleted }) => !deleted).map(({ key }) => key));
  const deleted = found.filter((each) => each.deleted);
  return [...new Set(deleted.map(({ id }) => id))].map((id) => {
    const own = deleted.filter((each) => each.id === id);
    const by = own.map(({ key }) => key);
    return {
      userId: id,
      by,
      shared: by.filter((key) => shared.has(key)),
      isContradicted: own.some(({ contradicted }) => contradicted),
    };
  });
};
