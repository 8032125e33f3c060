import type { Sql } from '@tenure/database';
import type { Instant } from '@tenure/eventing';
import { readTargetOf, type ConnectorKinds } from '../connector/index.ts';
import {
  findPerson,
  findTenant,
  groupRevisions,
  groupsOf,
  type KnownGroups,
  type KnownPerson,
  type KnownTenant,
} from '../people/find-person.ts';
import { appsOf, type RevisedApp } from '../view/find-apps.ts';
import { namedGroups, type Views } from './evaluate-person.ts';

/** What there is to know about a person and the tenant's apps: of one moment where `sql` is a snapshot. */
export type Seen = Pick<Views, 'groupRevisions'> & {
  apps: readonly RevisedApp[];
  person: KnownPerson;
  groups: KnownGroups;
  tenant: KnownTenant;
};

/** Undefined where the person was erased, or isn't known yet. With `appId`, that app alone. */
export const readSeen = async (
  sql: Sql,
  tenantId: string,
  userId: string,
  appId?: string,
): Promise<Seen | undefined> => {
  const person = await findPerson(sql, tenantId, userId);
  if (!person) return undefined;
  const apps = await appsOf(sql, tenantId, appId);
  const named = apps.flatMap(({ app }) =>
    namedGroups(
      app,
      app.ruleSets.flatMap(({ rules }) => rules),
    ),
  );
  return {
    apps,
    person,
    groups: await groupsOf(sql, tenantId, userId),
    groupRevisions: await groupRevisions(sql, tenantId, [...new Set(named)]),
    tenant: await findTenant(sql, tenantId),
  };
};

export const viewsOf = (
  { apps: _, ...seen }: Seen,
  { app, revision }: RevisedApp,
  kinds: ConnectorKinds,
  causedAt: Instant,
): Views => ({ ...seen, app, appRevision: revision, readTarget: readTargetOf(kinds, app), causedAt });
