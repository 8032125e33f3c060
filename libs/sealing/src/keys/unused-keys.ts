import type { Database } from '@tenure/database';
import type { DataSubject } from '@tenure/eventing';

/** Removes keys that sealed nothing: made for a user whose create was refused after all, or whose writer died before the append. */
export type UnusedKeys = {
  /** Those that nobody made, or made again, for so long; whom `used` tells stay. Tells how many it removed. */
  reap: (
    olderThanMs: number,
    used: (persons: readonly DataSubject[]) => Promise<readonly DataSubject[]>,
  ) => Promise<number>;
};

const AT_ONCE = 1000;

type Row = { tenant_id: string; person_id: string; created_at: string };

/** Looks at every key once in its life, and at those of before once more after each start. Tombstones are for ever. */
export const unusedKeys = (database: Database, schema = 'keys'): UnusedKeys => {
  /** As text, for a timestamp of JavaScript is less exact. */
  let seen: Row = { created_at: '-infinity', tenant_id: '', person_id: '' };

  const next = (olderThanMs: number): Promise<Row[]> =>
    database.query<Row>({
      text: `select tenant_id, person_id, created_at::text from ${schema}.person_keys
             where wrapped is not null and created_at < now() - make_interval(secs => $1)
               and created_at >= $2::timestamptz and (created_at, tenant_id, person_id) > ($2::timestamptz, $3, $4)
             order by created_at, tenant_id, person_id limit $5`,
      values: [olderThanMs / 1000, seen.created_at, seen.tenant_id, seen.person_id, AT_ONCE],
    });

  return {
    reap: async (olderThanMs, used) => {
      let removed = 0;
      for (let rows = await next(olderThanMs); rows.length > 0; rows = await next(olderThanMs)) {
        const persons = rows.map(({ tenant_id, person_id }): DataSubject => ({
          tenantId: tenant_id,
          personId: person_id,
        }));
        const stay = new Set((await used(persons)).map(({ tenantId, personId }) => `${tenantId}/${personId}`));
        const unused = persons.filter(({ tenantId, personId }) => !stay.has(`${tenantId}/${personId}`));
        // Asked again in the statement: who creates the person just now has made the row young, or finds it gone and makes another.
        const gone = await database.query({
          text: `delete from ${schema}.person_keys k using unnest($1::text[], $2::text[]) as unused(tenant_id, person_id)
                 where k.tenant_id = unused.tenant_id and k.person_id = unused.person_id and k.wrapped is not null
                   and k.created_at < now() - make_interval(secs => $3) returning 1`,
          values: [unused.map(({ tenantId }) => tenantId), unused.map(({ personId }) => personId), olderThanMs / 1000],
        });
        removed += gone.length;
        seen = rows.at(-1)!;
      }
      return removed;
    },
  };
};
