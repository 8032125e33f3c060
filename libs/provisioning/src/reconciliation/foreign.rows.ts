import type { Database, Sql } from '@tenure/database';
import type { JsonObject } from '@tenure/scim';
import type { AppConfig } from '../app/app-config.ts';
import type { Remote } from '../connector/index.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import { keysOfPerson, keysOfRemote, propose, ranked, type Keys } from './confidence.ts';
import type { Run } from './runs.ts';

export type ForeignBox = {
  seal: (value: unknown, boundTo: readonly string[]) => string;
  open: (sealed: string, boundTo: readonly string[]) => unknown;
};

/** What is kept of an account of the app that is nobody's. */
export type SealedForeign = Pick<Remote, 'label' | 'values'> & { active: boolean };

const MOST_PEOPLE = 5000;
const boundTo = (runId: string, remoteId: string) => ['foreign account', runId, remoteId];

export const openForeign = (
  box: ForeignBox,
  { runId, remoteId, sealed }: { runId: string; remoteId: string; sealed: string },
) => box.open(sealed, boundTo(runId, remoteId)) as SealedForeign;

/** Accounts that a run found and that are linked to nobody; those of the run before go when it is over. */
export const foreignRows = (database: Database, box: ForeignBox) => ({
  note: async (
    sql: Sql,
    { id: runId, tenantId, appId }: Run,
    found: readonly { remote: Remote; markedUserId: string | null }[],
  ): Promise<void> => {
    const kept = [...new Map(found.map((one) => [one.remote.id, one])).values()];
    const sealed = kept.map(({ remote: { id, label, values, active } }) =>
      box.seal({ label, values, active: active !== false } satisfies SealedForeign, boundTo(runId, id)),
    );
    await sql.query({
      name: 'provisioning.note_foreign',
      text: `insert into ${PROVISIONING}.foreign_accounts (run_id, tenant_id, app_id, remote_id, marked_user_id, sealed)
             select $1, $2, $3, * from unnest($4::text[], $5::text[], $6::text[])
             on conflict (run_id, remote_id) do update set sealed = excluded.sealed, marked_user_id = excluded.marked_user_id`,
      values: [
        runId,
        tenantId,
        appId,
        kept.map(({ remote }) => remote.id),
        kept.map(({ markedUserId }) => markedUserId),
        sealed,
      ],
    });
  },

  /** Linked while the run went on: not foreign any more. */
  count: async ({ id, tenantId, appId }: Run): Promise<number> => {
    await database.query({
      text: `delete from ${PROVISIONING}.foreign_accounts f using ${PROVISIONING_VIEW}.accounts a
             where f.run_id = $1 and a.tenant_id = $2 and a.app_id = $3 and a.remote_id = f.remote_id`,
      values: [id, tenantId, appId],
    });
    const [row] = await database.query<{ count: number }>({
      text: `select count(*) as count from ${PROVISIONING}.foreign_accounts where run_id = $1`,
      values: [id],
    });
    return row!.count;
  },

  forgetRun: (sql: Sql, { id }: Run) =>
    sql.query({ text: `delete from ${PROVISIONING}.foreign_accounts where run_id = $1`, values: [id] }),

  forgetOthers: (sql: Sql, { id, tenantId, appId }: Run) =>
    sql.query({
      text: `delete from ${PROVISIONING}.foreign_accounts where tenant_id = $1 and app_id = $2 and run_id <> $3`,
      values: [tenantId, appId, id],
    }),

  /** Whose the next ones may be. Says whether there were any. */
  matchSome: async ({ id: runId, tenantId }: Run, { attributes }: AppConfig, limit: number): Promise<boolean> => {
    const rows = await database.query<{ remoteId: string; markedUserId: string | null; sealed: string }>({
      name: 'provisioning.unmatched_foreign',
      text: `select remote_id as "remoteId", marked_user_id as "markedUserId", sealed from ${PROVISIONING}.foreign_accounts
             where run_id = $1 and proposals is null order by remote_id limit $2`,
      values: [runId, limit],
    });
    if (rows.length === 0) return false;
    const accounts = rows.map(({ sealed, ...row }) => ({
      ...row,
      keys: keysOfRemote(openForeign(box, { runId, remoteId: row.remoteId, sealed }), attributes),
    }));
    const peopleOf = byKey(await peopleWith(database, tenantId, accounts));
    const matched = accounts.map(({ remoteId, markedUserId, keys }) => {
      const all = peopleOf(keys, markedUserId).flatMap((person) => {
        const proposal = propose(keys, markedUserId, person.id, person.keys);
        return proposal ? [proposal] : [];
      });
      return { remoteId, ...ranked(all) };
    });
    await database.query({
      name: 'provisioning.put_proposals',
      text: `update ${PROVISIONING}.foreign_accounts f set proposals = m.proposals, confidence = m.confidence, ambiguous = m.ambiguous
             from unnest($2::text[], $3::jsonb[], $4::real[], $5::boolean[]) as m (remote_id, proposals, confidence, ambiguous)
             where f.run_id = $1 and f.remote_id = m.remote_id`,
      values: [
        runId,
        matched.map(({ remoteId }) => remoteId),
        matched.map(({ proposals }) => JSON.stringify(proposals)),
        matched.map(({ proposals }) => proposals[0]?.confidence ?? 0),
        matched.map(({ isAmbiguous }) => isAmbiguous),
      ],
    });
    return true;
  },
});

type Known = { id: string; keys: Keys };

/** Finds those who share a value, without comparing everybody with everybody. */
const byKey = (people: readonly Known[]) => {
  const known = new Map<string, Set<Known>>();
  const put = (at: string, person: Known) => known.set(at, (known.get(at) ?? new Set()).add(person));
  const placesOf = (keys: Keys) =>
    Object.entries(keys).flatMap(([key, values]) => values.map((value) => `${key}\n${value}`));
  for (const person of people) for (const place of [`id\n${person.id}`, ...placesOf(person.keys)]) put(place, person);
  return (keys: Keys, userId: string | null): Known[] => {
    const places = [...(userId === null ? [] : [`id\n${userId}`]), ...placesOf(keys)];
    return [...new Set(places.flatMap((place) => [...(known.get(place) ?? [])]))];
  };
};

/** People who share a value with one of these accounts, in one pass over the tenant's people. */
const peopleWith = async (
  sql: Sql,
  tenantId: string,
  accounts: readonly { markedUserId: string | null; keys: Keys }[],
): Promise<Known[]> => {
  const of = (key: keyof Keys) => [...new Set(accounts.flatMap(({ keys }) => keys[key] ?? []))];
  const rows = await sql.query<{ id: string; resource: JsonObject }>({
    name: 'provisioning.people_with',
    text: `select id, resource from ${PROVISIONING}.people
           where tenant_id = $1 and not erased and not deleted and resource is not null
             and (id = any($2)
               or lower(resource->>'userName') = any($3)
               or lower(resource->>'externalId') = any($4)
               or lower(resource->'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'->>'employeeNumber') = any($5)
               or exists (select from jsonb_array_elements(case jsonb_typeof(resource->'emails') when 'array' then resource->'emails' else '[]' end) e
                          where lower(e->>'value') = any($6))
               or lower(resource->>'displayName') = any($7))
           limit ${MOST_PEOPLE}`,
    values: [
      tenantId,
      accounts.flatMap(({ markedUserId }) => (markedUserId === null ? [] : [markedUserId])),
      of('userName'),
      of('externalId'),
      of('employeeNumber'),
      of('email'),
      of('name'),
    ],
  });
  return rows.map(({ id, resource }) => ({ id, keys: keysOfPerson({ id, resource }) }));
};
