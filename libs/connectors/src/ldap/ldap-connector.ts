import { randomUUID } from 'node:crypto';
import { DeleteRequest, EqualityFilter, PresenceFilter } from 'ldapts';
import { CALL_TIMEOUT_MS, type Connector } from '@tenure/provisioning/connector';
import { redacting } from '../redaction/redact.ts';
import type { Targets } from '../targets/targets.ts';
import { readAttribute } from './ldap-attributes.ts';
import { ldapCalls } from './ldap-calls.ts';
import { ldapCreate, refused, resolveReferences, targetOf } from './ldap-create.ts';
import { describeLdap } from './ldap-describe.ts';
import { eachOf, ldapDirectory } from './ldap-directory.ts';
import { ldapLists } from './ldap-lists.ts';
import { ldapMembers } from './ldap-members.ts';
import { layoutOf, readLdapUrl, type LdapSettings } from './ldap-settings.ts';
import { mendReferences } from './ldap-mend.ts';
import { ldapUpdate } from './ldap-update.ts';
import { encode } from './ldap-values.ts';
import type { BindCredential } from './ldap-session.ts';

export type LdapConnectorOptions = LdapSettings & {
  credential: BindCredential;
  targets: Targets;
  /** Names of the targets that the app's mappings, matching and rules use: what `Remote.values` has. */
  used?: readonly string[];
  timeoutMs?: number;
};

const MOST_FOUND = 10;
const ok = { kind: 'ok', value: undefined } as const;

/** An LDAP v3 directory: OpenLDAP, Active Directory and their like. Throws where its settings are wrong, which `ldapKind` tells before. */
export const ldapConnector = (options: LdapConnectorOptions): Connector => {
  const { credential, targets, timeoutMs = CALL_TIMEOUT_MS } = options;
  const [address, layout] = [readLdapUrl(options.url), layoutOf(options)];
  if (typeof address === 'string') throw new TypeError(address);
  if ('field' in layout) throw new TypeError(layout.message);
  const used = (options.used ?? []).flatMap((name) => {
    const target = readAttribute(name);
    return typeof target === 'string' ? [] : [target];
  });
  const { host, port, isSecure } = address;
  const security = isSecure ? 'ldaps' : options.startTls === true ? 'startTls' : 'none';
  const calls = ldapCalls(
    { host, port, security, ca: options.ca, credential, targets },
    redacting([credential.password]),
  );
  const directory = ldapDirectory(calls, layout, used);
  const shared = { calls, directory, layout };
  const lists = ldapLists(shared, timeoutMs);
  const { update, setActive } = ldapUpdate(shared, timeoutMs);
  const begin = () => Date.now() + timeoutMs;

  const find: Connector['find'] = async (kind, by) => {
    const deadline = begin();
    const target = targetOf(kind, by.target);
    if ('kind' in target) return target;
    if (!target.matchable) return refused('app/not-matchable', `Accounts can’t be looked up by ${target.name}.`);
    const resolved = await resolveReferences(shared, target, by.value, deadline);
    if (resolved.kind === 'refused') return { kind: 'ok', value: [] };
    if (resolved.kind !== 'ok') return resolved;
    const [value] = encode(target, resolved.value);
    if (value === undefined) return { kind: 'ok', value: [] };
    const filter = new EqualityFilter({ attribute: target.name, value });
    const attributes = [...directory.attributesFor(kind), target.name];
    const found = await directory.searchAll(kind, filter, { attributes, atMost: MOST_FOUND, deadline });
    if (found.kind !== 'ok') return found;
    return eachOf(found.value.entries.slice(0, MOST_FOUND), (entry) => directory.remoteOf(kind, entry, deadline));
  };

  return {
    describe: () => describeLdap(shared, begin()),

    test: async () => {
      const deadline = begin();
      const bases = [layout.kinds.account.base, layout.kinds.group.base].filter((base) => base !== undefined);
      for (const base of bases) {
        const filter = new PresenceFilter({ attribute: 'objectClass' });
        const there = await calls.search({ base, scope: 'base', filter, attributes: ['1.1'] }, deadline);
        if (there.kind === 'gone' || (there.kind === 'ok' && there.value.entries.length === 0))
          return refused('app/base-missing', `${base} doesn’t exist in the directory, or may not be read.`);
        if (there.kind !== 'ok') return there;
      }
      const [name = 'cn'] = layout.kinds.account.template.names;
      const nobody = await find('account', { target: name, value: `tenure-test-${randomUUID()}` });
      if (nobody.kind !== 'ok') return nobody;
      const filters = nobody.value.length > 0 ? 'ignored' : 'honoured';
      return { kind: 'ok', value: { request: `search ${bases.join(' and ')} as ${credential.dn}`, filters } };
    },

    find,

    get: async (kind, id) => {
      const deadline = begin();
      const found = await directory.entry(kind, id, directory.attributesFor(kind), deadline);
      return found.kind === 'ok' ? directory.remoteOf(kind, found.value, deadline) : found;
    },

    list: lists.list,
    create: ldapCreate(shared, timeoutMs),
    update,
    setActive,

    delete: async (kind, id) => {
      const deadline = begin();
      const found = await directory.entry(kind, id, ['1.1'], deadline);
      if (found.kind === 'gone') return ok;
      if (found.kind !== 'ok') return found;
      const { dn } = found.value;
      const deleted = await calls.write((messageId) => new DeleteRequest({ messageId, dn }), deadline);
      if (deleted.kind !== 'ok' && deleted.kind !== 'gone') return deleted;
      if (kind === 'account') await mendReferences(shared, dn, null, deadline);
      return ok;
    },

    ...ldapMembers(shared, timeoutMs),
    entitlements: lists.entitlements,

    close: async () => {
      lists.close();
      calls.close();
    },
  };
};
