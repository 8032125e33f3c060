import { randomBytes } from 'node:crypto';
import type { Database, Sql } from '@tenure/database';
import { canonicalJson } from './canonical-json.ts';
import { ANCHOR } from './log.migrations.ts';
import { ED25519, verifierKeyText, type Signer } from './note.ts';

/** What all logs of an installation share. Its first signer is today's key; the others are former ones that still sign. */
export type Installation = { schema: string; origin: string; signers: readonly [Signer, ...Signer[]] };

/** The origin of a log is fixed when the first is made: below the public URL, or below a name that is this installation's alone. */
export const originOf = ({ origin }: Pick<Installation, 'origin'>, log: string): string =>
  log === ANCHOR ? `${origin}/audit/v1/anchor` : `${origin}/audit/v1/tenants/${log}`;

/** Adds a leaf to the anchor log, in a transaction. Returns its index. */
export const addAnchorLeaf = async (sql: Sql, schema: string, leaf: string): Promise<number> => {
  const [added] = await sql.query<{ index: number }>({
    text: `with head as (
             insert into ${schema}.log_heads as h (log, size) values ($1, 1) on conflict (log) do update set size = h.size + 1 returning size)
           insert into ${schema}.log_leaves (log, index, leaf) select $1, size - 1, $2 from head returning index`,
    values: [ANCHOR, Buffer.from(leaf)],
  });
  return added!.index;
};

/** Fixes the origin, and writes down in the anchor log that a new key signs from now on. */
export const openInstallation = (
  database: Database,
  schema: string,
  { publicUrl, signers }: { publicUrl?: string; signers: Installation['signers'] },
): Promise<Installation> =>
  database.transaction(async (sql) => {
    const wanted =
      publicUrl === undefined
        ? `tenure.invalid/${randomBytes(8).toString('hex')}`
        : publicUrl.replace(/^https?:\/\//, '').replace(/\/+$/, '');
    const [{ origin }] = (await sql.query<{ origin: string }>({
      text: `insert into ${schema}.log_installation as i (origin) values ($1) on conflict (one) do update set origin = i.origin returning origin`,
      values: [wanted],
    })) as [{ origin: string }];
    const installation = { schema, origin, signers };
    const known = await sql.query<{ public_key: Buffer }>(
      `select public_key from ${schema}.log_keys order by first_used_at desc`,
    );
    const [{ publicKey }] = signers;
    if (known.some(({ public_key }) => public_key.equals(publicKey))) return installation;
    await sql.query({ text: `insert into ${schema}.log_keys (public_key) values ($1)`, values: [publicKey] });
    const last = known[0];
    if (last) {
      const keyText = (key: Buffer) =>
        verifierKeyText({ name: originOf(installation, ANCHOR), kind: ED25519, publicKey: key });
      const at = new Date().toISOString();
      await addAnchorLeaf(
        sql,
        schema,
        canonicalJson({ v: 1, type: 'LogKeyRotated', at, from: keyText(last.public_key), to: keyText(publicKey) }),
      );
    }
    return installation;
  });
