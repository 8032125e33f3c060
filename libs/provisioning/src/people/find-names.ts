import { searchQuery, type IncludeNames, type NamedApp, type NamedUser } from '@tenure/contracts';
import type { Sql } from '@tenure/database';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import { PROVISIONING } from './to-evaluate.ts';

/** Ids of the people of a tenant whom a search finds, as a subquery; its parameters are the tenant and `searchedFor`. */
export const peopleFound = (tenant: string, search: string): string =>
  `(select found.id from ${PROVISIONING}.people found where found.tenant_id = ${tenant} and found.words @@ ${search}::tsquery)`;

export const searchedFor = (tenantId: string, search: string | undefined): string | null =>
  search === undefined ? null : searchQuery(tenantId, search);

const idsOf = (ids: readonly (string | undefined)[]): string[] => [...new Set(ids.filter((id) => id !== undefined))];

/** What people are called; whoever was erased, or isn't known here yet, has no name. */
export const userNames = async (
  sql: Sql,
  tenantId: string,
  ids: readonly (string | undefined)[],
): Promise<Map<string, NamedUser>> => {
  const wanted = idsOf(ids);
  if (wanted.length === 0) return new Map();
  const rows = await sql.query<{
    id: string;
    erased: boolean;
    displayName: string | null;
    userName: string | null;
  }>({
    name: 'provisioning.user_names',
    text: `select id, erased, resource->>'displayName' as "displayName", resource->>'userName' as "userName"
           from ${PROVISIONING}.people where tenant_id = $1 and id = any($2)`,
    values: [tenantId, wanted],
  });
  return new Map(
    rows.map(({ id, erased, displayName, userName }): [string, NamedUser] => [
      id,
      erased
        ? { id, erased: true }
        : { id, ...(displayName !== null && { displayName }), ...(userName !== null && { userName }) },
    ]),
  );
};

export const appNames = async (
  sql: Sql,
  tenantId: string,
  ids: readonly (string | undefined)[],
): Promise<Map<string, NamedApp>> => {
  const wanted = idsOf(ids);
  if (wanted.length === 0) return new Map();
  const rows = await sql.query<NamedApp>({
    name: 'provisioning.app_names',
    text: `select id, config->>'name' as name from ${PROVISIONING_VIEW}.apps where tenant_id = $1 and id = any($2)`,
    values: [tenantId, wanted],
  });
  return new Map(rows.map((app) => [app.id, app]));
};

/** A page of a list with the names that `include` asks for: two statements, however long it is. */
export const withNames = async <Item extends { appId?: string; userId?: string }>(
  sql: Sql,
  tenantId: string,
  items: readonly Item[],
  include: IncludeNames = [],
): Promise<(Item & { user?: NamedUser; app?: NamedApp })[]> => {
  const [users, apps] = await Promise.all([
    userNames(sql, tenantId, include.includes('user') ? items.map(({ userId }) => userId) : []),
    appNames(sql, tenantId, include.includes('app') ? items.map(({ appId }) => appId) : []),
  ]);
  return items.map((item) => {
    const [user, app] = [users.get(item.userId ?? ''), apps.get(item.appId ?? '')];
    return { ...item, ...(user && { user }), ...(app && { app }) };
  });
};
