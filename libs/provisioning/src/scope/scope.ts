import { z } from 'zod';

export const scopeConfig = z.strictObject({
  assignment: z.enum(['everyone', 'assigned']),
  groups: z.array(z.strictObject({ id: z.string().min(1), nested: z.boolean() })),
  orgUnits: z.array(z.string().regex(/^\/[^/]*(\/[^/]+)*$/, 'Expected the path of a unit, such as /Sales/Inside.')),
});
export type ScopeConfig = z.infer<typeof scopeConfig>;

/** Assignments of an app: to people, groups and app roles, each with the role that it carries (R39). */
export type Assignments = {
  users: ReadonlyMap<string, { role?: string }>;
  groups: ReadonlyMap<string, { role?: string }>;
  roles: ReadonlyMap<string, { role?: string }>;
};

export type ScopePerson = {
  id: string;
  userName: string;
  archived: boolean;
  orgUnitPath: string | null;
  /** Values of the app roles (R22) that the person holds. */
  appRoles: readonly string[];
};

export type ScopeFacts = {
  primaryDomain: string;
  assignments: Assignments;
  /** Groups that name the person as a member. */
  directGroups: ReadonlySet<string>;
  /** These and all groups that one of them is nested in. */
  allGroups: ReadonlySet<string>;
  /** One of the app's rules says: do not provision (R59). */
  skippedByRule: boolean;
};

export type OutOfScope =
  | 'scope/archived'
  | 'scope/not-assigned'
  | 'scope/not-in-group'
  | 'scope/not-in-unit'
  | 'scope/other-domain'
  | 'scope/skipped-by-rule';
export type InScope = 'scope/everyone' | 'scope/assigned-user' | 'scope/assigned-group' | 'scope/assigned-role';
/** `by`: the group or the role that let somebody in. */
export type ScopeAnswer = { in: true; because: InScope; by?: string } | { in: false; because: OutOfScope };

/** Who is in the scope of an app, and the first thing that decides it (design decision 15; R39 to R43). */
export const inScope = (person: ScopePerson, config: ScopeConfig, facts: ScopeFacts): ScopeAnswer => {
  const out = (because: OutOfScope): ScopeAnswer => ({ in: false, because });
  if (person.archived) return out('scope/archived');
  const admitted: Admitted | undefined =
    config.assignment === 'everyone' ? { because: 'scope/everyone' } : assignedBy(person, facts);
  if (!admitted) return out('scope/not-assigned');
  const isInGroup = config.groups.some(({ id, nested }) => (nested ? facts.allGroups : facts.directGroups).has(id));
  if (config.groups.length > 0 && !isInGroup) return out('scope/not-in-group');
  if (config.orgUnits.length > 0 && !config.orgUnits.some((unit) => isWithinUnit(person.orgUnitPath, unit)))
    return out('scope/not-in-unit');
  if (config.groups.length > 0 && domainOf(person.userName) !== facts.primaryDomain.toLowerCase())
    return out('scope/other-domain');
  if (facts.skippedByRule) return out('scope/skipped-by-rule');
  return { in: true, ...admitted };
};

type Admitted = { because: InScope; by?: string };

const assignedBy = (person: ScopePerson, { assignments, directGroups }: ScopeFacts): Admitted | undefined => {
  if (assignments.users.has(person.id)) return { because: 'scope/assigned-user' };
  // As in Entra, an assigned group stands for its own members and not for those of nested groups.
  const group = [...assignments.groups.keys()].find((id) => directGroups.has(id));
  if (group !== undefined) return { because: 'scope/assigned-group', by: group };
  const role = person.appRoles.find((one) => assignments.roles.has(one));
  return role === undefined ? undefined : { because: 'scope/assigned-role', by: role };
};

/** The roles that a person's assignments carry (R39): the one in person first, then by group, then by role, each once. */
export const assignedRoles = (
  person: Pick<ScopePerson, 'id' | 'appRoles'>,
  { assignments, directGroups }: Pick<ScopeFacts, 'assignments' | 'directGroups'>,
): string[] => {
  const byGroup = [...assignments.groups]
    .filter(([group]) => directGroups.has(group))
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  const byRole = person.appRoles
    .filter((role) => assignments.roles.has(role))
    .map((value) => ({ role: assignments.roles.get(value)?.role ?? value }));
  const carried = [assignments.users.get(person.id), ...byGroup.map(([, assignment]) => assignment), ...byRole];
  return [...new Set(carried.flatMap((assignment) => assignment?.role ?? []))];
};

/** A unit includes those below it: `/sales` has `/Sales/Inside` in it, but not `/Salesforce`. */
export const isWithinUnit = (path: string | null, unit: string): boolean => {
  const [inner, outer] = [segmentsOf(path ?? ''), segmentsOf(unit)];
  return path !== null && outer.every((segment, index) => inner[index] === segment);
};

const segmentsOf = (path: string): string[] =>
  path
    .toLowerCase()
    .split('/')
    .filter((segment) => segment !== '');

const domainOf = (userName: string): string => userName.slice(userName.lastIndexOf('@') + 1).toLowerCase();
