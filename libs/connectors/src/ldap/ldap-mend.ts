import { setTimeout as sleep } from 'node:timers/promises';
import { EqualityFilter, ModifyRequest } from 'ldapts';
import type { ObjectKind } from '@tenure/provisioning/connector';
import type { LdapShared } from './ldap-create.ts';
import { change } from './ldap-status.ts';

/** How long a directory's own job may take that mends references; OpenLDAP's `refint` works after the answer. */
const OWN_JOB_MS = 1000;
const LOOK_EVERY_MS = 100;
const LAST_MEMBER = 65;

/**
 * Sees to it that nothing holds a name that an account had: it would be the next one's who gets that name, memberships and all, and who refers
 * to the account would refer to nobody. Most directories mend that by themselves, some later and some not at all. `now` is null where the
 * account is gone.
 */
export const mendReferences = async (
  shared: LdapShared,
  old: string,
  now: string | null,
  deadline: number,
): Promise<void> => {
  const { directory, layout } = shared;
  if (layout.isActiveDirectory) return;
  const places: Place[] = [
    ...(layout.kinds.group.base === undefined
      ? []
      : [{ kind: 'group' as const, attribute: layout.memberAttribute, placeholder: layout.placeholder }]),
    ...directory.referring.map((attribute) => ({ kind: 'account' as const, attribute, placeholder: undefined })),
  ];
  for (const place of places) await mend(shared, place, old, now, deadline);
};

/** `placeholder`: stands in for the last value where there must be one. */
type Place = { kind: ObjectKind; attribute: string; placeholder: string | undefined };

const mend = async (
  { calls, directory }: LdapShared,
  { kind, attribute, placeholder }: Place,
  old: string,
  now: string | null,
  deadline: number,
): Promise<void> => {
  const filter = new EqualityFilter({ attribute, value: old });
  const holding = async () => {
    const found = await directory.searchAll(kind, filter, { attributes: ['1.1'], deadline });
    return found.kind === 'ok' ? found.value.entries.map(({ dn }) => dn) : [];
  };
  const patience = Math.min(Date.now() + OWN_JOB_MS, deadline);
  let holders = await holding();
  while (holders.length > 0 && Date.now() < patience) {
    await sleep(LOOK_EVERY_MS);
    holders = await holding();
  }
  const modify = (dn: string, ...changes: ReturnType<typeof change>[]) =>
    calls.write((messageId) => new ModifyRequest({ messageId, dn, changes }), deadline);
  const gone = change('delete', attribute, [old]);
  for (const dn of holders) {
    // One that has a single value takes the new one only in place of the old one.
    const mended = await modify(dn, gone, ...(now === null ? [] : [change('add', attribute, [now])]));
    const isLast = mended.kind === 'refused' && mended.status === LAST_MEMBER;
    if (isLast && placeholder !== undefined) await modify(dn, change('add', attribute, [placeholder]), gone);
  }
};
