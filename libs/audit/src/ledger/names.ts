import { userEvents, type UserEvent } from '@tenure/contracts';
import type { Sql } from '@tenure/database';
import { decoder, ERASED, type Sealer } from '@tenure/eventing';
import type { Fact } from '@tenure/messaging';
import { KeyMissing } from '@tenure/sealing';

export type PersonName = { id: string; displayName?: string; userName?: string } | { id: string; erased: true };

/** What ids are called, as the ledger has it. */
export type Names = {
  /** People, opened with their keys: whoever was erased has no name any more (design, decision 11). */
  people: (tenantId: string, ids: readonly string[]) => Promise<Map<string, PersonName>>;
  /** The user that each admin is. */
  usersOfAdmins: (tenantId: string, ids: readonly string[]) => Promise<Map<string, string>>;
  /** Connections, keys and apps. */
  things: (tenantId: string, ids: readonly string[]) => Promise<Map<string, string>>;
};

const textIn = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export const ledgerNames = (sql: Sql, schema: string, sealer: Sealer): Names => {
  const decode = decoder(sealer, userEvents);

  const nameOf = async (fact: Fact): Promise<PersonName | undefined> => {
    const id = fact.personId!;
    try {
      const { event } = await decode<UserEvent>(fact);
      if (!event || !('personal' in event)) return undefined;
      if (event.personal === ERASED) return { id, erased: true };
      const { displayName, userName } = event.personal.resource;
      return {
        id,
        ...(textIn(displayName) !== undefined && { displayName: textIn(displayName) }),
        ...(textIn(userName) !== undefined && { userName: textIn(userName) }),
      };
    } catch (error) {
      // A name is shown where it can be. The ledger of a database that lost keys is still to be read.
      if (error instanceof KeyMissing) return undefined;
      throw error;
    }
  };

  const pairs = async (text: string, tenantId: string, ids: readonly string[]): Promise<Map<string, string>> => {
    if (ids.length === 0) return new Map();
    const rows = await sql.query<{ id: string; said: string }>({ text, values: [tenantId, ids] });
    return new Map(rows.map(({ id, said }) => [id, said]));
  };

  return {
    people: async (tenantId, ids) => {
      if (ids.length === 0) return new Map();
      const rows = await sql.query<{ fact: Fact }>({
        text: `select l.fact from unnest($2::text[]) as wanted (id)
               cross join lateral (
                 select fact from ${schema}.ledger
                 where tenant_id = $1 and user_id = wanted.id and subject_kind = 'user' and fact ? 'personal' order by seq desc limit 1
               ) l`,
        values: [tenantId, ids],
      });
      const names = await Promise.all(rows.map(({ fact }) => nameOf(fact)));
      return new Map(names.flatMap((name): [string, PersonName][] => (name ? [[name.id, name]] : [])));
    },
    usersOfAdmins: (tenantId, ids) =>
      pairs(
        `select subject_id as id, fact->'data'->>'userId' as said from ${schema}.ledger
         where tenant_id = $1 and type in ('AdminAdded', 'AdminEnrolled') and subject_id = any($2)`,
        tenantId,
        ids,
      ),
    things: (tenantId, ids) =>
      pairs(
        `select distinct on (subject_id) subject_id as id, fact->'data'->>'name' as said from ${schema}.ledger
         where tenant_id = $1 and type in ('ConnectionCreated', 'KeyCreated', 'AppCreated', 'AppRenamed') and subject_id = any($2)
         order by subject_id, seq desc`,
        tenantId,
        ids,
      ),
  };
};
