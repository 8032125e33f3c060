import type { Instant } from '@tenure/eventing';
import {
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
import type { Evaluation, HeldTrigger } from '../account/account.commands.ts';
import { accountIdOf } from '../account/account.aggregate.ts';
import type { AccountState, Entitlement, Plan } from '../account/account.state.ts';
import { entitlementKinds, evaluateRules, type RuleOutcome } from '../rules/index.ts';
import { assignedRoles, inScope, type Assignments, type ScopeAnswer, type ScopePerson } from '../scope/index.ts';
import { orgUnitOf } from '../people/apply-users.ts';
import type { KnownGroups, KnownPerson, KnownTenant } from '../people/find-person.ts';

/** What an evaluation looks at: the views as they are now. */
export type Views = {
  app: AppConfig;
  readTarget: ReadTarget;
  /** Since when the app's scope, assignments and rules are as they are, where that is known. */
  appSince: Instant | null;
  person: KnownPerson;
  groups: KnownGroups;
  tenant: KnownTenant;
  /** When what led to this evaluation happened: the instant of what nothing else dates. */
  causedAt: Instant;
};

export type Evaluated = Evaluation & { scope: ScopeAnswer };

/** Nothing is known of what the rules would have said. */
const noRules: RuleOutcome = { attributes: {}, entitlements: {}, skip: false, applied: [] };

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
    isWanted && ruled.ok ? withinBudget(() => planOf(views, withRole, rules, accountId, budget)) : undefined;
  return {
    accountId,
    appId: app.id,
    userId: person.id,
    plan: planned?.ok ? planned.result : null,
    problem: isWanted ? (problemOf(ruled) ?? problemOf(planned)) : null,
    ruleIds: rules.applied,
    rulesVersion,
    triggers,
    // A deleted person is in no group any more: that says nothing about whether the app was turned off for them.
    unsure: [
      ...(person.deletedAt === null && ruled.ok ? [] : ['turnedOff' as const]),
      ...(person.deletedAt === null || person.active ? [] : ['suspended' as const]),
    ],
    deprovisioning: app.deprovisioning,
    approvals: app.approvals,
    scope,
  };
};

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
const triggersOf = (views: Views, scope: ScopeAnswer): HeldTrigger[] => {
  const { person } = views;
  if (person.deletedAt !== null) return [{ trigger: 'deleted', since: person.deletedAt }];
  return [
    ...(person.active ? [] : [{ trigger: 'suspended' as const, since: person.since.active }]),
    ...(scope.in ? [] : [{ trigger: 'turnedOff' as const, since: outOfScopeSince(views, scope.because) }]),
  ];
};

const outOfScopeSince = (
  { app, appSince, person, groups, tenant, causedAt }: Views,
  because: Exclude<ScopeAnswer, { in: true }>['because'],
): Instant => {
  const scopeGroups = app.scope.groups.map(({ id, nested }) => (nested ? groups.allUntil : groups.directUntil).get(id));
  const assignedGroups = app.assignments
    .filter(({ kind }) => kind === 'groups')
    .map(({ id }) => groups.directUntil.get(id));
  switch (because) {
    case 'scope/archived':
      return person.since.archived;
    case 'scope/not-assigned':
      return (
        latest(
          appSince,
          ...assignedGroups,
          app.assignments.some(({ kind }) => kind === 'roles') ? person.since.changed : null,
        ) ?? causedAt
      );
    case 'scope/not-in-group':
      return latest(appSince, ...scopeGroups) ?? causedAt;
    case 'scope/not-in-unit':
      return latest(appSince, person.since.unit) ?? causedAt;
    case 'scope/other-domain':
      return latest(appSince, person.since.domain, tenant.domainSince) ?? causedAt;
    case 'scope/skipped-by-rule':
      return latest(appSince, person.since.changed) ?? causedAt;
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
  rules: RuleOutcome,
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
    entitlements: entitlementsOf(rules),
    matching: matchKeysFor(matching, person, budget),
  };
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
