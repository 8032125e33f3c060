import type { Sql } from '@tenure/database';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';

/** Whether a group of the directory is pushed to the app's group, or will be to one of that name. */
export const isPushed = async (
  sql: Sql,
  { tenantId, appId }: { tenantId: string; appId: string },
  group: { id: string } | { name: string },
): Promise<boolean> => {
  const found = await sql.query({
    name: 'id' in group ? 'provisioning.pushed_by_id' : 'provisioning.pushed_by_name',
    text:
      'id' in group
        ? `select 1 from ${PROVISIONING_VIEW}.pushes where tenant_id = $1 and app_id = $2 and aim = 'pushed' and remote_id = $3 limit 1`
        : `select 1 from ${PROVISIONING_VIEW}.pushes p join ${PROVISIONING}.groups g on g.tenant_id = p.tenant_id and g.id = p.group_id
           where p.tenant_id = $1 and p.app_id = $2 and p.aim = 'pushed' and p.remote_id is null and not p.failed and g.display_name = $3 limit 1`,
    values: [tenantId, appId, 'id' in group ? group.id : group.name],
  });
  return found.length > 0;
};
