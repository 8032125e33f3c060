import type { Sql } from '@tenure/database';
import { DIRECTORY_VIEW } from './directory.view.ts';

const identifier = (name: string) => `"${name.replaceAll('"', '""')}"`;

/**
 * Lets a role read the view and nothing more (decision 13): the gateway all of it, other services `admins`, whose keys they look up.
 * To be run where the view is made, once it is.
 */
export const grantReadDirectory = async (
  sql: Sql,
  { role, schema = DIRECTORY_VIEW, tables }: { role: string; schema?: string; tables?: readonly string[] },
): Promise<void> => {
  const what = tables
    ? tables.map((table) => `${identifier(schema)}.${identifier(table)}`).join(', ')
    : `all tables in schema ${identifier(schema)}`;
  await sql.query(`grant usage on schema ${identifier(schema)} to ${identifier(role)}`);
  await sql.query(`grant select on ${what} to ${identifier(role)}`);
};
