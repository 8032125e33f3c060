import { pagesByInstant, pagesByName, type ListPage, type ListPageRequest } from '@tenure/contracts';
import type { Sql } from '@tenure/database';
import { Rejected } from '@tenure/eventing';
import { findCatalogue } from '../entitlement/catalogue.ts';
import { lastRefresh, refreshedAt } from '../entitlement/refresh.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { presets } from '../presets/index.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import type { AppConfig } from './app-config.ts';
import type { AppProfiles } from './app-profile.ts';
import type { AppReply, EntitlementsReply } from './app.bodies.ts';
import { refuseEntitlements } from './app.rules.ts';
import { thresholdStates, vanishedFrom, type ThresholdState } from './app.standing.ts';
import { missingOf, stepsOf } from './app.steps.ts';
import { runningJobs } from './jobs.ts';
import type { Vanished } from './vanished.ts';

export type KnownApp = { config: AppConfig; version: number; createdAt: string; updatedAt: string };

type Row = { id: string; config: AppConfig; revision: number; created_at: string; updated_at: string };

const knownApp = ({ config, revision, created_at, updated_at }: Row): KnownApp => ({
  config,
  version: revision,
  createdAt: created_at,
  updatedAt: updated_at,
});

type Features = { provisioning: boolean; entitlements: boolean };

/** Gates are open unless a tenant's facts say otherwise (R64). */
export const featuresOf = async (sql: Sql, tenantId: string): Promise<Features> => {
  const [row] = await sql.query<{ features: Features }>({
    text: `select features from ${PROVISIONING}.tenants where id = $1`,
    values: [tenantId],
  });
  return row?.features ?? { provisioning: true, entitlements: true };
};

/** R64. */
export const refuseGated = async (sql: Sql, tenantId: string, feature: keyof Features): Promise<void> => {
  const open = await featuresOf(sql, tenantId);
  if (feature === 'provisioning' && !open.provisioning)
    throw new Rejected('forbidden', 'feature/provisioning', 'Provisioning is not enabled for this tenant.');
  if (feature === 'entitlements' && !open.entitlements)
    throw new Rejected('forbidden', 'feature/entitlements', 'Entitlements are not enabled for this tenant.');
};

type Standing = {
  featureOpen: boolean;
  vanished: Vanished;
  thresholds: ReadonlyMap<string, ThresholdState>;
  jobs: Awaited<ReturnType<typeof runningJobs>>;
};

const toAppReply = (
  { config, version, createdAt, updatedAt }: KnownApp,
  { featureOpen, vanished, thresholds, jobs }: Standing,
): AppReply => {
  const [threshold, running] = [thresholds.get(config.id), jobs.get(config.id)];
  const { id, name, preset, sso, state } = config;
  const missing = [...missingOf(config, vanished), ...(featureOpen ? [] : (['feature'] as const))];
  return {
    id,
    name,
    preset,
    sso,
    state,
    capabilities: presets[preset].capabilities,
    steps: stepsOf(config, vanished),
    missing,
    ...(threshold && { threshold }),
    ...(running && { jobs: running }),
    version,
    createdAt,
    updatedAt,
  };
};

export type AppQueries = ReturnType<typeof appQueries>;

const columns = 'id, config, revision, created_at, updated_at';

/** `profileOf`: what was found out about an app by using it. */
export const appQueries = (sql: Sql, profileOf: AppProfiles['find'] = async () => undefined) => {
  /** Throws `Rejected` `app/not-found`, also for another tenant's. */
  const find = async (tenantId: string, appId: string): Promise<KnownApp> => {
    const [row] = await sql.query<Row>({
      name: 'provisioning.find_app',
      text: `select ${columns} from ${PROVISIONING_VIEW}.apps where tenant_id = $1 and id = $2`,
      values: [tenantId, appId],
    });
    if (!row) throw new Rejected('not-found', 'app/not-found', 'There is no such app.');
    return knownApp(row);
  };

  const standingOf = async (tenantId: string, apps: readonly AppConfig[]): Promise<Standing> => ({
    featureOpen: (await featuresOf(sql, tenantId)).provisioning,
    vanished: await vanishedFrom(sql, tenantId, apps),
    thresholds: await thresholdStates(sql, tenantId, apps),
    jobs: await runningJobs(
      sql,
      tenantId,
      apps.map(({ id }) => id),
    ),
  });

  const get = async (tenantId: string, appId: string): Promise<AppReply> => {
    const known = await find(tenantId, appId);
    return toAppReply(known, await standingOf(tenantId, [known.config]));
  };

  const list = async (tenantId: string, request: ListPageRequest): Promise<ListPage<AppReply>> => {
    const { limit, after } = pagesByInstant.behind(request);
    const rows = await sql.query<Row>({
      text: `select ${columns} from ${PROVISIONING_VIEW}.apps
             where tenant_id = $1 and ($2::timestamptz is null or (created_at, id) > ($2, $3)) order by created_at, id limit $4`,
      values: [tenantId, after?.[0] ?? null, after?.[1] ?? null, limit + 1],
    });
    const standing = await standingOf(
      tenantId,
      rows.map(({ config }) => config),
    );
    return pagesByInstant.of(
      rows,
      limit,
      (row) => toAppReply(knownApp(row), standing),
      ({ created_at, id }) => [created_at, id],
    );
  };

  /** Groups whose name contains some letters (R40). */
  const searchGroups = async (
    tenantId: string,
    search: string,
    request: ListPageRequest,
  ): Promise<ListPage<{ id: string; displayName: string }>> => {
    const { limit, after } = pagesByName.behind(request);
    const rows = await sql.query<{ id: string; name: string; display_name: string }>({
      text: `select id, lower(display_name) as name, display_name from ${PROVISIONING}.groups
             where tenant_id = $1 and deleted_at is null and position(lower($2) in lower(display_name)) > 0
               and ($3::text is null or (lower(display_name), id) > ($3, $4)) order by lower(display_name), id limit $5`,
      values: [tenantId, search, after?.[0] ?? null, after?.[1] ?? null, limit + 1],
    });
    return pagesByName.of(
      rows,
      limit,
      ({ id, display_name }) => ({ id, displayName: display_name }),
      ({ name, id }) => [name, id],
    );
  };

  /** What is due and waits for the app to be on (design, decision 16). */
  const overdueTimers = async (tenantId: string, appId: string, now: string): Promise<number> => {
    const [row] = await sql.query<{ count: number }>({
      text: `select count(*) as count from ${PROVISIONING_VIEW}.timers where tenant_id = $1 and app_id = $2 and state = 'armed' and due_at <= $3`,
      values: [tenantId, appId, now],
    });
    return row!.count;
  };

  /** Throws `Rejected` `credentials/not-set`. */
  const credentials = async (tenantId: string, appId: string) => {
    const { config, version } = await find(tenantId, appId);
    if (!config.credentials) throw new Rejected('not-found', 'credentials/not-set', 'No credentials were saved.');
    const { kind, hint, setAt } = config.credentials;
    return { kind, hint, setAt, test: config.test, version };
  };

  /** Throws `Rejected` `connection/not-set`. */
  const connection = async (tenantId: string, appId: string) => {
    const { config, version } = await find(tenantId, appId);
    if (!config.connection)
      throw new Rejected('not-found', 'connection/not-set', 'The connection to the directory was not set.');
    const learned = await profileOf(config);
    return { connection: { ...config.connection, ...(learned && { learned }) }, version };
  };

  /** Before it is set, what the preset asks for (R32). */
  const endpoint = async (tenantId: string, appId: string) => {
    const { config, version } = await find(tenantId, appId);
    const { endpointTemplate } = presets[config.preset];
    return {
      ...(config.endpoint ?? (endpointTemplate === undefined ? {} : { template: endpointTemplate, values: {} })),
      version,
    };
  };

  /** Throws `Rejected`: `feature/entitlements` (R64), `app/no-entitlements` (R58). */
  const entitlements = async (tenantId: string, appId: string): Promise<EntitlementsReply & { version: number }> => {
    await refuseGated(sql, tenantId, 'entitlements');
    const { config, version } = await find(tenantId, appId);
    refuseEntitlements(config.preset);
    const at = await refreshedAt(sql, tenantId, appId);
    const last = await lastRefresh(sql, tenantId, appId);
    return {
      items: await findCatalogue(sql, { tenantId, appId }),
      ...(at !== undefined && { refreshedAt: at }),
      ...(last && { lastRefresh: last }),
      ...config.entitlements,
      version,
    };
  };

  return { find, get, list, credentials, connection, endpoint, entitlements, searchGroups, overdueTimers };
};
