import type { Sql } from '@tenure/database';
import { identifier } from '../identifier.ts';

/** For the gateway: HMACs of tokens and admins' keys; neither credentials nor passwords (design, decision 13). */
export const grantReadTokens = async (
  sql: Sql,
  { role, schema = 'secrets' }: { role: string; schema?: string },
): Promise<void> => {
  await sql.query(`grant usage on schema ${identifier(schema)} to ${identifier(role)}`);
  await sql.query(
    `grant select (id, tenant_id, kind, hmac, hint) on ${identifier(schema)}.secrets to ${identifier(role)}`,
  );
};
