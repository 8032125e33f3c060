import type { Sql } from '@tenure/database';
import type { Instant } from '@tenure/eventing';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import type { AppConfig, Threshold } from './app-config.ts';
import { knownRoles } from './known.ts';
import { groupsIn, rolesIn, type Naming, type Vanished } from './vanished.ts';

/** Of several apps of a tenant at once. */
export const vanishedFrom = async (sql: Sql, tenantId: string, apps: readonly Naming[]): Promise<Vanished> => {
  const [groups, roles] = [[...new Set(apps.flatMap(groupsIn))], [...new Set(apps.flatMap(rolesIn))]];
  const gone =
    groups.length === 0
      ? []
      : await sql.query<{ id: string }>({
          name: 'provisioning.vanished_groups',
          text: `select id from unnest($2::text[]) asked (id) where not exists (
                   select 1 from ${PROVISIONING}.groups g where g.tenant_id = $1 and g.id = asked.id and g.deleted_at is null)`,
          values: [tenantId, groups],
        });
  const isRole = roles.length === 0 ? () => true : await knownRoles(sql, tenantId, roles);
  return { groups: new Set(gone.map(({ id }) => id)), roles: new Set(roles.filter((role) => !isRole(role))) };
};

/** R87: tripped = timers wait for an admin to release them, since the first of them was parked. */
export type ThresholdState = { tripped: boolean; since?: Instant; parked: number; limit: Threshold };

/** Of apps that have a limit, or timers parked by an earlier one. */
export const thresholdStates = async (
  sql: Sql,
  tenantId: string,
  apps: readonly Pick<AppConfig, 'id' | 'threshold'>[],
): Promise<ReadonlyMap<string, ThresholdState>> => {
  const rows = await sql.query<{ app_id: string; parked: number; since: Instant }>({
    name: 'provisioning.parked_timers',
    text: `select t.app_id, count(*)::int as parked, min(t.parked_at) as since from ${PROVISIONING_VIEW}.timers t
           join ${PROVISIONING_VIEW}.apps a on a.tenant_id = t.tenant_id and a.id = t.app_id
           where t.tenant_id = $1 and t.app_id = any($2) and t.state = 'parked'
             and not coalesce((a.config->>'thresholdReleasedAt')::timestamptz >= t.parked_at, false)
           group by t.app_id`,
    values: [tenantId, apps.map(({ id }) => id)],
  });
  const parked = new Map(rows.map((row) => [row.app_id, row]));
  return new Map(
    apps.flatMap(({ id, threshold }): [string, ThresholdState][] => {
      const found = parked.get(id);
      if (found) return [[id, { tripped: true, since: found.since, parked: found.parked, limit: threshold }]];
      return Object.keys(threshold).length > 0 ? [[id, { tripped: false, parked: 0, limit: threshold }]] : [];
    }),
  );
};
