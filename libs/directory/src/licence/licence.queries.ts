import type { Database } from '@tenure/database';
import { z } from 'zod';

export const licencesReply = z.object({ used: z.int(), byProduct: z.record(z.string(), z.int()) });
export type Licences = z.output<typeof licencesReply>;

/** Active users (R17); per product those of them who hold one of its role values, whatever the case (R29). */
export const licences =
  (database: Database, schema: string) =>
  async (tenantId: string): Promise<Licences> => {
    const [row] = await database.query<{ used: number; by_product: Record<string, number> | null }>({
      name: `${schema}.licences`,
      text: `with active as (
               select u.id, array(select lower(r->>'value') from jsonb_array_elements(
                 case jsonb_typeof(u.resource->'roles') when 'array' then u.resource->'roles' else '[]' end) r) as roles
               from ${schema}.users u where u.tenant_id = $1 and u.active
             ), products as (
               select p->>'id' as id, array(select lower(v) from jsonb_array_elements_text(p->'appRoles') v) as roles
               from ${schema}.tenants t, jsonb_array_elements(t.body->'profile'->'products') p where t.tenant_id = $1 and t.id = $1
             )
             select (select count(*) from active) as used,
                    (select jsonb_object_agg(p.id, (select count(*) from active a where a.roles && p.roles)) from products p) as by_product`,
      values: [tenantId],
    });
    return { used: Number(row!.used), byProduct: row!.by_product ?? {} };
  };
