import type { Sql } from '@tenure/database';
import type { Snapshot, SnapshotStore } from './load.ts';

/** The table of snapshots of a service's schema. */
export const snapshotsTable = (schema: string) =>
  `create table if not exists ${schema}.snapshots (stream text primary key, revision int not null, state_version int not null, person_id text, body text not null)`;

/** Snapshots in PostgreSQL. The one of a later revision stays, whoever writes last. */
export const postgresSnapshots = (sql: Sql, schema: string): SnapshotStore => ({
  load: async (stream) => {
    const [row] = await sql.query<{ revision: number; state_version: number; person_id: string | null; body: string }>({
      name: `${schema}.snapshot`,
      text: `select revision, state_version, person_id, body from ${schema}.snapshots where stream = $1`,
      values: [stream],
    });
    return (
      row && {
        stream,
        revision: row.revision,
        stateVersion: row.state_version,
        body: row.body,
        ...(row.person_id !== null && { personId: row.person_id }),
      }
    );
  },
  save: async ({ stream, revision, stateVersion, personId, body }: Snapshot) => {
    await sql.query({
      text: `insert into ${schema}.snapshots as s (stream, revision, state_version, person_id, body) values ($1, $2, $3, $4, $5)
             on conflict (stream) do update set revision = excluded.revision, state_version = excluded.state_version, person_id = excluded.person_id, body = excluded.body
             where s.revision < excluded.revision or s.state_version <> excluded.state_version`,
      values: [stream, revision, stateVersion, personId ?? null, body],
    });
  },
  drop: async (stream) => {
    await sql.query({ text: `delete from ${schema}.snapshots where stream = $1`, values: [stream] });
  },
});
