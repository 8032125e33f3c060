import type { Sql } from '@tenure/database';
import { identifier } from '../identifier.ts';

/**
 * What a role may read (design, decisions 11 and 13): the gateway people's and transport keys; mapping these and the claims';
 * audit people's, to show a name while its key exists. Who made the schema writes it.
 */
export type ReadableKeys = 'people' | 'transport' | 'claims';

export const grantReadKeys = async (
  sql: Sql,
  { role, keys, schema = 'keys' }: { role: string; keys: readonly ReadableKeys[]; schema?: string },
): Promise<void> => {
  await sql.query(`grant usage on schema ${identifier(schema)} to ${identifier(role)}`);
  for (const key of keys) await sql.query(`grant select ${tableOf(schema, key)} to ${identifier(role)}`);
};

const tableOf = (schema: string, key: ReadableKeys): string => {
  switch (key) {
    case 'people':
      return `on ${identifier(schema)}.person_keys`;
    case 'transport':
    case 'claims':
      return `(tenant_id, ${key}) on ${identifier(schema)}.tenant_keys`;
  }
};
