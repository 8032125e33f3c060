import type { Database } from '@tenure/database';

/** The tables, of all schemas, in which some row holds a text, whatever its case: `directory_v4.users`. */
export const tablesWith = async (database: Database, text: string): Promise<string[]> => {
  const tables = await database.query<{ name: string }>(
    `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
     where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema') order by 1`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    // Bytes too: a value that was meant to be encrypted would show there. What PostgreSQL prints as hex is turned back.
    const [row] = await database.query<{ found: boolean }>({
      text: `select exists (select from ${name} t where strpos(lower(t::text), lower($1)) > 0 or strpos(t::text, encode(convert_to($1, 'UTF8'), 'hex')) > 0) as found`,
      values: [text],
    });
    if (row!.found) found.push(name);
  }
  return found;
};

/** Every row of some tables, in the order of their keys. */
export const contentsOf = async (
  database: Database,
  schema: string,
  tables: readonly string[],
): Promise<Record<string, unknown[]>> =>
  Object.fromEntries(
    await Promise.all(
      tables.map(
        async (table) =>
          [table, await database.query(`select * from ${schema}.${table} order by tenant_id, id`)] as const,
      ),
    ),
  );
