import type { Sql } from '@tenure/database';
import type { Instant } from '@tenure/eventing';
import { readTargetOf, type ConnectorKinds } from '../connector/index.ts';
import {
  findPeople,
  findTenant,
  groupRevisions,
  groupsOf,
  type KnownGroups,
  type KnownPerson,
  type KnownTenant,
} from '../people/find-person.ts';
import { appsOf, type RevisedApp } from '../app/find-apps.ts';
import { namedGroups, type Views } from './evaluate-person.ts';

/** What there is to know about a person and the tenant's apps: of one moment where `sql` is a snapshot. */
export type Seen = Pick<Views, 'groupRevisions'> & {
  apps: readonly RevisedApp[];
  person: KnownPerson;
  groups: KnownGroups;
  tenant: KnownTenant;
};

/** What there is to know about each of these people, but those who were erased or aren't known yet. With `appId`, of that app alone. */
export const readSeenOf = async (
  sql: Sql,
  tenantId: string,
  userIds: readonly string[],
  appId?: string,
): Promise<ReadonlyMap<string, Seen>> => {
  const people = await findPeople(sql, tenantId, userIds);
  if (people.length === 0) return new Map();
  const apps = await appsOf(sql, tenantId, appId);
  const named = apps.flatMap(({ app }) =>
    namedGroups(
      app,
      app.ruleSets.flatMap(({ rules }) => rules),
    ),
  );
  const groups = await groupsOf(
    sql,
    tenantId,
    people.map(({ id }) => id),
  );
  const shared = {
    apps,
    groupRevisions: await groupRevisions(sql, tenantId, [...new Set(named)]),
    tenant: await findTenant(sql, tenantId),
  };
  return new Map(people.map((person) => [person.id, { ...shared, person, groups: groups.get(person.id)! }]));
};

/** The same of one person. */
export const readSeen = async (sql: Sql, tenantId: string, userId: string, appId?: string): Promise<Seen | undefined> =>
  (await readSeenOf(sql, tenantId, [userId], appId)).get(userId);

export const viewsOf = (
  { apps: _, ...seen }: Seen,
  { app, revision }: RevisedApp,
  kinds: ConnectorKinds,
  causedAt: Instant,
): Views => ({ ...seen, app, appRevision: revision, readTarget: readTargetOf(kinds, app), causedAt });
