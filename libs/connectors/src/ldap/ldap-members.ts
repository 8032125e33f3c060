import { EqualityFilter, ModifyRequest } from 'ldapts';
import type { Connector, Outcome, RemoteId } from '@tenure/provisioning/connector';
import type { LdapShared } from './ldap-create.ts';
import { dnKey, sameDn } from './dn.ts';
import { eachOf, gone, textOf, valuesOf } from './ldap-directory.ts';
import type { Entry } from './ldap-session.ts';
import { change } from './ldap-status.ts';

export const MEMBERS_PER_CALL = 500;
const MEMBERS_PAGE = 500;
/** What is said where somebody is a member already, or isn't any more: OpenLDAP's codes and Active Directory's. */
const NOT_AS_THOUGHT = [16, 20, 53, 68];
const LAST_MEMBER = 65;
const MOST_TRIES = 3;

/** Memberships: a group holds the DNs of its members. */
export const ldapMembers = (shared: LdapShared, timeoutMs: number) => {
  const { calls, directory, layout } = shared;
  const { memberAttribute: attribute, placeholder } = layout;
  const begin = () => Date.now() + timeoutMs;

  /** All DNs, in the ranges that Active Directory cuts large groups into (MS-ADTS §3.1.1.3.1.3.3). */
  const memberDns = async (group: RemoteId, deadline: number): Promise<Outcome<string[]>> => {
    const dns: string[] = [];
    for (let asked: string = attribute; ;) {
      const found = await directory.entry('group', group, [asked], deadline);
      if (found.kind !== 'ok') return found;
      const ranged = rangeIn(found.value, attribute);
      dns.push(...(ranged?.values ?? valuesOf(found.value, attribute)).map((value) => value.toString()));
      if (ranged?.next === undefined) break;
      asked = `${attribute};range=${ranged.next}-*`;
    }
    return { kind: 'ok', value: dns.filter((dn) => placeholder === undefined || !sameDn(dn, placeholder)) };
  };

  const members: Connector['members'] = async (group, cursor) => {
    const deadline = begin();
    const found = await memberDns(group, deadline);
    if (found.kind !== 'ok') return found;
    // In an order of their own, so that a page begins where the last one ended, whoever has come and gone meanwhile.
    const ordered = found.value.map((dn) => ({ dn, key: dnKey(dn) })).sort((a, b) => (a.key < b.key ? -1 : 1));
    const from = cursor === undefined ? 0 : ordered.findIndex(({ key }) => key > cursor);
    const page = from < 0 ? [] : ordered.slice(from, from + MEMBERS_PAGE);
    // Groups in groups, and names that lead nowhere, are no accounts.
    const ids = await eachOf(page, ({ dn }) => directory.idAt('account', dn, deadline));
    if (ids.kind !== 'ok') return ids;
    const items = ids.value.filter((id) => id !== undefined);
    const isLast = from < 0 || from + MEMBERS_PAGE >= ordered.length;
    return { kind: 'ok', value: { items, ...(!isLast && { next: page.at(-1)!.key }) } };
  };

  const holds = async (groupDn: string, memberDn: string, deadline: number): Promise<Outcome<boolean>> => {
    const filter = new EqualityFilter({ attribute, value: memberDn });
    const found = await calls.search({ base: groupDn, scope: 'base', filter, attributes: ['1.1'] }, deadline);
    return found.kind === 'ok' ? { kind: 'ok', value: found.value.entries.length > 0 } : found;
  };

  const isMember: Connector['isMember'] = async (group, account) => {
    const deadline = begin();
    const primary = layout.isActiveDirectory;
    const groupFound = await directory.entry(
      'group',
      group,
      primary ? ['primaryGroupToken', attribute] : [attribute],
      deadline,
    );
    if (groupFound.kind !== 'ok') return groupFound;
    const accountFound = await directory.entry('account', account, primary ? ['primaryGroupID'] : ['1.1'], deadline);
    if (accountFound.kind === 'gone') return { kind: 'ok', value: 'no' };
    if (accountFound.kind !== 'ok') return accountFound;
    const token = textOf(groupFound.value, 'primaryGroupToken');
    // Active Directory doesn't list the members of a primary group.
    if (primary && token !== undefined && token === textOf(accountFound.value, 'primaryGroupID'))
      return { kind: 'ok', value: 'yes' };
    const held = await holds(groupFound.value.dn, accountFound.value.dn, deadline);
    if (held.kind !== 'ok') return held;
    if (held.value) return { kind: 'ok', value: 'yes' };
    // A group that must have members and shows none hides them.
    const hides = placeholder !== undefined && valuesOf(groupFound.value, attribute).length === 0;
    return { kind: 'ok', value: hides ? 'unseen' : 'no' };
  };

  /** DNs of those who exist; `groupOfNames` would take others, too. */
  const dnsOf = async (
    ids: readonly RemoteId[],
    deadline: number,
  ): Promise<Outcome<{ dns: string[]; missing: RemoteId[] }>> => {
    const found = await eachOf([...new Set(ids)], async (id): Promise<Outcome<{ id: string; dn?: string }>> => {
      const entry = await directory.entry('account', id, ['1.1'], deadline);
      if (entry.kind === 'gone') return { kind: 'ok', value: { id } };
      return entry.kind === 'ok' ? { kind: 'ok', value: { id, dn: entry.value.dn } } : entry;
    });
    if (found.kind !== 'ok') return found;
    return {
      kind: 'ok',
      value: {
        dns: found.value.flatMap(({ dn }) => dn ?? []),
        missing: found.value.filter(({ dn }) => dn === undefined).map(({ id }) => id),
      },
    };
  };

  /** Those that are in, or that aren't. Asked one by one: a large group is never read whole. */
  const those = async (
    groupDn: string,
    dns: readonly string[],
    isIn: boolean,
    deadline: number,
  ): Promise<Outcome<string[]>> => {
    const held = await eachOf(dns, (dn) => holds(groupDn, dn, deadline));
    return held.kind === 'ok' ? { kind: 'ok', value: dns.filter((_, index) => held.value[index] === isIn) } : held;
  };

  const send = async (
    groupDn: string,
    add: readonly string[],
    remove: readonly string[],
    deadline: number,
  ): Promise<Outcome> => {
    const changes = [
      ...(add.length > 0 ? [change('add', attribute, add)] : []),
      ...(remove.length > 0 ? [change('delete', attribute, remove)] : []),
    ];
    if (changes.length === 0) return { kind: 'ok', value: undefined };
    return calls.write((messageId) => new ModifyRequest({ messageId, dn: groupDn, changes }), deadline);
  };

  const changeMembers: Connector['changeMembers'] = async (group, add, remove) => {
    const deadline = begin();
    const found = await directory.entry('group', group, ['1.1'], deadline);
    if (found.kind !== 'ok') return found;
    const { dn } = found.value;
    const wanted = await dnsOf(add, deadline);
    if (wanted.kind !== 'ok') return wanted;
    const unwanted = await dnsOf(remove, deadline);
    if (unwanted.kind !== 'ok') return unwanted;
    let [adding, removing] = [wanted.value.dns, unwanted.value.dns];
    for (let attempt = 1; ; attempt++) {
      const sent = await send(dn, adding, removing, deadline);
      if (sent.kind === 'ok') {
        if (adding.length > 0) await dropPlaceholder(dn, deadline);
        return { kind: 'ok', value: { missing: wanted.value.missing } };
      }
      if (sent.kind === 'gone') return gone('The group');
      const status = sent.kind === 'conflict' ? 68 : sent.kind === 'refused' ? sent.status : undefined;
      if (attempt === MOST_TRIES || status === undefined) return sent;
      if (status === LAST_MEMBER && placeholder !== undefined && !adding.includes(placeholder)) {
        adding = [...adding, placeholder];
      } else if (NOT_AS_THOUGHT.includes(status)) {
        const absent = await those(dn, adding, false, deadline);
        if (absent.kind !== 'ok') return absent;
        const present = await those(dn, removing, true, deadline);
        if (present.kind !== 'ok') return present;
        [adding, removing] = [absent.value, present.value];
      } else return sent;
    }
  };

  /** Once the group has a member again, what stood in for it goes. Whether that worked changes nothing for anybody. */
  const dropPlaceholder = async (groupDn: string, deadline: number) => {
    if (placeholder === undefined) return;
    const held = await holds(groupDn, placeholder, deadline);
    if (held.kind === 'ok' && held.value) await send(groupDn, [], [placeholder], deadline);
  };

  return { members, isMember, changeMembers };
};

/** `member;range=0-1499`: a part of the values, and where the next begins. */
const rangeIn = (entry: Entry, attribute: string): { values: readonly Buffer[]; next?: number } | undefined => {
  for (const [name, values] of entry.values) {
    const [, base, to] = /^([^;]+);range=\d+-(\d+|\*)$/.exec(name) ?? [];
    if (base === attribute.toLowerCase()) return { values, ...(to !== '*' && { next: Number(to) + 1 }) };
  }
  return undefined;
};
