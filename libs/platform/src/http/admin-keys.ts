import type { Database } from '@tenure/database';
import type { TokenHashing } from '@tenure/sealing';
import type { AdminKey, AdminKeys } from './caller.guard.ts';

/** Where admins and who is active are looked up. */
export const ADMIN_VIEW = 'directory_v3';

/** Keys of admins: the secret's row, the admin who holds it and the person behind, in one statement, at every request. Who is deactivated can't use a key either (R17). */
export const adminKeys = (database: Database, { tokenHmac }: TokenHashing): AdminKeys => ({
  find: async (key) => {
    const [row] = await database.query<{
      tenant_id: string;
      id: string;
      role: AdminKey['role'];
      consumer_mail: boolean;
    }>({
      name: 'platform.admin-key',
      text: `select a.tenant_id, a.id, a.role, a.consumer_mail from secrets.secrets s
             join ${ADMIN_VIEW}.admins a on a.tenant_id = s.tenant_id and a.key_id = s.id
             join ${ADMIN_VIEW}.users u on u.tenant_id = a.tenant_id and u.id = a.user_id and u.active
             where s.kind = 'admin-key' and s.hmac = $1`,
      values: [tokenHmac(key)],
    });
    return row && { tenantId: row.tenant_id, adminId: row.id, role: row.role, consumerMail: row.consumer_mail };
  },
});
