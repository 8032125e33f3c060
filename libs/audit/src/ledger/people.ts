import { namesOf, searchQuery, searchWords, userEvents, type UserEvent } from '@tenure/contracts';
import { unnested, type Migration, type Sql } from '@tenure/database';
import { decoder, ERASED, streamParts, type Sealer } from '@tenure/eventing';
import type { Fact, FactBatch } from '@tenure/messaging';
import { KeyMissing } from '@tenure/sealing';

/**
 * By what people are found in the ledger, whose entries hold no names. Built from the facts, beside the ledger; whoever is erased keeps a
 * row without words, so that nothing brings them back. `people_to_fill`: those whom the ledger knew before there was this table.
 */
export const peopleMigrations: readonly Migration[] = [
  {
    name: 'CreatePeople1796083500000',
    up: `
      create table people (
        tenant_id text not null,
        id text not null,
        revision int not null,
        words tsvector,
        primary key (tenant_id, id)
      );
      create index people_by_words on people using gin (words) with (gin_pending_list_limit = 512);
      create table people_to_fill (
        tenant_id text not null,
        id text not null,
        primary key (tenant_id, id)
      );
      insert into people_to_fill select distinct tenant_id, subject_id from ledger where subject_kind = 'user'`,
  },
];

const FILLED_AT_ONCE = 200;

/** Ids of the people of a tenant whom a search finds, as a subquery. */
export const peopleFound = (schema: string, tenant: string, search: string): string =>
  `(select found.id from ${schema}.people found where found.tenant_id = ${tenant} and found.words @@ ${search}::tsquery)`;

export const searchedFor = (tenantId: string, search: string | undefined): string | null =>
  search === undefined ? null : searchQuery(tenantId, search);

export type LedgerPeople = ReturnType<typeof ledgerPeople>;

export const ledgerPeople = (sql: Sql, schema: string, sealer: Sealer) => {
  const decode = decoder(sealer, userEvents);

  /** Null where nothing may be known of the person any more. */
  const wordsOf = async (fact: Fact): Promise<{ words: string[] | null } | undefined> => {
    try {
      const { event } = await decode<UserEvent>(fact);
      if (event?.type === 'PersonErased') return { words: null };
      if (!event || !('personal' in event)) return undefined;
      if (event.personal === ERASED) return { words: null };
      return { words: searchWords(fact.metadata.tenantId, namesOf(event.personal.resource)) };
    } catch (error) {
      if (error instanceof KeyMissing) return { words: null };
      throw error;
    }
  };

  const put = async (facts: readonly Fact[]): Promise<void> => {
    // The last of each person says it all.
    const last = new Map<string, { tenantId: string; id: string; revision: number; words: string[] | null }>();
    for (const fact of facts) {
      const known = await wordsOf(fact);
      const { tenantId, id } = streamParts(fact.stream);
      const before = last.get(fact.stream);
      if (known && (before?.revision ?? 0) < fact.revision)
        last.set(fact.stream, { tenantId, id, revision: fact.revision, ...known });
    }
    const rows = [...last.values()];
    if (rows.length === 0) return;
    await sql.query({
      name: `${schema}.put_people`,
      text: `insert into ${schema}.people as p (tenant_id, id, revision, words)
             select tenant_id, id, revision, case when words is not null then array_to_tsvector(array(select jsonb_array_elements_text(words::jsonb))) end
             from ${unnested('text', 'text', 'int', 'text')} as put (tenant_id, id, revision, words) order by tenant_id, id
             on conflict (tenant_id, id) do update set revision = excluded.revision, words = excluded.words where p.revision < excluded.revision`,
      values: [
        rows.map(({ tenantId }) => tenantId),
        rows.map(({ id }) => id),
        rows.map(({ revision }) => revision),
        rows.map(({ words }) => words && JSON.stringify(words)),
      ],
    });
  };

  return {
    /** Facts may come again, and in any order. */
    consume: (facts: FactBatch): Promise<void> => put(facts.filter(({ stream }) => stream.startsWith('user-'))),

    /** Those whom the ledger knew before; goes on where it was cut off. */
    fill: async (): Promise<void> => {
      for (;;) {
        const people = await sql.query<{ tenant_id: string; id: string }>({
          text: `select tenant_id, id from ${schema}.people_to_fill order by tenant_id, id limit ${FILLED_AT_ONCE}`,
        });
        if (people.length === 0) return;
        const values = [people.map(({ tenant_id }) => tenant_id), people.map(({ id }) => id)];
        const rows = await sql.query<{ fact: Fact }>({
          text: `select l.fact from unnest($1::text[], $2::text[]) as wanted (tenant_id, id)
                 cross join lateral (
                   select fact from ${schema}.ledger where tenant_id = wanted.tenant_id and user_id = wanted.id and subject_kind = 'user'
                     and (fact ? 'personal' or type = 'PersonErased') order by seq desc limit 1) l`,
          values,
        });
        await put(rows.map(({ fact }) => fact));
        await sql.query({
          text: `delete from ${schema}.people_to_fill f using unnest($1::text[], $2::text[]) as filled (tenant_id, id)
                 where f.tenant_id = filled.tenant_id and f.id = filled.id`,
          values,
        });
      }
    },
  };
};
