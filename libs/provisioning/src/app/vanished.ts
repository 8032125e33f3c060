import type { AppConfig } from './app-config.ts';

/** What an app's configuration names and the tenant doesn't have any more. */
export type Vanished = { groups: ReadonlySet<string>; roles: ReadonlySet<string> };

export const nothingVanished: Vanished = { groups: new Set(), roles: new Set() };

export type Naming = Pick<AppConfig, 'scope' | 'assignments'>;

export const groupsIn = ({ scope, assignments }: Naming): string[] => [
  ...scope.groups.map(({ id }) => id),
  ...assignments.filter(({ kind }) => kind === 'groups').map(({ id }) => id),
];

export const rolesIn = ({ assignments }: Naming): string[] =>
  assignments.flatMap(({ kind, id, role }) => [
    ...(kind === 'roles' ? [id] : []),
    ...(role === undefined ? [] : [role]),
  ]);

/** What is wrong with a scope that was right when it was written. */
export const scopeProblems = (
  { scope, assignments }: Naming,
  { groups, roles }: Vanished,
): { field: string; message: string }[] => [
  ...scope.groups.flatMap(({ id }, index) =>
    groups.has(id) ? [{ field: `groups[${index}].id`, message: `The group ${id} no longer exists.` }] : [],
  ),
  ...assignments.flatMap(({ kind, id, role }, index) => [
    ...(kind === 'groups' && groups.has(id)
      ? [{ field: `assignments[${index}].id`, message: `The assigned group ${id} no longer exists.` }]
      : []),
    ...[...(kind === 'roles' ? [id] : []), ...(role === undefined ? [] : [role])]
      .filter((value) => roles.has(value))
      .map((value) => ({
        field: `assignments[${index}].${value === role ? 'role' : 'id'}`,
        message: `The role ${value} no longer exists.`,
      })),
  ]),
];
