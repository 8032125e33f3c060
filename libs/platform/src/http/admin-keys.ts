import type { Database } from '@tenure/database';
import type { Clock } from '@tenure/eventing';
import type { TokenHashing } from '@tenure/sealing';
import type { AdminKey, AdminKeys, Sessions } from './authentication.ts';
import { leastOf, type AdminRole } from './permits.ts';

/** Where admins, keys and who is active are looked up. */
export const ADMIN_VIEW = 'directory_v4';

/** An admin whom the OpenID provider vouches for may be no directory user: then they are their own. Whoever is deactivated can't do anything (R17). */
const ACTING_ADMIN = `a.id is not null and (u.active or (u.id is null and a.user_id = a.id))`;

const USED_EVERY_MS = 60_000;

/** Tells at most once a minute that a key was used, and never keeps a request waiting for it. */
const lastUses = (write: (id: string) => Promise<unknown>) => {
  const told = new Map<string, number>();
  return (id: string): void => {
    const now = Date.now();
    if (now - (told.get(id) ?? 0) < USED_EVERY_MS) return;
    if (told.size > 10_000) told.clear();
    told.set(id, now);
    // What couldn't be told is told a minute later.
    void write(id).catch(() => undefined);
  };
};

type KeyRow = {
  secret_id: string;
  tenant_id: string;
  key_id: string | null;
  expires_at: string | null;
  admin_id: string | null;
  role: AdminRole;
  key_role: AdminRole | null;
  consumer_mail: boolean;
};

/**
 * Keys of admins and of machines: the secret's row, who holds it and the person behind, in one statement, at every request. A machine's key
 * that acts for an admin may do what both may.
 */
export const adminKeys = (database: Database, { tokenHmac }: TokenHashing, clock: Clock): AdminKeys => {
  const used = lastUses((secretId) =>
    database.query({
      name: 'platform.key-used',
      text: `insert into sign_in.key_uses as k (secret_id, last_used_at) values ($1, now())
             on conflict (secret_id) do update set last_used_at = now() where k.last_used_at < now() - interval '1 minute'`,
      values: [secretId],
    }),
  );
  return {
    find: async (key) => {
      const [row] = await database.query<KeyRow>({
        name: 'platform.key',
        text: `select s.id as secret_id, s.tenant_id, k.id as key_id, k.expires_at, a.id as admin_id, coalesce(a.role, k.role) as role,
                      k.role as key_role, coalesce(a.consumer_mail, false) or coalesce(k.consumer_mail, false) as consumer_mail
               from secrets.secrets s
               left join ${ADMIN_VIEW}.keys k on k.tenant_id = s.tenant_id and k.secret_id = s.id
               left join ${ADMIN_VIEW}.admins a on a.tenant_id = s.tenant_id and (a.key_id = s.id or a.id = k.admin_id)
               left join ${ADMIN_VIEW}.users u on u.tenant_id = a.tenant_id and u.id = a.user_id
               where s.kind = 'admin-key' and s.hmac = $1 and ((k.id is not null and k.admin_id is null) or (${ACTING_ADMIN}))`,
        values: [tokenHmac(key)],
      });
      if (!row) return undefined;
      if (row.expires_at !== null && row.expires_at <= (await clock.now())) return 'expired';
      used(row.secret_id);
      return {
        tenantId: row.tenant_id,
        ...(row.admin_id !== null && { adminId: row.admin_id }),
        ...(row.key_id !== null && { keyId: row.key_id }),
        role: row.key_role ? leastOf(row.role, row.key_role) : row.role,
        consumerMail: row.consumer_mail,
      };
    },
  };
};

type SessionRow = {
  id: string;
  tenant_id: string | null;
  admin_id: string | null;
  key_id: string | null;
  is_unmarked: boolean;
  key_expires_at: string | null;
  role: AdminRole | 'root' | null;
  key_role: AdminRole | null;
  admin_role: AdminRole | null;
  consumer_mail: boolean;
};

/** Sessions of browsers (R110): the row, and who is behind it, in one statement, at every request: what ends holds at once. */
export const sessionLookup = (database: Database, { tokenHmac }: TokenHashing, clock: Clock): Sessions => {
  /** Keeps it from being idle: at most once a minute, and never with the request waiting for it. */
  const used = (id: string): void =>
    void database
      .query({
        name: 'platform.session-used',
        text: `update sign_in.sessions set used_at = now() where id = $1 and used_at < now() - interval '1 minute'`,
        values: [id],
      })
      .catch(() => undefined);
  return {
    find: async (token) => {
      const [row] = await database.query<SessionRow>({
        name: 'platform.session',
        text: `select s.id, s.tenant_id, s.admin_id, s.key_id, s.used_at < now() - interval '1 minute' as is_unmarked, k.expires_at as key_expires_at, s.role, k.role as key_role, a.role as admin_role,
                      s.consumer_mail or coalesce(a.consumer_mail, false) or coalesce(k.consumer_mail, false) as consumer_mail
               from sign_in.sessions s
               left join ${ADMIN_VIEW}.keys k on k.tenant_id = s.tenant_id and k.id = s.key_id
               left join ${ADMIN_VIEW}.admins a on a.tenant_id = s.tenant_id and a.id = s.admin_id
               left join ${ADMIN_VIEW}.users u on u.tenant_id = a.tenant_id and u.id = a.user_id
               where s.hmac = $1 and s.expires_at > now() and s.used_at > now() - interval '60 minutes'
                 and (s.tenant_id is null or s.key_id is null or k.id is not null) and (s.admin_id is null or (${ACTING_ADMIN}))`,
        values: [tokenHmac(token)],
      });
      if (!row || (row.key_expires_at !== null && row.key_expires_at <= (await clock.now()))) return undefined;
      if (row.is_unmarked) used(row.id);
      const { id, tenant_id: tenantId } = row;
      if (tenantId === null || row.role === 'root') return { id, role: 'root' };
      // What the provider told when they signed in; else the key's and the admin's, whichever is less.
      const role = row.role ?? leastOf(row.key_role ?? 'super_admin', row.admin_role ?? 'super_admin');
      const key: AdminKey = {
        tenantId,
        ...(row.admin_id !== null && { adminId: row.admin_id }),
        ...(row.key_id !== null && { keyId: row.key_id }),
        role,
        consumerMail: row.consumer_mail,
      };
      return { id, role, key };
    },
  };
};
