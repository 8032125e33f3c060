import type { AppConfig, Pushes, PushMode } from '../app/app-config.ts';

/** A group of the directory. */
export type DirectoryGroup = { id: string; displayName: string; deleted: boolean };

export const pushesAnything = ({ groups, names, allInScope }: Pushes): boolean =>
  allInScope || groups.length > 0 || names.length > 0;

/** How the group is to be pushed; undefined: not at all. Who names a group alone decides before who names it with others. */
export const chosenMode = (
  { pushes }: Pick<AppConfig, 'pushes'>,
  { id, displayName, deleted }: DirectoryGroup,
  isInScope: (groupId: string) => boolean,
): PushMode | undefined => {
  if (deleted) return undefined;
  const byName = () => pushes.names.find(({ pattern }) => matchesPattern(pattern, displayName))?.mode;
  return (
    pushes.groups.find((group) => group.id === id)?.mode ??
    byName() ??
    (pushes.allInScope && isInScope(id) ? 'merge' : undefined)
  );
};

/** `*` stands for any text; letters are the same in both cases. */
export const matchesPattern = (pattern: string, name: string): boolean => {
  const text = name.normalize('NFC').toLowerCase();
  const [first = '', ...rest] = pattern.normalize('NFC').toLowerCase().split('*');
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at + last.length <= text.length;
};

/** The groups that the scope is about: those it names, else those that are assigned. `everything`: it is about everybody. */
export const scopedGroups = ({
  scope,
  assignments,
}: Pick<AppConfig, 'scope' | 'assignments'>): 'everything' | { id: string; nested: boolean }[] => {
  if (scope.groups.length > 0) return [...scope.groups];
  if (scope.assignment === 'everyone') return 'everything';
  return assignments.filter(({ kind }) => kind === 'groups').map(({ id }) => ({ id, nested: false }));
};
