import {
  pagesByInstant,
  type ConnectionState,
  type Features,
  type ListPage,
  type ListPageRequest,
} from '@tenure/contracts';
import { inBatches, unnested, type Database } from '@tenure/database';
import { Rejected } from '@tenure/eventing';
import type { ConnectionSettings } from '@tenure/scim';
import type { ConnectionPolicy, IssuedToken } from '../user/connection-policy.ts';

/** Everything that a SCIM request needs to know before it is served. */
export type ScimConnection = {
  tenantId: string;
  connectionId: string;
  name: string;
  enabled: boolean;
  settings: ConnectionSettings;
  /** Absent where there is no token (any more): then every call is 401 (R4). Compare with `tokenMatches`. */
  tokenHmac?: string;
  /** The tenant's gates (R64). */
  features: Features;
  primaryDomain: string;
  /** What a create that leaves them out takes (R12), by path. */
  defaults: Readonly<Record<string, string>>;
  /** The version of the tenant's own schemas (R71): 0 where it has none, which then costs no more than this. */
  schemasVersion: number;
};

export type ConnectionQueries = {
  list: (tenantId: string, page: ListPageRequest) => Promise<ListPage<ConnectionState>>;
  /** Throws `Rejected` `connection/unknown`. */
  get: (tenantId: string, id: string) => Promise<ConnectionState>;
  /** Asked for every SCIM request, in one round trip; undefined for a connection that isn't there. */
  connectionForScim: (tenantId: string, connectionId: string) => Promise<ScimConnection | undefined>;
  /** The living token that a user issued, as an admin (R7). */
  tokenIssuedBy: (tenantId: string, userId: string) => Promise<IssuedToken | undefined>;
};

type Body = Pick<ConnectionState, 'name' | 'identityProviderId' | 'profile' | 'settings' | 'enabled'> & {
  token?: { issuerId: string; issuedAt: string; hint: string };
};
type Row = { id: string; created_at: string; last_modified: string; revision: number; body: Body };
type ScimRow = Pick<Body, 'name' | 'settings' | 'enabled'> & {
  features: Features;
  primary_domain: string;
  hmac: string | null;
  language: string | null;
  timezone: string | null;
  schemas_version: number;
};

const stateOf = ({
  id,
  created_at,
  last_modified,
  revision,
  body: { name, identityProviderId, profile, settings, enabled, token },
}: Row): ConnectionState => ({
  id,
  name,
  identityProviderId,
  profile,
  settings,
  enabled,
  ...(token && { token: { issuerId: token.issuerId, issuedAt: token.issuedAt, hint: token.hint } }),
  version: revision,
  createdAt: created_at,
  updatedAt: last_modified,
});

/** A default goes only with an attribute that isn't the identity provider's alone: R12 is off unless `authority` says so. */
const defaultsOf = (
  { authority }: ConnectionSettings,
  issuer: Readonly<Record<string, string | null>>,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(issuer).flatMap(([path, value]) =>
      value !== null && authority[path] && authority[path] !== 'idp' ? [[path, value]] : [],
    ),
  );

/** The rules' part of it. */
export const policyOf = ({
  connectionId,
  enabled,
  settings,
  defaults,
  schemasVersion,
}: ScimConnection): ConnectionPolicy => ({ connectionId, enabled, settings, defaults, schemasVersion });

/** Everything is asked of `schema`, the directory's view, and of the columns of `secrets` that its reader is granted. */
export const connectionQueries = (database: Database, schema: string): ConnectionQueries => {
  const select = `select c.id, c.created_at, c.last_modified, c.revision, c.body from ${schema}.connections c`;
  // Each deactivation asks: those that come together share a statement.
  const tokenIssuedBy = inBatches<{ tenantId: string; userId: string }, IssuedToken | undefined>({
    send: async (asked) => {
      const rows = await database.query<{ n: number; id: string; name: string }>({
        name: `${schema}.token-issued-by`,
        text: `select asked.n, c.id, c.name from ${unnested('text', 'text')} with ordinality as asked (tenant_id, user_id, n)
               cross join lateral (
                 select id, body->>'name' as name from ${schema}.connections
                 where tenant_id = asked.tenant_id and token_issuer_user_id = asked.user_id order by created_at limit 1
               ) c`,
        values: [asked.map(({ tenantId }) => tenantId), asked.map(({ userId }) => userId)],
      });
      const found = new Map(rows.map(({ n, id, name }) => [n, { connectionId: id, connectionName: name }]));
      return asked.map((_, index) => found.get(index + 1));
    },
  });
  return {
    list: async (tenantId, request) => {
      const { limit, after } = pagesByInstant.behind(request);
      const rows = await database.query<Row>({
        text: `${select} where c.tenant_id = $1 and ($2::timestamptz is null or (c.created_at, c.id) > ($2, $3)) order by c.created_at, c.id limit $4`,
        values: [tenantId, after?.[0], after?.[1], limit + 1],
      });
      return pagesByInstant.of(rows, limit, stateOf, ({ created_at, id }) => [created_at, id]);
    },
    get: async (tenantId, id) => {
      const [row] = await database.query<Row>({
        name: `${schema}.connection`,
        text: `${select} where c.tenant_id = $1 and c.id = $2`,
        values: [tenantId, id],
      });
      if (!row) throw new Rejected('not-found', 'connection/unknown', 'There is no such connection.');
      return stateOf(row);
    },
    connectionForScim: async (tenantId, connectionId) => {
      const [row] = await database.query<ScimRow>({
        name: `${schema}.connection-for-scim`,
        text: `select c.body->>'name' as name, c.body->'settings' as settings, (c.body->>'enabled')::boolean as enabled,
                      t.body->'profile'->'features' as features, t.body->'profile'->>'primaryDomain' as primary_domain, s.hmac,
                      coalesce(u.resource->>'preferredLanguage', t.body->'profile'->>'language') as language,
                      coalesce(u.resource->>'timezone', t.body->'profile'->>'timezone') as timezone,
                      coalesce(d.revision, 0) as schemas_version
               from ${schema}.connections c
               join ${schema}.tenants t on t.tenant_id = c.tenant_id and t.id = c.tenant_id
               left join ${schema}.schemas d on d.tenant_id = c.tenant_id and d.id = c.tenant_id
               left join secrets.secrets s on s.id = c.token_id and s.tenant_id = c.tenant_id and s.kind = 'token'
               left join lateral (select resource from ${schema}.users where tenant_id = c.tenant_id and id = c.token_issuer_user_id limit 1) u on true
               where c.tenant_id = $1 and c.id = $2`,
        values: [tenantId, connectionId],
      });
      if (!row) return undefined;
      const { name, settings, enabled, features, primary_domain, hmac, language, timezone, schemas_version } = row;
      const defaults = defaultsOf(settings, { preferredLanguage: language, timezone });
      return {
        tenantId,
        connectionId,
        name,
        enabled,
        settings,
        ...(hmac !== null && { tokenHmac: hmac }),
        features,
        primaryDomain: primary_domain,
        defaults,
        schemasVersion: schemas_version,
      };
    },
    tokenIssuedBy: (tenantId, userId) => tokenIssuedBy({ tenantId, userId }),
  };
};
