import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from '@tenure/database';
import { PROVISIONING } from '../people/to-evaluate.ts';

const LOOK_EVERY_MS = 50;
/** A fact that is on its way takes milliseconds. */
const ON_ITS_WAY_MS = 2000;

const statements = {
  users: `select 1 from ${PROVISIONING}.people where tenant_id = $1 and id = $2 and not deleted`,
  groups: `select 1 from ${PROVISIONING}.groups where tenant_id = $1 and id = $2 and deleted_at is null`,
};

/** Whether the tenant has such a user or group. One that was made a moment ago is waited for: the directory tells by facts. */
export const isKnown = async (sql: Sql, tenantId: string, kind: 'users' | 'groups', id: string): Promise<boolean> => {
  for (const until = Date.now() + ON_ITS_WAY_MS; ; ) {
    const found = await sql.query({ name: `provisioning.known_${kind}`, text: statements[kind], values: [tenantId, id] });
    if (found.length > 0) return true;
    if (Date.now() > until) return false;
    await sleep(LOOK_EVERY_MS);
  }
};
