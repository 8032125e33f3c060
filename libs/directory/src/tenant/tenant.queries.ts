import type { AppRole, TenantProfile, TenantReply } from '@tenure/contracts';
import type { Database } from '@tenure/database';
import { Rejected } from '@tenure/eventing';

export type TenantQueries = {
  /** Throws `Rejected` `tenant/not-found`. To be asked before a command of the root key, whose tenant no key vouches for. */
  get: (tenantId: string) => Promise<TenantReply>;
  /** Throws `Rejected` `tenant/not-found`. The version is the tenant's (R22). */
  appRoles: (tenantId: string) => Promise<{ appRoles: AppRole[]; version: number }>;
};

type Row = {
  created_at: string;
  last_modified: string;
  revision: number;
  body: { profile: TenantProfile; appRoles?: AppRole[] };
};

/** Everything is asked of `schema`, the directory's view. */
export const tenantQueries = (database: Database, schema: string): TenantQueries => {
  const find = async (tenantId: string): Promise<Row> => {
    const text = `select created_at, last_modified, revision, body from ${schema}.tenants where tenant_id = $1 and id = $1`;
    const [row] = await database.query<Row>({ name: `${schema}.tenant`, text, values: [tenantId] });
    if (!row) throw new Rejected('not-found', 'tenant/not-found', 'There is no such tenant.');
    return row;
  };
  return {
    get: async (tenantId) => {
      const { created_at, last_modified, revision, body } = await find(tenantId);
      return { id: tenantId, ...body.profile, version: revision, createdAt: created_at, updatedAt: last_modified };
    },
    appRoles: async (tenantId) => {
      const { revision, body } = await find(tenantId);
      return { appRoles: body.appRoles ?? [], version: revision };
    },
  };
};
