import type { Database, Sql } from '@tenure/database';
import type { Because } from '../account/write-account.ts';
import type { AppConfig } from '../app/app-config.ts';
import { isRebuilding } from '../people/people.consumer.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { appsOf } from '../app/find-apps.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import { chosenMode, pushesAnything, scopedGroups, type DirectoryGroup } from './chosen-groups.ts';
import { expandNext } from './expand-push.ts';
import { planMembers } from './plan-members.ts';
import { pushIdOf } from './push.aggregate.ts';
import type { WritePush } from './write-push.ts';

export type PushPlannerNeeds = {
  database: Database;
  write: WritePush;
  /** There may be something to send. */
  onPlanned: () => void;
  onFailure: (error: unknown) => void;
};

type Marked = {
  kind: 'app' | 'group';
  tenantId: string;
  id: string;
  mark: number;
  causationId: string;
  correlationId: string;
};

const LEASE_S = 60;
const GROUPS_AT_ONCE = 500;
/** How often members of mirrored groups are compared. */
const LOOK_FOR_MIRRORS_MS = 10_000;

/** Decides which groups are pushed to which apps, and who of them is to be a member (R89). Whatever it does may run twice. */
export const pushPlanner = ({ database, write, onPlanned, onFailure }: PushPlannerNeeds) => {
  let afterTenant = '';
  let lookedForMirrors = 0;

  const claim = async (): Promise<Marked | undefined> => {
    const [marked] = await database.query<Marked>({
      name: 'provisioning.claim_push_mark',
      text: `update ${PROVISIONING_VIEW}.push_marks m set due_at = now() + make_interval(secs => ${LEASE_S})
             where m.ctid = (select ctid from ${PROVISIONING_VIEW}.push_marks where kind <> 'user' and due_at <= now() order by due_at limit 1 for update skip locked)
             returning m.kind, m.tenant_id as "tenantId", m.id, m.mark, m.causation_id as "causationId", m.correlation_id as "correlationId"`,
    });
    return marked;
  };

  /** Whatever was marked again meanwhile stays. */
  const done = ({ kind, tenantId, id, mark }: Marked) =>
    database.query({
      text: `delete from ${PROVISIONING_VIEW}.push_marks where kind = $1 and tenant_id = $2 and id = $3 and mark = $4`,
      values: [kind, tenantId, id, mark],
    });

  const decide = async (
    { tenantId, ...because }: Because & { tenantId: string },
    { id: appId, config }: App,
    groups: readonly DirectoryGroup[],
    inScope: (id: string) => boolean,
  ) => {
    const standing = await pushedTo(database, tenantId, appId, groups);
    const isReset = config === undefined || config.state === 'draft';
    for (const group of groups) {
      const mode = isReset ? undefined : chosenMode(config, group, inScope);
      const known = standing.get(group.id);
      const push = { tenantId, id: pushIdOf(appId, group.id) };
      if (mode !== undefined && known !== mode)
        await write(push, { type: 'Push', appId, groupId: group.id, mode }, because);
      else if (mode === undefined && known !== undefined)
        await write(
          push,
          {
            type: 'Stop',
            because: isReset ? 'appReset' : group.deleted ? 'groupDeleted' : 'notChosen',
            deletes: !isReset && config.pushes.whenUnpushed === 'delete',
          },
          because,
        );
    }
  };

  const planApp = async ({ tenantId, id, ...because }: Marked) => {
    const [known] = await appsOf(database, tenantId, id);
    const app: App = { id, config: known?.app };
    const inScope = await scopeOf(database, tenantId, app);
    const isNeeded = app.config !== undefined && pushesAnything(app.config.pushes);
    for (let after = ''; ;) {
      const groups = await groupsAfter(database, tenantId, after, isNeeded ? undefined : id);
      await decide({ tenantId, ...becauseOf(because) }, app, groups, inScope);
      if (groups.length < GROUPS_AT_ONCE) return;
      after = groups.at(-1)!.id;
    }
  };

  const planGroup = async ({ tenantId, id, ...because }: Marked) => {
    const [group] = await database.query<DirectoryGroup>({
      text: `select id, display_name as "displayName", deleted_at is not null as deleted from ${PROVISIONING}.groups where tenant_id = $1 and id = $2`,
      values: [tenantId, id],
    });
    if (!group) return;
    const apps = await appsOf(database, tenantId);
    for (const { app } of apps.filter(({ app: { pushes } }) => pushesAnything(pushes))) {
      const one: App = { id: app.id, config: app };
      await decide({ tenantId, ...becauseOf(because) }, one, [group], await scopeOf(database, tenantId, one));
    }
    // It may have another name.
    await database.query({
      text: `update ${PROVISIONING_VIEW}.push_work w set mark = w.mark + 1 from ${PROVISIONING_VIEW}.pushes p
             where p.tenant_id = $1 and p.group_id = $2 and p.aim = 'pushed' and w.tenant_id = p.tenant_id and w.push_id = p.id`,
      values: [tenantId, id],
    });
  };

  const planMarked = async (): Promise<boolean> => {
    const marked = await claim();
    if (!marked) return false;
    try {
      await (marked.kind === 'app' ? planApp(marked) : planGroup(marked));
      await done(marked);
      onPlanned();
    } catch (error) {
      onFailure(error);
    }
    return true;
  };

  const planUsers = async (): Promise<boolean> => {
    const planned = await planMembers(database, afterTenant);
    if (planned) onPlanned();
    const wasWrapped = planned === undefined && afterTenant !== '';
    afterTenant = planned?.tenantId ?? '';
    return planned !== undefined || wasWrapped;
  };

  /** Members of mirrored groups are compared now and then, for nobody tells what is done in the app itself. */
  const lookForMirrors = async () => {
    if (Date.now() - lookedForMirrors < LOOK_FOR_MIRRORS_MS) return;
    lookedForMirrors = Date.now();
    await database.query({
      text: `update ${PROVISIONING_VIEW}.push_work w set mark = w.mark + 1 from ${PROVISIONING}.push_deliveries d
             where d.compare_at <= now() and w.tenant_id = d.tenant_id and w.push_id = d.push_id and w.mark = w.looked`,
    });
  };

  return {
    /** Says whether there was anything to plan. */
    run: async (): Promise<boolean> => {
      if (await isRebuilding(database)) return false;
      await lookForMirrors();
      const marked = await planMarked();
      const expanded = await expandNext(database);
      const users = await planUsers();
      return marked || expanded || users;
    },
    waiting: async (): Promise<boolean> => {
      const found = await database.query({
        name: 'provisioning.pushes_to_plan',
        text: `(select 1 from ${PROVISIONING_VIEW}.push_marks limit 1) union all
               (select 1 from ${PROVISIONING_VIEW}.pushes where aim = 'pushed' and not expanded limit 1)`,
      });
      return found.length > 0;
    },
  };
};

/** `config`: undefined where the app was deleted. */
type App = { id: string; config: AppConfig | undefined };

const becauseOf = ({ causationId, correlationId }: Pick<Marked, 'causationId' | 'correlationId'>): Because => ({
  causationId,
  correlationId,
});

/** The modes in which these groups are pushed to the app. */
const pushedTo = async (
  sql: Sql,
  tenantId: string,
  appId: string,
  groups: readonly DirectoryGroup[],
): Promise<Map<string, string>> => {
  const rows = await sql.query<{ id: string; mode: string }>({
    name: 'provisioning.pushed_groups',
    text: `select group_id as id, record->'state'->>'mode' as mode from ${PROVISIONING_VIEW}.pushes
           where tenant_id = $1 and group_id = any($3) and app_id = $2 and aim = 'pushed'`,
    values: [tenantId, appId, groups.map(({ id }) => id)],
  });
  return new Map(rows.map(({ id, mode }) => [id, mode]));
};

/** All groups of the tenant, or those that are pushed to an app. */
const groupsAfter = (sql: Sql, tenantId: string, after: string, pushedTo: string | undefined) =>
  sql.query<DirectoryGroup>({
    text: `select id, display_name as "displayName", deleted_at is not null as deleted from ${PROVISIONING}.groups g
           where tenant_id = $1 and id > $2
             and ($3::text is null or exists (
               select from ${PROVISIONING_VIEW}.pushes p where p.tenant_id = g.tenant_id and p.group_id = g.id and p.app_id = $3 and p.aim = 'pushed'))
           order by id limit ${GROUPS_AT_ONCE}`,
    values: [tenantId, after, pushedTo ?? null],
  });

/** Which groups the scope of the app is about; asked only where all of them are pushed. */
const scopeOf = async (sql: Sql, tenantId: string, { config }: App): Promise<(id: string) => boolean> => {
  if (!config?.pushes.allInScope) return () => false;
  const scoped = scopedGroups(config);
  if (scoped === 'everything') return () => true;
  const nested = scoped.filter((group) => group.nested).map(({ id }) => id);
  const below = await sql.query<{ id: string }>({
    text: `with recursive below (id) as (
             select unnest($2::text[])
             union
             select m.member_id from below b join ${PROVISIONING}.memberships m on m.tenant_id = $1 and m.group_id = b.id and m.kind = 'Group' and m.left_at is null)
           select id from below`,
    values: [tenantId, nested],
  });
  const ids = new Set([...scoped, ...below].map(({ id }) => id));
  return (id) => ids.has(id);
};
