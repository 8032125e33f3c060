import { inBatches, unnested, type Database } from '@tenure/database';
import type { AccountType } from '@tenure/contracts';
import type { Resource } from '@tenure/scim';
import { groupsOfUsersQuery, type GroupOfUser } from '../membership/groups-of-users.ts';

/** A row of the view's users. */
export type UserRow = {
  id: string;
  revision: number;
  account_type: AccountType;
  connection_id: string | null;
  active: boolean;
  resource: Resource;
  created_at: string;
  last_modified: string;
};

/** A user as found by key: with what tells who sees them, and the groups where they were wanted. */
export type FoundUser = UserRow & {
  unassigned_from: string | null;
  password_id: string | null;
  groups: GroupOfUser[] | null;
};

export const userColumns =
  'u.id, u.revision, u.account_type, u.connection_id, u.active, u.resource, u.created_at, u.last_modified';

/** Whose key, and which groups go with the user: none, all, or those of one connection. */
export type WantedUser = { tenantId: string; key: string; groups: 'none' | 'all' | { connectionId: string } };

export type FindUsers = {
  byId: (wanted: WantedUser) => Promise<FoundUser | undefined>;
  /** By `uniqueKey` of the userName. */
  byName: (wanted: WantedUser) => Promise<FoundUser | undefined>;
};

/** What identity providers ask all day: one user by key. Those who ask at the same time share a statement, whatever their tenants. */
export const findUsers = (database: Database, schema: string): FindUsers => {
  const findBy = (column: string) => {
    const groups = groupsOfUsersQuery(schema, {
      tenantId: 'wanted.tenant_id',
      ids: 'array[u.id]',
      connectionId: 'wanted.connection_id',
    });
    // Each by its key: joined, a young table whose size the planner doesn't know yet is read from end to end.
    const text = `
      select wanted.n, ${userColumns}, u.unassigned_from, u.password_id,
             case when wanted.with_groups then (select json_agg(row_to_json(g)) from (${groups}) g) end as groups
      from ${unnested('text', 'text', 'bool', 'text')} with ordinality as wanted(tenant_id, key, with_groups, connection_id, n)
      cross join lateral (select * from ${schema}.users where tenant_id = wanted.tenant_id and ${column} = wanted.key limit 1) u`;
    return inBatches<WantedUser, FoundUser | undefined>({
      send: async (wanted) => {
        const values = [
          wanted.map(({ tenantId }) => tenantId),
          wanted.map(({ key }) => key),
          wanted.map(({ groups: which }) => which !== 'none'),
          wanted.map(({ groups: which }) => (typeof which === 'object' ? which.connectionId : null)),
        ];
        const found: (FoundUser | undefined)[] = wanted.map(() => undefined);
        for (const { n, ...row } of await database.query<FoundUser & { n: number }>({
          name: `${schema}.users-by-${column}`,
          text,
          values,
        }))
          found[n - 1] = row;
        return found;
      },
    });
  };
  return { byId: findBy('id'), byName: findBy('user_name_key') };
};
