import { randomBytes } from 'node:crypto';
import { AddRequest, Attribute, DeleteRequest, ModifyRequest } from 'ldapts';
import type {
  Connector,
  ConnectorTarget,
  ObjectKind,
  Outcome,
  Remote,
  TargetValue,
} from '@tenure/provisioning/connector';
import { sameValueForm } from './dn.ts';
import { readAttribute } from './ldap-attributes.ts';
import type { LdapCalls } from './ldap-calls.ts';
import type { Directory } from './ldap-directory.ts';
import type { Layout } from './ldap-settings.ts';
import { change, newAccountStatus } from './ldap-status.ts';
import { adPassword, encode } from './ldap-values.ts';

export type LdapShared = { calls: LdapCalls; directory: Directory; layout: Layout };
type Refused = Extract<Outcome, { kind: 'refused' }>;

export const refused = (code: string, reason: string): Refused => ({ kind: 'refused', code, reason });

/** All that is written of a group. What the core calls its displayName is the `cn` that names it. */
const groupName: ConnectorTarget = { ...(readAttribute('cn') as ConnectorTarget), multiValued: false };

export const targetOf = (kind: ObjectKind, name: string): ConnectorTarget | Refused => {
  if (kind === 'group')
    return /^(displayName|cn)$/i.test(name)
      ? groupName
      : refused('app/invalid-target', `A group has no ${name} here, only a displayName.`);
  const target = readAttribute(name);
  return typeof target === 'string' ? refused('app/invalid-target', target) : target;
};

const isPassword = ({ name }: ConnectorTarget) => name === 'unicodePwd' || name === 'userPassword';

/** Passwords travel encrypted only. */
export const passwordProblem = (calls: LdapCalls, target: ConnectorTarget): Refused | undefined =>
  isPassword(target) && !calls.isEncrypted
    ? refused('app/tls-required', 'Passwords are sent over ldaps:// or with StartTLS only.')
    : undefined;

/** An account is referred to by its id, which only the directory can turn into a DN. */
export const resolveReferences = async (
  { directory }: LdapShared,
  { refersTo }: ConnectorTarget,
  value: TargetValue,
  deadline: number,
): Promise<Outcome<TargetValue>> => {
  if (refersTo === undefined || value === null) return { kind: 'ok', value };
  const dns: string[] = [];
  for (const id of (Array.isArray(value) ? value : [value]).map(String)) {
    const found = await directory.entry(refersTo, id, ['1.1'], deadline);
    if (found.kind === 'gone')
      return refused('app/reference-missing', `The ${refersTo} ${id} doesn’t exist in the directory.`);
    if (found.kind !== 'ok') return found;
    dns.push(found.value.dn);
  }
  return { kind: 'ok', value: dns };
};

export const missingName = (missing: readonly string[]): Refused =>
  refused('app/name-missing', `The DN template needs a value for ${missing.join(', ')}.`);

/** Meets the rules of Active Directory, and nobody ever knows it. */
const randomPassword = () => `${randomBytes(24).toString('base64url')}aA1!`;

export const ldapCreate = (shared: LdapShared, timeoutMs: number): Connector['create'] => {
  const { calls, directory, layout } = shared;

  const attributesOf = async (
    kind: ObjectKind,
    values: Readonly<Record<string, TargetValue>>,
    deadline: number,
  ): Promise<Outcome<Map<string, Buffer[]>>> => {
    const attributes = new Map<string, Buffer[]>();
    for (const [name, value] of Object.entries(values)) {
      const target = targetOf(kind, name);
      if ('kind' in target) return target;
      const problem = passwordProblem(calls, target);
      if (problem) return problem;
      const resolved = await resolveReferences(shared, target, value, deadline);
      if (resolved.kind !== 'ok') return resolved;
      const encoded = encode(target, resolved.value);
      if (encoded.length > 0) attributes.set(target.name, encoded);
    }
    attributes.set(
      'objectClass',
      layout.kinds[kind].objectClasses.map((name) => Buffer.from(name)),
    );
    if (kind === 'account')
      for (const { type, value } of newAccountStatus(layout)) attributes.set(type, [Buffer.from(value)]);
    if (kind === 'group' && layout.placeholder !== undefined)
      attributes.set(layout.memberAttribute, [Buffer.from(layout.placeholder)]);
    return { kind: 'ok', value: attributes };
  };

  /** A new account of Active Directory is disabled until it has a password. */
  const enable = async (dn: string, password: Buffer, deadline: number): Promise<Outcome> => {
    const modify = (...changes: ReturnType<typeof change>[]) =>
      calls.write((messageId) => new ModifyRequest({ messageId, dn, changes }), deadline);
    const given = await modify(change('replace', 'unicodePwd', [password]));
    if (given.kind !== 'ok') return given;
    return modify(change('replace', 'userAccountControl', ['512']));
  };

  return async (kind, { mark, values }): Promise<Outcome<Remote>> => {
    const deadline = Date.now() + timeoutMs;
    const base = directory.below(kind);
    if (base.kind !== 'ok') return base;
    const needsPassword = kind === 'account' && layout.disable.kind === 'userAccountControl';
    if (needsPassword && !calls.isEncrypted)
      return refused(
        'app/tls-required',
        'Accounts get a password when they are made, and it is sent over ldaps:// or with StartTLS only.',
      );
    const marked =
      kind === 'account' && mark !== null && layout.mark ? { ...values, [layout.mark.name]: mark } : values;
    const canonical = Object.fromEntries(
      Object.entries(marked).map(([name, value]) => {
        const target = targetOf(kind, name);
        return ['kind' in target ? name : target.name, value];
      }),
    );
    const named = layout.kinds[kind].template.render(canonical);
    if (!named.ok) return missingName(named.missing);
    const built = await attributesOf(kind, canonical, deadline);
    if (built.kind !== 'ok') return built;
    const attributes = built.value;
    const password = attributes.get('unicodePwd')?.[0] ?? adPassword(randomPassword());
    if (needsPassword) attributes.delete('unicodePwd');
    // The values of its name are the entry's, too (RFC 4511 §4.7).
    for (const { attribute, value } of named.parts) {
      const name = [...attributes.keys()].find((each) => each.toLowerCase() === attribute.toLowerCase()) ?? attribute;
      const there = attributes.get(name) ?? [];
      if (!there.some((each) => sameValueForm(each.toString()) === sameValueForm(value)))
        attributes.set(name, [...there, Buffer.from(value)]);
    }

    const { dn } = named;
    const list = [...attributes].map(([type, all]) => new Attribute({ type, values: all }));
    const added = await calls.write((messageId) => new AddRequest({ messageId, dn, attributes: list }), deadline);
    if (added.kind === 'gone')
      return refused(
        'app/container-missing',
        `${named.parent} doesn’t exist in the directory, or Tenure may not write there.`,
      );
    if (added.kind !== 'ok') return added;
    if (needsPassword) {
      const enabled = await enable(dn, password, deadline);
      if (enabled.kind !== 'ok') {
        // Half an account is none: another try makes it anew.
        const undone = await calls.write((messageId) => new DeleteRequest({ messageId, dn }), deadline);
        return undone.kind === 'ok' || undone.kind === 'gone' ? enabled : { kind: 'unknown', reason: enabled.reason };
      }
    }
    const read = await directory.at(kind, dn, directory.attributesFor(kind), deadline);
    const remote = read.kind === 'ok' && read.value ? await directory.remoteOf(kind, read.value, deadline) : read;
    if (remote.kind === 'ok' && remote.value && 'id' in remote.value) return { kind: 'ok', value: remote.value };
    // It was made, but what it is known by isn't known.
    return { kind: 'unknown', reason: remote.kind === 'ok' ? 'The new entry could not be read.' : remote.reason };
  };
};
