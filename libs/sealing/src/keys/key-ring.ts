import type { KeyObject } from 'node:crypto';
import { inBatches, unnested, type Database } from '@tenure/database';
import { ERASED, type Erased, type DataSubject } from '@tenure/eventing';
import { newKey } from '../cipher.ts';
import { KeyDestroyed, KeyMissing } from '../errors.ts';
import { keyReader } from './key-reader.ts';
import { keyWrapping } from './key-wrapping.ts';

export type TenantKeyPurpose = 'transport' | 'claims';

/** Keys per person and per tenant (design, decision 11). */
export type KeyRing = {
  /** Only creating a user does this, before its first append; repeating it changes nothing. Throws `KeyDestroyed`: who was erased stays so. */
  createPerson: (person: DataSubject) => Promise<void>;
  keyOf: (person: DataSubject) => Promise<KeyObject | Erased | undefined>;
  /** In the order of `persons`, with one query for those not in the cache. */
  keysOf: (persons: readonly DataSubject[]) => Promise<(KeyObject | Erased | undefined)[]>;
  /** For ever, leaving a tombstone. At once in this process; others still hold the key for up to 60 s, or until they `forget` it. */
  destroyPerson: (person: DataSubject) => Promise<void>;
  /** At start, for every `PersonErased`: a restored dump must not bring keys back. Tells how many had come back. */
  destroyAgain: (persons: readonly DataSubject[]) => Promise<number>;
  /** Drops a key from the cache, such as when a `PersonErased` comes by. */
  forget: (person: DataSubject) => void;
  /** Makes the tenant's keys where they are missing. Throws `WrongSecretsKey` where they are there and can't be read. */
  ensureTenant: (tenantId: string) => Promise<void>;
  /** Throws `KeyMissing`. */
  tenantKey: (tenantId: string, purpose: TenantKeyPurpose) => Promise<KeyObject>;
  /** At start: throws `WrongSecretsKey` when the stored keys can't be read with ours. */
  check: () => Promise<void>;
};

export type KeyRingOptions = {
  database: Database;
  schema?: string;
  /** TENURE_SECRETS_KEY, as `parseSecretsKey` reads it. */
  secretsKey: Buffer;
  /** At most 60 s. */
  cacheForMs?: number;
  cacheEntries?: number;
};

type PersonRow = { tenant_id: string; person_id: string; wrapped: Buffer | null };

const CACHE_AT_MOST_MS = 60_000;
/** About 20 MB when full. A rebuild that meets more people reads their keys again, a batch at a time: still 24,000 events/s, instead of 60,000. */
const CACHE_ENTRIES = 10_000;

const personOwner = ({ tenantId, personId }: DataSubject) => ['person', tenantId, personId];
const tenantOwner = (tenantId: string, purpose: TenantKeyPurpose) => ['tenant', tenantId, purpose];
const personName = ({ tenantId, personId }: DataSubject) => `${tenantId}/${personId}`;

export const keyRing = ({
  database,
  schema = 'keys',
  secretsKey,
  cacheForMs = CACHE_AT_MOST_MS,
  cacheEntries = CACHE_ENTRIES,
}: KeyRingOptions): KeyRing => {
  const { wrap, unwrap } = keyWrapping(secretsKey);
  const cache = { forMs: Math.min(cacheForMs, CACHE_AT_MOST_MS), entries: cacheEntries };

  const columns = (persons: readonly DataSubject[]) => [
    persons.map(({ tenantId }) => tenantId),
    persons.map(({ personId }) => personId),
  ];
  const keyIn = (person: DataSubject, { wrapped }: Pick<PersonRow, 'wrapped'>) =>
    wrapped ? unwrap(wrapped, personOwner(person)) : ERASED;

  const people = keyReader<DataSubject, PersonRow, KeyObject | Erased>({
    ...cache,
    nameOf: personName,
    load: async (persons) => {
      const rows = await database.query<PersonRow>({
        name: `${schema}.person-keys`,
        text: `select k.* from ${unnested('text', 'text')} as wanted(tenant_id, person_id)
               cross join lateral (
                 select tenant_id, person_id, wrapped from ${schema}.person_keys where tenant_id = wanted.tenant_id and person_id = wanted.person_id limit 1
               ) k`,
        values: columns(persons),
      });
      const found = new Map(rows.map((row) => [personName({ tenantId: row.tenant_id, personId: row.person_id }), row]));
      return persons.map((person) => found.get(personName(person)));
    },
    toKey: keyIn,
  });

  // By purpose, for a role may be granted the one column and not the other.
  const tenants = (purpose: TenantKeyPurpose) =>
    keyReader<string, Buffer, KeyObject>({
      ...cache,
      nameOf: (tenantId) => tenantId,
      load: async (tenantIds) => {
        const text = `select tenant_id, ${purpose} as wrapped from ${schema}.tenant_keys where tenant_id = any($1)`;
        const rows = await database.query<{ tenant_id: string; wrapped: Buffer }>({ text, values: [tenantIds] });
        const found = new Map(rows.map((row) => [row.tenant_id, row.wrapped]));
        return tenantIds.map((tenantId) => found.get(tenantId));
      },
      toKey: (tenantId, wrapped) => unwrap(wrapped, tenantOwner(tenantId, purpose)),
    });
  const tenantKeys = { transport: tenants('transport'), claims: tenants('claims') };

  /** Tombstones also for those who have no row: a dump from before their creation may yet be restored in part. */
  const destroy = async (persons: readonly DataSubject[]): Promise<number> => {
    const [row] = await database.query<{ had_key: number }>({
      // In one order, so that replicas that start together don't deadlock. `xmax` is 0 in a row that was new.
      text: `with destroyed as (
               insert into ${schema}.person_keys as held (tenant_id, person_id, destroyed_at)
               select distinct tenant_id, person_id, now() from unnest($1::text[], $2::text[]) as erased(tenant_id, person_id) order by 1, 2
               on conflict (tenant_id, person_id) do update set wrapped = null, destroyed_at = now() where held.wrapped is not null
               returning xmax <> 0 as had_key
             )
             select count(*) filter (where had_key) as had_key from destroyed`,
      values: columns(persons),
    });
    for (const person of persons) people.put(person, ERASED);
    return row!.had_key;
  };

  const insert = inBatches<DataSubject, Pick<PersonRow, 'wrapped'>>({
    send: async (persons) => {
      const distinct = [...new Map(persons.map((person) => [personName(person), person])).values()];
      const rows = await database.query<PersonRow>({
        name: `${schema}.create-person-keys`,
        // A row that is already there comes back, also one of a concurrent transaction, and is young again: not taken for unused meanwhile. In one order: no deadlock.
        text: `insert into ${schema}.person_keys (tenant_id, person_id, wrapped)
               select * from ${unnested('text', 'text', 'bytea')} as made(tenant_id, person_id, wrapped) order by 1, 2
               on conflict (tenant_id, person_id) do update set created_at = now() returning tenant_id, person_id, wrapped`,
        values: [...columns(distinct), distinct.map((person) => wrap(newKey(), personOwner(person)))],
      });
      const made = new Map(rows.map((row) => [personName({ tenantId: row.tenant_id, personId: row.person_id }), row]));
      return persons.map((person) => made.get(personName(person))!);
    },
  });

  return {
    createPerson: async (person) => {
      const key = keyIn(person, await insert(person));
      people.put(person, key);
      if (key === ERASED) throw new KeyDestroyed(person);
    },
    keyOf: people.read,
    keysOf: (persons) => Promise.all(persons.map(people.read)),
    destroyPerson: async (person) => void (await destroy([person])),
    destroyAgain: destroy,
    forget: people.forget,
    ensureTenant: async (tenantId) => {
      const [row] = await database.query<Record<TenantKeyPurpose, Buffer>>({
        text: `insert into ${schema}.tenant_keys (tenant_id, transport, claims) values ($1, $2, $3)
               on conflict (tenant_id) do update set tenant_id = excluded.tenant_id returning transport, claims`,
        values: [
          tenantId,
          wrap(newKey(), tenantOwner(tenantId, 'transport')),
          wrap(newKey(), tenantOwner(tenantId, 'claims')),
        ],
      });
      for (const purpose of ['transport', 'claims'] as const)
        tenantKeys[purpose].put(tenantId, unwrap(row![purpose], tenantOwner(tenantId, purpose)));
    },
    tenantKey: async (tenantId, purpose) => {
      const key = await tenantKeys[purpose].read(tenantId);
      if (!key) throw new KeyMissing({ tenantId });
      return key;
    },
    check: async () => {
      const [row] = await database.query<PersonRow>(
        `select tenant_id, person_id, wrapped from ${schema}.person_keys where wrapped is not null limit 1`,
      );
      if (row) keyIn({ tenantId: row.tenant_id, personId: row.person_id }, row);
    },
  };
};
