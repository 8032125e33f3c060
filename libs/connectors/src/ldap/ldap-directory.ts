import { AndFilter, EqualityFilter, type Filter } from 'ldapts';
import type {
  ConnectorTarget,
  ObjectKind,
  Outcome,
  Remote,
  RemoteId,
  TargetValue,
} from '@tenure/provisioning/connector';
import { storableText } from '@tenure/eventing';
import type { LdapCalls } from './ldap-calls.ts';
import type { Entry, Session } from './ldap-session.ts';
import { readRdn, splitDn } from './dn.ts';
import { isActive, statusAttribute } from './ldap-status.ts';
import type { Layout } from './ldap-settings.ts';
import { decode, guidBytes, guidText, isUuid, toInstant } from './ldap-values.ts';

/** Requests under way at once on one connection, where many entries are asked for one by one. */
const AT_ONCE = 25;

export const valuesOf = (entry: Entry, attribute: string): readonly Buffer[] =>
  entry.values.get(attribute.toLowerCase()) ?? [];

export const textOf = (entry: Entry, attribute: string): string | undefined =>
  valuesOf(entry, attribute)[0]?.toString();

export const gone = (what: string) => ({ kind: 'gone', reason: `${what} no longer exists in the directory.` }) as const;

/** In batches: a failure ends them. */
export const eachOf = async <From, To>(
  items: readonly From[],
  ask: (item: From) => Promise<Outcome<To>>,
): Promise<Outcome<To[]>> => {
  const results: To[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    for (const one of await Promise.all(items.slice(from, from + AT_ONCE).map(ask))) {
      if (one.kind !== 'ok') return one;
      results.push(one.value);
    }
  }
  return { kind: 'ok', value: results };
};

export type Directory = ReturnType<typeof ldapDirectory>;

/** Entries by the ids that never change. A DN does change, so it is asked for at each call. */
export const ldapDirectory = (calls: LdapCalls, layout: Layout, used: readonly ConnectorTarget[]) => {
  const { kinds, idAttribute, versionAttribute, createdAttribute, mark } = layout;

  /** What `Remote` is made of. */
  const attributesFor = (kind: ObjectKind): string[] => [
    ...new Set([
      idAttribute,
      versionAttribute,
      createdAttribute,
      ...(layout.isActiveDirectory ? ['isDeleted'] : []),
      ...(mark ? [mark.name] : []),
      ...kinds[kind].template.names,
      ...(kind === 'account'
        ? ['displayName', statusAttribute(layout), ...used.filter(({ read }) => read).map(({ name }) => name)]
        : ['cn']),
    ]),
  ];

  const idOf = (entry: Entry): RemoteId | undefined => {
    const [value] = valuesOf(entry, idAttribute);
    if (!value) return undefined;
    return idAttribute === 'objectGUID' ? guidText(value) : value.toString().toLowerCase();
  };

  const byId = (id: RemoteId): Filter =>
    new EqualityFilter({ attribute: idAttribute, value: idAttribute === 'objectGUID' ? guidBytes(id) : id });

  const below = (kind: ObjectKind): Outcome<string> => {
    const { base } = kinds[kind];
    return base === undefined
      ? { kind: 'refused', code: 'app/no-groups', reason: 'The connection has no groupBase, so the app has no groups.' }
      : { kind: 'ok', value: base };
  };

  const searchAll = async (
    kind: ObjectKind,
    filter: Filter | undefined,
    {
      deadline,
      ...more
    }: {
      attributes: readonly string[];
      atMost?: number;
      deadline: number;
      page?: { size: number; cookie?: Buffer };
      on?: Session;
    },
  ) => {
    const base = below(kind);
    if (base.kind !== 'ok') return base;
    const { on, ...rest } = more;
    const filters = [kinds[kind].filter, ...(filter ? [filter] : [])];
    const search = { base: base.value, scope: 'sub' as const, filter: new AndFilter({ filters }), ...rest };
    const found = await calls.search(search, deadline, on);
    // Without its base the directory answers that nothing is there; it is the connection that is wrong, not every account.
    if (found.kind === 'gone')
      return {
        kind: 'refused',
        code: 'app/base-missing',
        reason: `${base.value} doesn’t exist in the directory, or may not be read.`,
      } as const;
    return found;
  };

  const entry = async (
    kind: ObjectKind,
    id: RemoteId,
    attributes: readonly string[],
    deadline: number,
  ): Promise<Outcome<Entry>> => {
    const what = kind === 'account' ? 'The account' : 'The group';
    if (!isUuid(id)) return gone(what);
    const found = await searchAll(kind, byId(id), { attributes: [...attributes, 'isDeleted'], atMost: 2, deadline });
    if (found.kind !== 'ok') return found;
    const [only] = found.value.entries.filter((each) => textOf(each, 'isDeleted') !== 'TRUE');
    return only ? { kind: 'ok', value: only } : gone(what);
  };

  /** The entry at a DN, if it is of that kind. */
  const at = async (
    kind: ObjectKind,
    dn: string,
    attributes: readonly string[],
    deadline: number,
  ): Promise<Outcome<Entry | undefined>> => {
    const found = await calls.search({ base: dn, scope: 'base', filter: kinds[kind].filter, attributes }, deadline);
    if (found.kind === 'ok') return { kind: 'ok', value: found.value.entries[0] };
    // 34: a name that can't be one is nobody's.
    const isNobody = found.kind === 'gone' || (found.kind === 'refused' && found.status === 34);
    return isNobody ? { kind: 'ok', value: undefined } : found;
  };

  const idAt = async (kind: ObjectKind, dn: string, deadline: number): Promise<Outcome<RemoteId | undefined>> => {
    const found = await at(kind, dn, [idAttribute], deadline);
    return found.kind === 'ok' ? { kind: 'ok', value: found.value && idOf(found.value) } : found;
  };

  /** A reference that leads nowhere stays a DN, so that it is seen to differ. */
  const readReference = async (
    { refersTo }: ConnectorTarget,
    value: TargetValue,
    deadline: number,
  ): Promise<Outcome<TargetValue>> => {
    if (value === null || refersTo === undefined) return { kind: 'ok', value };
    const dns = (Array.isArray(value) ? value : [value]).map(String);
    const ids = await eachOf(dns, (dn) => idAt(refersTo, dn, deadline));
    if (ids.kind !== 'ok') return ids;
    const read = ids.value.map((id, index) => id ?? dns[index]!);
    return { kind: 'ok', value: Array.isArray(value) ? read : read[0]! };
  };

  const remoteOf = async (kind: ObjectKind, found: Entry, deadline: number): Promise<Outcome<Remote>> => {
    const id = idOf(found);
    if (id === undefined)
      return { kind: 'refused', code: 'app/invalid-answer', reason: `The directory doesn’t show ${idAttribute}.` };
    const [label = ''] = readRdn(splitDn(found.dn).rdn).map(({ value }) => value);
    const values: Record<string, TargetValue> = {};
    if (kind === 'group') values['displayName'] = storableText(textOf(found, 'cn') ?? label);
    for (const target of kind === 'account' ? used.filter(({ read }) => read) : []) {
      const read = await readReference(target, decode(target, valuesOf(found, target.name)), deadline);
      if (read.kind !== 'ok') return read;
      values[target.name] = read.value;
    }
    const marked = mark && textOf(found, mark.name);
    const version = textOf(found, versionAttribute);
    const createdAt = toInstant(textOf(found, createdAttribute) ?? '');
    return {
      kind: 'ok',
      value: {
        kind,
        id,
        label: storableText(textOf(found, kind === 'account' ? 'displayName' : 'cn') ?? label),
        ...(marked !== undefined && { mark: storableText(marked) }),
        ...(kind === 'account' && { active: isActive(layout, found) }),
        values,
        ...(version !== undefined && { version }),
        ...(createdAt !== undefined && { createdAt }),
      },
    };
  };

  /** Attributes that hold the DNs of accounts, apart from memberships. */
  const referring = used.filter(({ refersTo }) => refersTo === 'account').map(({ name }) => name);

  return { referring, attributesFor, searchAll, entry, at, idAt, idOf, remoteOf, below };
};
