import type { Instant, Revision } from '@tenure/eventing';
import {
  isReferring,
  sameTarget,
  additiveTargets,
  desiredAttributes,
  matchKeysFor,
  withinBudget,
  type AccountAttributes,
  type EvaluationProblem,
  type Person,
} from '../mapping/index.ts';
import { newBudget, type Budget } from '../expression/index.ts';
import { isObject } from '../mapping/json.ts';
import type { ReadTarget } from '../connector/index.ts';
import { presets } from '../presets/index.ts';
import type { AppConfig } from '../app/app-config.ts';
import { rulesFor } from '../app/rule-sets.ts';
import type { Evaluation, FoundTrigger } from '../account/account-command.ts';
import { accountIdOf } from '../account/account.aggregate.ts';
import type { AccountState, Entitlement, Plan } from '../account/account.state.ts';
import { entitlementKinds, evaluateRules, memberOfGroups, type Rule, type RuleOutcome } from '../rules/index.ts';
import { assignedRoles, inScope, type Assignments, type ScopeAnswer, type ScopePerson } from '../scope/index.ts';
import { orgUnitOf } from '../people/apply-users.ts';
import type { KnownGroups, KnownPerson, KnownTenant } from '../people/find-person.ts';

/** What an evaluation looks at: the views as they are now. */
export type Views = {
  app: AppConfig;
  appRevision: Revision;
  readTarget: ReadTarget;
  person: KnownPerson;
  groups: KnownGroups;
  /** Of the groups that the app names. */
  groupRevisions: ReadonlyMap<string, Revision>;
  tenant: KnownTenant;
  /** When what led to this evaluation happened: the instant of what nothing else dates. */
  causedAt: Instant;
};

/** All that follows but what only the view tells: ids of the app. */
export type Evaluated = Omit<Evaluation, 'referredIds'> & { scope: ScopeAnswer };

type PlannedRules = RuleOutcome & { planned: readonly Entitlement[] };

/** Raised when evaluation would answer otherwise than before to the same configuration and facts. */
export const ENGINE = 2;

/** Nothing is known of what the rules would have said. */
const noRules: RuleOutcome = { attributes: {}, targetRules: {}, entitlements: {}, skip: false, applied: [] };

/**
 * What follows for a person's account as it is now. One budget is for all rules and mappings of it (R96): where it runs out, the
 * evaluation says so and plans nothing; where it was the rules, also nothing is said about whether one of them takes the app away.
 */
export const evaluatePerson = (views: Views, account: AccountState): Evaluated => {
  const { app, person, groups, tenant } = views;
  const scoped = scopePersonOf(person);
  const facts = { assignments: assignmentsOf(app), directGroups: groups.direct, allGroups: groups.all };
  const assigned = assignedRoles(scoped, facts);
  const known = {
    id: person.id,
    resource: person.resource,
    appRoles: assigned.length > 0 ? assigned : scoped.appRoles,
    organizationDomain: app.entitlements.domain ?? tenant.primaryDomain,
  };
  const { version: rulesVersion, rules: inForce } = rulesFor(app, account);
  const budget = newBudget();
  const ruled = withinBudget(() => evaluateRules(inForce, known, groups.all, views.readTarget, budget));
  const rules = ruled.ok ? ruled.result : noRules;
  const scope = inScope(scoped, app.scope, {
    ...facts,
    primaryDomain: tenant.primaryDomain,
    skippedByRule: rules.skip,
  });
  const triggers = triggersOf(views, scope);
  const accountId = accountIdOf(app.id, person.id);
  const withRole = rules.role === undefined ? known : { ...known, appRoles: [rules.role] };
  const isWanted = scope.in && person.deletedAt === null;
  const planned =
    isWanted && ruled.ok
      ? withinBudget(() => planOf(views, withRole, entitlementsAllowed(views, rules, account), accountId, budget))
      : undefined;
  return {
    accountId,
    appId: app.id,
    userId: person.id,
    plan: planned?.ok ? planned.result : null,
    problem: isWanted ? (problemOf(ruled) ?? problemOf(planned)) : null,
    reasons: {
      basis: basisOf(views, inForce),
      scope: { in: scope.in, because: scope.because, ...(scope.in && scope.by !== undefined && { by: scope.by }) },
      ruleIds: rules.applied,
    },
    origins: planned?.ok ? originsOf(views, rules) : {},
    rulesVersion,
    triggers,
    // A deleted person is in no group any more: that says nothing about whether the app was turned off for them.
    unsure: [
      ...(person.deletedAt === null && ruled.ok ? [] : ['turnedOff' as const]),
      ...(person.deletedAt === null || person.active ? [] : ['suspended' as const]),
    ],
    frames: app.frames,
    approvals: app.approvals,
    scope,
  };
};

/** The groups that an app names: as its scope, its assignments, and in conditions of its rules. */
export const namedGroups = (app: Pick<AppConfig, 'scope' | 'assignments'>, rules: readonly Rule[]): string[] => [
  ...new Set([
    ...app.scope.groups.map(({ id }) => id),
    ...app.assignments.filter(({ kind }) => kind === 'groups').map(({ id }) => id),
    ...memberOfGroups(rules),
  ]),
];

const MOST_GROUPS = 20;

const basisOf = (
  { app, appRevision, person, groups, groupRevisions, tenant }: Views,
  rules: readonly Rule[],
): Evaluation['reasons']['basis'] => {
  const named = namedGroups(app, rules);
  const isOfPerson = (id: string) => groups.all.has(id) || groups.allUntil.has(id);
  const first =
    named.length > MOST_GROUPS ? named.toSorted((a, b) => Number(isOfPerson(b)) - Number(isOfPerson(a))) : named;
  return {
    engine: ENGINE,
    user: person.revision,
    app: appRevision,
    tenant: tenant.revision,
    groups: first.slice(0, MOST_GROUPS).map((id) => [id, groupRevisions.get(id) ?? 0]),
  };
};

/** While the tenant's gate is closed (R64), or where users configure them in the app (R58), nothing is given, and nothing taken. */
const entitlementsAllowed = ({ app, tenant }: Views, rules: RuleOutcome, account: AccountState): PlannedRules => ({
  ...rules,
  planned:
    tenant.entitlements && app.entitlements.configuredBy === 'admin'
      ? entitlementsOf(rules)
      : account.kind === 'none'
        ? []
        : account.plan.entitlements,
});

const problemOf = (worked: ReturnType<typeof withinBudget> | undefined): EvaluationProblem | null =>
  worked && !worked.ok ? worked.problem : null;

/** What the user's own resource says; the values of `roles` are those of the app roles (R22) they hold. */
const scopePersonOf = ({ id, resource, archived }: KnownPerson): ScopePerson => {
  const { userName, roles } = resource;
  const appRoles = (Array.isArray(roles) ? roles : []).flatMap((role) =>
    isObject(role) && typeof role['value'] === 'string' ? [role['value']] : [],
  );
  return {
    id,
    userName: typeof userName === 'string' ? userName : '',
    archived,
    orgUnitPath: orgUnitOf(resource),
    appRoles,
  };
};

const assignmentsOf = ({ assignments }: AppConfig): Assignments => {
  const ofKind = (wanted: keyof Assignments) =>
    new Map(
      assignments.filter(({ kind }) => kind === wanted).map(({ id, role }) => [id, role === undefined ? {} : { role }]),
    );
  return { users: ofKind('users'), groups: ofKind('groups'), roles: ofKind('roles') };
};

/** Which reasons to deprovision hold, each since its own condition does (R44, R62). */
const triggersOf = (views: Views, scope: ScopeAnswer): FoundTrigger[] => {
  const { person } = views;
  if (person.deletedAt !== null) return [{ trigger: 'deleted', since: person.deletedAt, origin: 'user' }];
  return [
    ...(person.active
      ? []
      : [{ trigger: 'suspended' as const, since: person.since.active, origin: `user@${person.activeRevision}` }]),
    ...(scope.in ? [] : [{ trigger: 'turnedOff' as const, ...outOfScope(views, scope.because) }]),
  ];
};

/** Since when somebody is out of scope; a membership that ended tells by its group's revision which time it was. */
const outOfScope = (
  { app, person, groups, tenant, causedAt }: Views,
  because: Exclude<ScopeAnswer, { in: true }>['because'],
): { since: Instant; origin: string } => {
  const { scopeSince } = app;
  const ofScope = (since: Instant | null | undefined) => ({ since: since ?? causedAt, origin: 'scope' });
  const left = (ids: readonly { id: string; nested: boolean }[], ...others: (Instant | null)[]) => {
    const endings = ids
      .flatMap(({ id, nested }) => {
        const ended = (nested ? groups.allUntil : groups.directUntil).get(id);
        return ended ? [{ id, ...ended }] : [];
      })
      .toSorted((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));
    const last = endings.at(-1);
    const since = latest(scopeSince, last?.at, ...others) ?? causedAt;
    return { since, origin: last ? `group/${last.id}@${last.revision}` : 'scope' };
  };
  switch (because) {
    case 'scope/archived':
      return ofScope(person.since.archived);
    case 'scope/not-assigned': {
      const assigned = app.assignments.filter(({ kind }) => kind === 'groups');
      const byRole = app.assignments.some(({ kind }) => kind === 'roles') ? person.since.changed : null;
      return left(
        assigned.map(({ id }) => ({ id, nested: false })),
        byRole,
      );
    }
    case 'scope/not-in-group':
      return left(app.scope.groups);
    case 'scope/not-in-unit':
      return ofScope(latest(scopeSince, person.since.unit));
    case 'scope/other-domain':
      return ofScope(latest(scopeSince, person.since.domain, tenant.domainSince));
    case 'scope/skipped-by-rule':
      return ofScope(latest(scopeSince, person.since.changed));
  }
};

const latest = (...instants: (Instant | null | undefined)[]): Instant | undefined =>
  instants
    .filter((each) => each !== null && each !== undefined)
    .toSorted()
    .at(-1);

/**
 * Whether an account is active is never sent with the other attributes: whether and when it is suspended is the timers' business, also
 * where a mapping would pass it on at once (R44, R47). A new account is active. The account's own id travels in the app's mark (decision 17).
 */
const planOf = (
  { app, readTarget }: Views,
  person: Person,
  rules: PlannedRules,
  accountId: string,
  budget: Budget,
): Plan => {
  const { mappings, matching } = app.attributes;
  const { active } = presets[app.preset];
  const same = (target: string) => sameTarget(readTarget, target);
  const isActive = (target: string) => active !== null && same(target) === active.toLowerCase();
  const overruled = new Set(Object.keys(rules.attributes).map(same));
  const mapped = (apply: 'always' | 'create'): AccountAttributes => {
    const those = mappings.filter((mapping) => mapping.apply === apply && !overruled.has(same(mapping.target)));
    return desiredAttributes(those, person, { creating: true, readTarget, budget });
  };
  const sent = (values: AccountAttributes): AccountAttributes =>
    Object.fromEntries(Object.entries(values).filter(([target]) => !isActive(target)));
  const mark = markOf(app);
  const attributes = {
    ...sent({ ...mapped('always'), ...rules.attributes }),
    ...(mark !== null && { [mark]: accountId }),
  };
  const sendsActive = mappings.some(({ target }) => isActive(target));
  return {
    attributes,
    onCreate: { ...sent(mapped('create')), ...(sendsActive && { [active!]: true }) },
    additive: additiveTargets(mappings),
    entitlements: rules.planned,
    matching: matchKeysFor(
      matching.filter(({ target }) => !isReferring(readTarget, target)),
      person,
      budget,
    ),
  };
};

/** Where each target's value comes from: a rule before a mapping, and what Tenure itself says of an account. */
const originsOf = ({ app, readTarget }: Views, { targetRules }: RuleOutcome): Evaluation['origins'] => {
  const same = (target: string) => sameTarget(readTarget, target);
  const mark = markOf(app);
  const { active } = presets[app.preset];
  return Object.fromEntries([
    ...app.attributes.mappings.map((mapping, n) => {
      const source = 'source' in mapping && same(mapping.source) !== same(mapping.target) ? mapping.source : undefined;
      return [mapping.target, { by: 'mapping' as const, n, ...(source !== undefined && { source }) }] as const;
    }),
    ...Object.entries(targetRules).map(([target, id]) => [target, { by: 'rule' as const, id }] as const),
    ...[mark, active].flatMap((target) => (target === null ? [] : [[target, { by: 'system' as const }] as const])),
  ]);
};

/** The target that tells which account is ours; null where the app has none, or its own mappings fill it. */
export const markOf = ({
  preset,
  attributes,
  connection,
}: Pick<AppConfig, 'preset' | 'attributes' | 'connection'>): string | null => {
  const mark = connection?.kind === 'ldap' ? (connection.mark ?? null) : presets[preset].mark;
  const isMapped = attributes.mappings.some(({ target }) => target.toLowerCase() === mark?.toLowerCase());
  return isMapped ? null : mark;
};

const entitlementsOf = ({ entitlements }: RuleOutcome): Entitlement[] =>
  entitlementKinds.flatMap((kind) => (entitlements[kind]?.values ?? []).map((value) => ({ kind, value })));
