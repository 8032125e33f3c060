import { setTimeout as sleep } from 'node:timers/promises';
import type { AppRole } from '@tenure/contracts';
import type { Sql } from '@tenure/database';
import { Rejected } from '@tenure/eventing';
import { PROVISIONING } from '../people/to-evaluate.ts';
import type { Rule } from '../rules/index.ts';

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

/** Roles that every tenant has (R13). */
const standardRoles = ['ADMIN', 'USER', 'GUEST'];

const isSameRole = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** Which of these roles the tenant defines, everybody has (R13), or some user holds. */
export const knownRoles = async (
  sql: Sql,
  tenantId: string,
  values: readonly string[],
): Promise<(value: string) => boolean> => {
  const [row] = await sql.query<{ app_roles: AppRole[] }>({
    name: 'provisioning.app_roles',
    text: `select app_roles from ${PROVISIONING}.tenants where id = $1`,
    values: [tenantId],
  });
  const known = [...standardRoles, ...(row?.app_roles ?? []).map(({ value }) => value)];
  const others = values.filter((value) => !known.some((one) => isSameRole(one, value)));
  const held =
    others.length === 0
      ? []
      : await sql.query<{ value: string }>({
          name: 'provisioning.held_roles',
          text: `select value from unnest($2::text[]) asked (value) where exists (
                   select 1 from ${PROVISIONING}.people p where p.tenant_id = $1 and not p.erased
                     and p.resource->'roles' @> jsonb_build_array(jsonb_build_object('value', asked.value)))`,
          values: [tenantId, others],
        });
  return (value) => [...known, ...held.map((one) => one.value)].some((one) => isSameRole(one, value));
};

/** What is wrong with assigning somebody of a kind with a role that is defined. */
const complaintAbout = (
  defined: readonly AppRole[],
  kind: keyof typeof memberTypes,
  value: string,
): string | undefined => {
  const role = defined.find((one) => isSameRole(one.value, value));
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
    const isKnownRole = (await knownRoles(sql, tenantId, [value]))(value);
    const complaint = isKnownRole
      ? complaintAbout(row?.app_roles ?? [], kind, value)
      : `There is no role ${value}. Define it as an app role of the tenant first.`;
    if (complaint === undefined) return;
    if (Date.now() > until)
      throw new Rejected('invalid', 'assignment/role', complaint, [{ field: 'role', message: complaint }]);
    await sleep(LOOK_EVERY_MS);
  }
};

/** Groups that a scope names and the tenant doesn't have. */
export const refuseUnknownScope = async (
  sql: Sql,
  tenantId: string,
  groups: readonly { id: string }[],
): Promise<void> => {
  const known = await Promise.all(groups.map(({ id }) => isKnown(sql, tenantId, 'groups', id)));
  const errors = groups.flatMap(({ id }, index) =>
    known[index] ? [] : [{ field: `groups[${index}].id`, message: `There is no group ${id}.` }],
  );
  if (errors.length > 0)
    throw new Rejected('invalid', 'scope/group-unknown', errors.map(({ message }) => message).join(' '), errors);
};

/** Groups that are to be pushed and the tenant doesn't have; those in `chosen` are not asked for. */
export const refuseUnknownPushes = async (
  sql: Sql,
  tenantId: string,
  groups: readonly { id: string }[],
  chosen: ReadonlySet<string>,
): Promise<void> => {
  const known = await Promise.all(groups.map(async ({ id }) => chosen.has(id) || isKnown(sql, tenantId, 'groups', id)));
  const errors = groups.flatMap(({ id }, index) =>
    known[index] ? [] : [{ field: `groups[${index}].id`, message: `There is no group ${id}.` }],
  );
  if (errors.length > 0)
    throw new Rejected('invalid', 'push/group-unknown', errors.map(({ message }) => message).join(' '), errors);
};

/** Groups and roles that rules name and the tenant doesn't have. */
export const refuseUnknownInRules = async (
  sql: Sql,
  tenantId: string,
  rules: readonly Pick<Rule, 'conditions' | 'actions'>[],
): Promise<void> => {
  const groups = rules.flatMap(({ conditions }, rule) =>
    conditions.flatMap((condition, index) =>
      condition.operator === 'memberOf'
        ? [{ id: condition.value, field: `rules[${rule}].conditions[${index}].value` }]
        : [],
    ),
  );
  const roles = rules.flatMap(({ actions }, rule) =>
    actions.flatMap((action, index) =>
      action.type === 'setRole' ? [{ id: action.value, field: `rules[${rule}].actions[${index}].value` }] : [],
    ),
  );
  const ids = [...new Set(groups.map(({ id }) => id))];
  const known = await Promise.all(ids.map((id) => isKnown(sql, tenantId, 'groups', id)));
  const isRole = await knownRoles(
    sql,
    tenantId,
    roles.map(({ id }) => id),
  );
  const noGroups = groups
    .filter(({ id }) => !known[ids.indexOf(id)])
    .map(({ id, field }) => ({ field, message: `There is no group ${id}.` }));
  const noRoles = roles
    .filter(({ id }) => !isRole(id))
    .map(({ id, field }) => ({ field, message: `There is no role ${id}.` }));
  const errors = [...noGroups, ...noRoles];
  if (errors.length > 0) {
    const message = errors.map((error) => error.message).join(' ');
    throw noGroups.length > 0
      ? new Rejected('invalid', 'rules/group-unknown', message, errors)
      : new Rejected('invalid', 'rules/role-unknown', message, errors);
  }
};
