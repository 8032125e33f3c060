import type { Database } from '@tenure/database';
import type { ViewRuntime } from '@tenure/eventing';
import type { SecretStore, StoredSecret } from '@tenure/sealing';

export type ReapDeps = {
  database: Database;
  schema: string;
  view: Pick<ViewRuntime, 'state' | 'follower'>;
  secrets: Pick<SecretStore, 'reapUnreferenced'>;
};

/** Far longer than any command may take to append the event that refers to its row. */
const OLDER_THAN_MS = 3_600_000;

/** Removes tokens, keys and passwords that nothing refers to (any more); tells how many. Asks nothing of a view that may not know of a reference yet. */
export const reapSecrets = async ({ database, schema, view, secrets }: ReapDeps): Promise<number> => {
  if ((await view.state()) !== 'serving' || !(await view.follower.isSettled())) return 0;
  return secrets.reapUnreferenced(OLDER_THAN_MS, (some) => inUse(database, schema, some));
};

/** Credentials of apps are another domain's: of them nothing is known here, so they count as in use. */
const inUse = async (
  database: Database,
  schema: string,
  secrets: readonly StoredSecret[],
): Promise<ReadonlySet<string>> => {
  const ours = secrets.filter(({ kind }) => kind !== 'credential').map(({ id }) => id);
  const rows = await database.query<{ id: string }>({
    text: `select token_id::text as id from ${schema}.connections where token_id = any($1::uuid[])
           union all select key_id::text from ${schema}.admins where key_id = any($1::uuid[])
           union all select secret_id::text from ${schema}.keys where secret_id = any($1::uuid[])
           union all select password_id from ${schema}.users where password_id = any($1::text[])`,
    values: [ours],
  });
  return new Set([
    ...rows.map(({ id }) => id),
    ...secrets.filter(({ kind }) => kind === 'credential').map(({ id }) => id),
  ]);
};
