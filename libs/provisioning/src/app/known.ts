import { setTimeout as sleep } from 'node:timers/promises';
import type { AppRole } from '@tenure/contracts';
import type { Sql } from '@tenure/database';
import { Rejected } from '@tenure/eventing';
import { PROVISIONING } from '../people/to-evaluate.ts';

const LOOK_EVERY_MS = 50;
/** A fact that is on its way takes milliseconds, or as long as somebody's long transaction hides the feed (a group of 100,000 takes seconds). */
const ON_ITS_WAY_MS = 5000;
/** A changed definition of a role: shorter, for whoever is refused waits as long. */
const ROLE_ON_ITS_WAY_MS = 500;

const statements = {
  users: `select 1 from ${PROVISIONING}.people where tenant_id = $1 and id = $2 and not deleted`,
  groups: `select 1 from ${PROVISIONING}.groups where tenant_id = $1 and id = $2 and deleted_at is null`,
};

/** Whether the tenant has such a user or group. One that was made a moment ago is waited for: the directory tells by facts. */
export const isKnown = async (sql: Sql, tenantId: string, kind: 'users' | 'groups', id: string): Promise<boolean> => {
  for (const until = Date.now() + ON_ITS_WAY_MS; ;) {
    const found = await sql.query({
      name: `provisioning.known_${kind}`,
      text: statements[kind],
      values: [tenantId, id],
    });
    if (found.length > 0) return true;
    if (Date.now() > until) return false;
    await sleep(LOOK_EVERY_MS);
  }
};

const memberTypes = { users: 'User', groups: 'Group', roles: undefined } as const;

/** What is wrong with assigning somebody of a kind with a role; a role that nobody defined may be used. */
const complaintAbout = (
  defined: readonly AppRole[],
  kind: keyof typeof memberTypes,
  value: string,
): string | undefined => {
  const role = defined.find((one) => one.value.toLowerCase() === value.toLowerCase());
  const type = memberTypes[kind];
  if (!role) return undefined;
  if (!role.enabled) return `The app role ${role.value} is not enabled.`;
  return type === undefined || role.allowedMemberTypes.includes(type)
    ? undefined
    : `The app role ${role.value} is not for ${kind}.`;
};

/** R22: a role is assigned to the types of member that it allows, while it is enabled. A definition that was just changed is waited for. */
export const refuseRole = async (
  sql: Sql,
  tenantId: string,
  kind: keyof typeof memberTypes,
  value: string,
): Promise<void> => {
  for (const until = Date.now() + ROLE_ON_ITS_WAY_MS; ;) {
    const [row] = await sql.query<{ app_roles: AppRole[] }>({
      name: 'provisioning.app_roles',
      text: `select app_roles from ${PROVISIONING}.tenants where id = $1`,
      values: [tenantId],
    });
    const complaint = complaintAbout(row?.app_roles ?? [], kind, value);
    if (complaint === undefined) return;
    if (Date.now() > until)
      throw new Rejected('invalid', 'assignment/role', complaint, [{ field: 'role', message: complaint }]);
    await sleep(LOOK_EVERY_MS);
  }
};
