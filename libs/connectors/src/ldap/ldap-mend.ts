import { setTimeout as sleep } from 'node:timers/promises';
import { EqualityFilter, ModifyRequest } from 'ldapts';
import type { LdapShared } from './ldap-create.ts';
import { change } from './ldap-status.ts';

/** How long a directory's own job may take that mends references; OpenLDAP's `refint` works after the answer. */
const OWN_JOB_MS = 1000;
const LOOK_EVERY_MS = 100;
const LAST_MEMBER = 65;

/**
 * Sees to it that no group holds a name that an account had: it would be the next one's who gets that name, memberships and all. Most
 * directories mend that by themselves, some later and some not at all. `now` is null where the account is gone.
 */
export const mendMemberships = async (
  { calls, directory, layout }: LdapShared,
  old: string,
  now: string | null,
  deadline: number,
): Promise<void> => {
  if (layout.isActiveDirectory || layout.kinds.group.base === undefined) return;
  const { memberAttribute: attribute, placeholder } = layout;
  const filter = new EqualityFilter({ attribute, value: old });
  const holding = async () => {
    const found = await directory.searchAll('group', filter, { attributes: ['1.1'], deadline });
    return found.kind === 'ok' ? found.value.entries.map(({ dn }) => dn) : [];
  };
  const patience = Math.min(Date.now() + OWN_JOB_MS, deadline);
  let groups = await holding();
  while (groups.length > 0 && Date.now() < patience) {
    await sleep(LOOK_EVERY_MS);
    groups = await holding();
  }
  const modify = (dn: string, ...changes: ReturnType<typeof change>[]) =>
    calls.write((messageId) => new ModifyRequest({ messageId, dn, changes }), deadline);
  const gone = change('delete', attribute, [old]);
  for (const dn of groups) {
    const mended = await modify(dn, ...(now === null ? [] : [change('add', attribute, [now])]), gone);
    const isLast = mended.kind === 'refused' && mended.status === LAST_MEMBER;
    if (isLast && placeholder !== undefined) await modify(dn, change('add', attribute, [placeholder]), gone);
  }
};
