import {
  pagesByInstant,
  type AppRole,
  type ListPage,
  type ListPageRequest,
  type TenantListItem,
  type TenantProfile,
  type TenantReply,
} from '@tenure/contracts';
import type { Database } from '@tenure/database';
import { Rejected } from '@tenure/eventing';

export type TenantQueries = {
  /** Throws `Rejected` `tenant/not-found`. To be asked before a command of the root key, whose tenant no key vouches for. */
  get: (tenantId: string) => Promise<TenantReply>;
  list: (page: ListPageRequest) => Promise<ListPage<TenantListItem>>;
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
    list: async (request) => {
      const { limit, after } = pagesByInstant.behind(request);
      const rows = await database.query<{ id: string; created_at: string; name: string; primary_domain: string }>({
        text: `select id, created_at, body->'profile'->>'name' as name, body->'profile'->>'primaryDomain' as primary_domain from ${schema}.tenants
               where $1::timestamptz is null or (created_at, id) > ($1, $2) order by created_at, id limit $3`,
        values: [after?.[0], after?.[1], limit + 1],
      });
      return pagesByInstant.of(
        rows,
        limit,
        ({ id, name, primary_domain, created_at }) => ({
          id,
          name,
          primaryDomain: primary_domain,
          createdAt: created_at,
        }),
        ({ created_at, id }) => [created_at, id],
      );
    },
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
