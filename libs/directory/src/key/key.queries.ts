import { pagesByInstant, type AdminRole, type KeyReply, type ListPage, type ListPageRequest } from '@tenure/contracts';
import type { Database } from '@tenure/database';
import { Rejected } from '@tenure/eventing';

export type KeyQueries = {
  list: (tenantId: string, page: ListPageRequest) => Promise<ListPage<KeyReply>>;
  /** Throws `Rejected` `key/unknown`. */
  get: (tenantId: string, id: string) => Promise<KeyReply>;
};

type Row = {
  id: string;
  created_at: string;
  revision: number;
  name: string;
  role: AdminRole;
  hint: string;
  expires_at: string | null;
  admin_id: string | null;
  last_used_at: string | null;
};

const select = (schema: string) => `
  select k.id, k.created_at, k.revision, k.body->>'name' as name, k.role, k.body->>'hint' as hint, k.expires_at, k.admin_id, u.last_used_at
  from ${schema}.keys k left join sign_in.key_uses u on u.secret_id = k.secret_id`;

const replyOf = ({
  id,
  created_at,
  revision,
  name,
  role,
  hint,
  expires_at,
  admin_id,
  last_used_at,
}: Row): KeyReply => ({
  id,
  name,
  role,
  hint,
  expiresAt: expires_at,
  ...(admin_id !== null && { adminId: admin_id }),
  ...(last_used_at !== null && { lastUsedAt: last_used_at }),
  version: revision,
  createdAt: created_at,
});

/** Everything is asked of `schema`, the directory's view, and of when keys were used. */
export const keyQueries = (database: Database, schema: string): KeyQueries => ({
  list: async (tenantId, request) => {
    const { limit, after } = pagesByInstant.behind(request);
    const rows = await database.query<Row>({
      text: `${select(schema)} where k.tenant_id = $1 and ($2::timestamptz is null or (k.created_at, k.id) > ($2, $3)) order by k.created_at, k.id limit $4`,
      values: [tenantId, after?.[0], after?.[1], limit + 1],
    });
    return pagesByInstant.of(rows, limit, replyOf, ({ created_at, id }) => [created_at, id]);
  },
  get: async (tenantId, id) => {
    const [row] = await database.query<Row>({
      text: `${select(schema)} where k.tenant_id = $1 and k.id = $2`,
      values: [tenantId, id],
    });
    if (!row) throw new Rejected('not-found', 'key/unknown', 'There is no such key.');
    return replyOf(row);
  },
});
