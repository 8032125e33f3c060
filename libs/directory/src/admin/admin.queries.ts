import {
  pagesByInstant,
  type AdminReply,
  type AdminRole,
  type ListPage,
  type ListPageRequest,
} from '@tenure/contracts';
import type { Database } from '@tenure/database';
import { Rejected } from '@tenure/eventing';

export type AdminQueries = {
  list: (tenantId: string, page: ListPageRequest) => Promise<ListPage<AdminReply>>;
  /** Throws `Rejected` `admin/unknown`. */
  get: (tenantId: string, id: string) => Promise<AdminReply>;
  /** The user that an admin is, and what they are called; throws `Rejected` `admin/unknown`. */
  nameOf: (tenantId: string, id: string) => Promise<{ userId: string; name?: string }>;
};

type Row = {
  id: string;
  created_at: string;
  last_modified: string;
  revision: number;
  user_id: string;
  role: AdminRole;
  key_hint: string | null;
  issuer: string | null;
  last_sign_in_at: string | null;
  email: string | null;
  language: string | null;
  timezone: string | null;
};

/** Address, language and time zone are the directory user's, gone when the person is; or, of who is no user, as the OpenID provider had them. */
const select = (schema: string) => `
  select a.id, a.created_at, a.last_modified, a.revision, a.user_id, a.role, a.body->>'keyHint' as key_hint, a.body->>'issuer' as issuer, i.last_sign_in_at,
         coalesce(u.resource->>'userName', i.email) as email, u.resource->>'preferredLanguage' as language, u.resource->>'timezone' as timezone
  from ${schema}.admins a left join ${schema}.users u on u.tenant_id = a.tenant_id and u.id = a.user_id
  left join sign_in.identities i on i.tenant_id = a.tenant_id and i.admin_id = a.id`;

const replyOf = ({
  id,
  created_at,
  last_modified,
  revision,
  user_id,
  role,
  key_hint,
  issuer,
  last_sign_in_at,
  email,
  language,
  timezone,
}: Row): AdminReply => ({
  id,
  userId: user_id,
  ...(email !== null && { email }),
  role,
  ...(language !== null && { preferredLanguage: language }),
  ...(timezone !== null && { timezone }),
  ...(key_hint !== null && { keyHint: key_hint }),
  ...(issuer !== null && { issuer }),
  ...(last_sign_in_at !== null && { lastSignInAt: last_sign_in_at }),
  version: revision,
  createdAt: created_at,
  updatedAt: last_modified,
});

/** Everything is asked of `schema`, the directory's view. */
export const adminQueries = (database: Database, schema: string): AdminQueries => ({
  list: async (tenantId, request) => {
    const { limit, after } = pagesByInstant.behind(request);
    const rows = await database.query<Row>({
      text: `${select(schema)} where a.tenant_id = $1 and ($2::timestamptz is null or (a.created_at, a.id) > ($2, $3)) order by a.created_at, a.id limit $4`,
      values: [tenantId, after?.[0], after?.[1], limit + 1],
    });
    return pagesByInstant.of(rows, limit, replyOf, ({ created_at, id }) => [created_at, id]);
  },
  get: async (tenantId, id) => {
    const [row] = await database.query<Row>({
      name: `${schema}.admin`,
      text: `${select(schema)} where a.tenant_id = $1 and a.id = $2`,
      values: [tenantId, id],
    });
    if (!row) throw new Rejected('not-found', 'admin/unknown', 'There is no such admin.');
    return replyOf(row);
  },
  nameOf: async (tenantId, id) => {
    const [row] = await database.query<{ user_id: string; name: string | null }>({
      name: `${schema}.admin-name`,
      text: `select a.user_id, coalesce(u.display_name, u.resource->>'userName', i.name, i.email) as name
             from ${schema}.admins a left join ${schema}.users u on u.tenant_id = a.tenant_id and u.id = a.user_id
             left join sign_in.identities i on i.tenant_id = a.tenant_id and i.admin_id = a.id where a.tenant_id = $1 and a.id = $2`,
      values: [tenantId, id],
    });
    if (!row) throw new Rejected('not-found', 'admin/unknown', 'There is no such admin.');
    return { userId: row.user_id, ...(row.name !== null && { name: row.name }) };
  },
});
