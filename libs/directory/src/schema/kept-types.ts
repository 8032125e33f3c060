import type { Database, Sql } from '@tenure/database';
import { definitionsIn } from './schema.view.ts';
import { builtInTypes, compileTypes, type TenantTypes } from './tenant-types.ts';

const KEPT_AT_MOST = 1000;

/** Tenants' types, compiled once for each version of their schemas (R71), from the table of one view. */
export const keptTypes = (schema: string) => {
  const kept = new Map<string, TenantTypes>();

  /** As they are now: one look, at the version alone where that is the one that is kept. */
  const now = async (sql: Sql, tenantId: string): Promise<TenantTypes> => {
    const known = kept.get(tenantId);
    const [row] = await sql.query<{ revision: number; body: Record<string, unknown> | null }>({
      name: `${schema}.types`,
      text: `select revision, case when revision <> $2 then body end as body from ${schema}.schemas where tenant_id = $1 and id = $1`,
      values: [tenantId, known?.version ?? 0],
    });
    if (!row) return builtInTypes;
    if (row.body === null) return known!;
    const types = compileTypes(row.revision, definitionsIn(row.body));
    kept.delete(tenantId);
    kept.set(tenantId, types);
    // The one that was read longest ago: all of them together are never read anew.
    if (kept.size > KEPT_AT_MOST) kept.delete(kept.keys().next().value!);
    return types;
  };

  return {
    now,
    /** Of this version or a later one. Asks nothing for a tenant without schemas of its own, and once for a new version. */
    at: async (sql: Sql, tenantId: string, version: number): Promise<TenantTypes> => {
      if (version === 0) return builtInTypes;
      const known = kept.get(tenantId);
      return known && known.version >= version ? known : now(sql, tenantId);
    },
  };
};

/** What a tenant's resources may be, for whoever reads or writes them. */
export type TypeQueries = {
  now: (tenantId: string) => Promise<TenantTypes>;
  at: (tenantId: string, version: number) => Promise<TenantTypes>;
};

export const typeQueries = (database: Database, schema: string): TypeQueries => {
  const types = keptTypes(schema);
  return {
    now: (tenantId) => types.now(database, tenantId),
    at: (tenantId, version) => types.at(database, tenantId, version),
  };
};

/**
 * The types by which a command is decided: of a connection's at least those that its policy, the request's reader and the resource as it is
 * stand by, whoever is ahead, and the latest for what is written here.
 */
export const typesFor = (
  types: TypeQueries,
  tenantId: string,
  policy: { schemasVersion: number } | undefined,
  ...versions: (number | undefined)[]
): Promise<TenantTypes> =>
  policy
    ? types.at(tenantId, Math.max(policy.schemasVersion, ...versions.map((version) => version ?? 0)))
    : types.now(tenantId);
