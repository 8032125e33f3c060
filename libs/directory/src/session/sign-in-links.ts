import { randomBytes } from 'node:crypto';
import type { Database } from '@tenure/database';
import { Rejected } from '@tenure/eventing';
import type { TokenHashing } from '@tenure/sealing';
import { SignInLink } from './session.entities.ts';

const LIFE_MS = 15 * 60_000;

export type LinkFor = { tenantId: string; adminId: string } | 'root';

/** Links that sign in once, for whoever can read the terminal of the system: before there is an OpenID provider, and when it fails. */
export const signInLinks = (database: Database, { tokenHmac }: Pick<TokenHashing, 'tokenHmac'>) => {
  const rows = database.repository(SignInLink);
  return {
    create: async (whom: LinkFor): Promise<{ code: string; expiresAt: string }> => {
      const code = randomBytes(32).toString('base64url');
      const expiresAt = new Date(Date.now() + LIFE_MS).toISOString();
      const who = whom === 'root' ? { tenantId: null, adminId: null } : whom;
      await rows.insert({ hmac: tokenHmac(code), ...who, expiresAt });
      return { code, expiresAt };
    },

    /** Uses a code up. Throws `Rejected` `link/unknown`, the same for every code that doesn't work. */
    redeem: async (code: string): Promise<LinkFor> => {
      const [row] = await database.query<{ tenant_id: string | null; admin_id: string | null; alive: boolean }>({
        text: `delete from sign_in.links where hmac = $1 returning tenant_id, admin_id, expires_at > now() as alive`,
        values: [tokenHmac(code)],
      });
      if (!row?.alive)
        throw new Rejected(
          'not-found',
          'link/unknown',
          'This link was used already, or is older than 15 minutes. Make another on the server.',
        );
      return row.tenant_id === null || row.admin_id === null
        ? 'root'
        : { tenantId: row.tenant_id, adminId: row.admin_id };
    },

    /** The admin to make a link for where nobody says whom: the first super admin of the first tenant. */
    firstAdmin: async (schema: string): Promise<LinkFor> => {
      const [row] = await database.query<{ tenant_id: string; id: string }>(
        `select a.tenant_id, a.id from ${schema}.admins a join ${schema}.users u on u.tenant_id = a.tenant_id and u.id = a.user_id and u.active
         where a.role = 'super_admin' order by a.created_at, a.id limit 1`,
      );
      return row ? { tenantId: row.tenant_id, adminId: row.id } : 'root';
    },

    /** Whom an address is of, in any tenant. Throws `Rejected` `admin/unknown`. */
    adminWith: async (schema: string, email: string): Promise<LinkFor> => {
      const [row] = await database.query<{ tenant_id: string; id: string }>({
        text: `select a.tenant_id, a.id from ${schema}.admins a join ${schema}.users u on u.tenant_id = a.tenant_id and u.id = a.user_id and u.active
               where lower(u.resource->>'userName') = lower($1) order by a.created_at, a.id limit 1`,
        values: [email],
      });
      if (!row) throw new Rejected('not-found', 'admin/unknown', `There is no admin with the address ${email}.`);
      return { tenantId: row.tenant_id, adminId: row.id };
    },
  };
};

export type SignInLinks = ReturnType<typeof signInLinks>;
