import { DIRECTORY_VIEW, grantReadDirectory } from '@tenure/directory';
import type { Database } from '@tenure/database';
import { grantReadKeys, grantReadTokens } from '@tenure/sealing';

/** The database roles of the other services, where each has one of its own (docker/postgres/roles.sql). */
const GATEWAY = 'scim_gateway';
const MAPPING = 'mapping_service';
const AUDIT = 'audit_service';

/** What the other services may do with what this one made (design, decisions 11 and 13). Repeated at every start, as a rebuilt view is new. */
export const grantToServices = async (database: Database) => {
  const rows = await database.query<{ rolname: string }>({
    text: 'select rolname from pg_roles where rolname = any($1) and rolname <> current_user',
    values: [[GATEWAY, MAPPING, AUDIT]],
  });
  const [store] = await database.query<{ there: boolean }>(
    `select to_regnamespace('event_store') is not null as there`,
  );
  const eventsInPostgres = store!.there;
  const there = new Set(rows.map(({ rolname }) => rolname));
  await database.transaction(async (sql) => {
    const grant = async (role: string, schema: string, what: string) => {
      await sql.query(`grant usage on schema ${schema} to ${role}`);
      await sql.query(`grant ${what} to ${role}`);
    };
    for (const role of there) {
      // Whose key it is, and whether that person is active: no more of the directory than that.
      await grantReadDirectory(sql, { role, tables: ['admins', 'keys'] });
      await sql.query(`grant select (tenant_id, id, active) on ${DIRECTORY_VIEW}.users to ${role}`);
      await grantReadTokens(sql, { role });
      // Who is signed in, and when they or a key were last seen.
      await grant(role, 'sign_in', 'select on sign_in.sessions');
      await grant(role, 'sign_in', 'update (used_at) on sign_in.sessions');
      await grant(role, 'sign_in', 'select, insert, update on sign_in.key_uses');
      await grant(role, 'clock', 'select on clock.now');
      await grant(role, 'clock', 'select, insert, update on clock.reports');
    }
    if (there.has(GATEWAY)) {
      await grantReadDirectory(sql, { role: GATEWAY });
      await grantReadKeys(sql, { role: GATEWAY, keys: ['people', 'transport'] });
    }
    if (there.has(MAPPING)) {
      await grantReadKeys(sql, { role: MAPPING, keys: ['people', 'transport', 'claims'] });
      await grant(MAPPING, 'secrets', 'select, insert, delete on secrets.secrets');
      await grant(MAPPING, 'snapshots', 'select, insert, update, delete on all tables in schema snapshots');
      if (eventsInPostgres) {
        await grant(MAPPING, 'event_store', 'select, insert, update, delete on all tables in schema event_store');
        await grant(MAPPING, 'event_store', 'usage on all sequences in schema event_store');
      }
    }
    if (there.has(AUDIT)) {
      await grantReadKeys(sql, { role: AUDIT, keys: ['people'] });
      // Sealed, to hold the ledger against the streams.
      if (eventsInPostgres) await grant(AUDIT, 'event_store', 'select on all tables in schema event_store');
    }
  });
};
