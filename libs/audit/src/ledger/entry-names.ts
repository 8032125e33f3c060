import type { EntryReply } from './ledger.queries.ts';
import type { Names, PersonName } from './names.ts';

const idsOf = (values: readonly (string | undefined)[]): string[] => [
  ...new Set(values.filter((value) => value !== undefined)),
];

const calledOf = (name: PersonName | undefined): string | undefined =>
  name && !('erased' in name) ? (name.displayName ?? name.userName) : undefined;

/** Entries with what their actors are called, and, where asked for, who the users are and what the apps are called. */
export const withNames = async (
  names: Names,
  tenantId: string,
  entries: readonly EntryReply[],
  include: readonly ('user' | 'app')[],
): Promise<EntryReply[]> => {
  const [wantsUsers, wantsApps] = [include.includes('user'), include.includes('app')];
  const actorsOf = (kind: string) => entries.filter(({ actor }) => actor.kind === kind).map(({ actor }) => actor.id);
  const [admins, things] = await Promise.all([
    names.usersOfAdmins(tenantId, idsOf(actorsOf('admin'))),
    names.things(
      tenantId,
      idsOf([...actorsOf('connection'), ...actorsOf('key'), ...(wantsApps ? entries.map(({ appId }) => appId) : [])]),
    ),
  ]);
  const people = await names.people(
    tenantId,
    idsOf([...admins.values(), ...(wantsUsers ? entries.map(({ userId }) => userId) : [])]),
  );
  const actorName = ({ kind, id }: EntryReply['actor']): string | undefined =>
    kind === 'admin'
      ? calledOf(people.get(admins.get(id) ?? ''))
      : kind === 'connection' || kind === 'key'
        ? things.get(id)
        : undefined;
  return entries.map((entry) => {
    const name = actorName(entry.actor);
    const user = wantsUsers && entry.userId !== undefined ? people.get(entry.userId) : undefined;
    const appName = wantsApps && entry.appId !== undefined ? things.get(entry.appId) : undefined;
    return {
      ...entry,
      actor: { ...entry.actor, ...(name !== undefined && { name }) },
      ...(user && { user }),
      ...(appName !== undefined && { app: { id: entry.appId!, name: appName } }),
    };
  });
};
