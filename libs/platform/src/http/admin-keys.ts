import type { Database } from '@tenure/database';
import type { TokenHashing } from '@tenure/sealing';
import type { AdminKey, AdminKeys } from './caller.guard.ts';

/** Keys of admins: the secret's row and the admin who holds it, in one statement, at every request. */
export const adminKeys = (database: Database, { tokenHmac }: TokenHashing): AdminKeys => ({
  find: async (key) => {
    const [row] = await database.query<{ tenant_id: string; id: string; role: AdminKey['role'] }>({
      name: 'platform.admin-key',
      text: `select a.tenant_id, a.id, a.role from secrets.secrets s join directory_v1.admins a on a.tenant_id = s.tenant_id and a.key_id = s.id
             where s.kind = 'admin-key' and s.hmac = $1`,
      values: [tokenHmac(key)],
    });
    return row && { tenantId: row.tenant_id, adminId: row.id, role: row.role };
  },
});
