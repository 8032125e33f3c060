import { EqualityFilter, ModifyDNRequest, ModifyRequest, type Change as LdapChange, type Control } from 'ldapts';
import type {
  Change,
  Connector,
  ConnectorTarget,
  ObjectKind,
  Outcome,
  TargetValue,
} from '@tenure/provisioning/connector';
import { assertion } from './ldap-calls.ts';
import { readRdn, sameDn, sameValueForm, splitDn } from './dn.ts';
import { missingName, passwordProblem, resolveReferences, targetOf, type LdapShared } from './ldap-create.ts';
import { mendReferences } from './ldap-mend.ts';
import { textOf, valuesOf } from './ldap-directory.ts';
import type { Entry } from './ldap-session.ts';
import { change, isActive, statusChanges } from './ldap-status.ts';
import { decode, encode } from './ldap-values.ts';

type Prepared = { target: ConnectorTarget } & (
  | { kind: 'replace'; to: TargetValue; values: readonly Buffer[] }
  | { kind: 'edit'; add: readonly Buffer[]; remove: readonly Buffer[] }
);

const isIn = (values: readonly Buffer[], value: Buffer, compare: ConnectorTarget['compare'] = 'ignoreCase') =>
  values.some(
    (each) =>
      each.equals(value) || (compare !== 'exact' && sameValueForm(each.toString()) === sameValueForm(value.toString())),
  );

/** What was meant to be added is there already, or what was meant to be removed isn't. */
const NOT_AS_THOUGHT = [16, 20];
const CANT_COMPARE = 18;
const MOST_TRIES = 3;

export const ldapUpdate = (shared: LdapShared, timeoutMs: number) => {
  const { calls, directory, layout } = shared;

  const prepare = async (
    kind: ObjectKind,
    changes: readonly Change[],
    deadline: number,
  ): Promise<Outcome<Prepared[]>> => {
    const prepared: Prepared[] = [];
    for (const one of changes) {
      const target = targetOf(kind, one.target);
      if ('kind' in target) return target;
      const problem = passwordProblem(calls, target);
      if (problem) return problem;
      const resolve = async (value: TargetValue) => {
        const resolved = await resolveReferences(shared, target, value, deadline);
        return resolved.kind === 'ok' ? { kind: 'ok' as const, value: encode(target, resolved.value) } : resolved;
      };
      if ('to' in one) {
        const values = await resolve(one.to);
        if (values.kind !== 'ok') return values;
        prepared.push({ target, kind: 'replace', to: one.to, values: values.value });
      } else {
        const add = await resolve(one.add);
        if (add.kind !== 'ok') return add;
        const remove = await resolve(one.remove);
        // A reference to an account that is gone has nothing to be removed.
        if (remove.kind !== 'ok' && remove.kind !== 'refused') return remove;
        prepared.push({ target, kind: 'edit', add: add.value, remove: remove.kind === 'ok' ? remove.value : [] });
      }
    }
    return { kind: 'ok', value: prepared };
  };

  /**
   * Where the entry belongs after the changes; nothing where it may stay. Only what the template's values change is changed, so that
   * an entry that somebody moved stays where it was moved to.
   */
  const destination = (
    kind: ObjectKind,
    entry: Entry,
    prepared: readonly Prepared[],
  ): Outcome<{ rdn: string; parent?: string } | undefined> => {
    const { template } = layout.kinds[kind];
    const touched = prepared.filter(({ target }) => template.names.includes(target.name));
    if (touched.length === 0) return { kind: 'ok', value: undefined };
    const present = Object.fromEntries(
      template.names.map((name) => {
        const target = targetOf(kind, name);
        return [name, 'kind' in target ? null : decode(target, valuesOf(entry, name))];
      }),
    );
    const after = Object.fromEntries(
      touched.map((one) => [
        one.target.name,
        one.kind === 'replace' ? one.to : decode(one.target, editedValues(entry, one)),
      ]),
    );
    const before = template.render(present);
    const wanted = template.render({ ...present, ...after });
    if (!wanted.ok) return missingName(wanted.missing);
    const { rdn, parent } = splitDn(entry.dn);
    const moves = before.ok && !sameDn(before.parent, wanted.parent) && !sameDn(parent, wanted.parent);
    if (sameDn(rdn, wanted.rdn) && !moves) return { kind: 'ok', value: undefined };
    return { kind: 'ok', value: { rdn: wanted.rdn, ...(moves && { parent: wanted.parent }) } };
  };

  const modify = (dn: string, changes: LdapChange[], deadline: number, controls: Control[] = []) =>
    calls.write((messageId) => new ModifyRequest({ messageId, dn, changes, controls }), deadline);

  const update: Connector['update'] = async (kind, id, changes, ifVersion) => {
    if (changes.length === 0) return OK;
    const deadline = Date.now() + timeoutMs;
    const prepared = await prepare(kind, changes, deadline);
    if (prepared.kind !== 'ok') return prepared;
    const attributes = [...directory.attributesFor(kind), ...prepared.value.map(({ target }) => target.name)];
    const found = await directory.entry(kind, id, attributes, deadline);
    if (found.kind !== 'ok') return found;
    const entry = found.value;
    let { dn } = entry;
    if (ifVersion !== undefined && textOf(entry, layout.versionAttribute) !== ifVersion)
      return { kind: 'stale', reason: 'The entry has changed meanwhile.' };
    // Active Directory has no assertions; there, the comparison above has to do.
    let controls = ifVersion === undefined || layout.isActiveDirectory ? [] : [assertion(versionIs(ifVersion))];

    const to = destination(kind, entry, prepared.value);
    if (to.kind !== 'ok') return to;
    if (to.value) {
      const { rdn, parent } = to.value;
      const renamed = await calls.write(
        (messageId) =>
          new ModifyDNRequest({
            messageId,
            dn,
            newRdn: rdn,
            deleteOldRdn: true,
            ...(parent !== undefined && { newSuperior: parent }),
            controls,
          }),
        deadline,
      );
      if (renamed.kind !== 'ok') return renamed;
      const old = dn;
      dn = `${rdn},${parent ?? splitDn(dn).parent}`;
      if (kind === 'account') await mendReferences(shared, old, dn, deadline);
      controls = [];
    }

    const toSend = prepared.value.flatMap((one) => toChanges(one, dn));
    if (toSend.length > 0) {
      const sent = await modify(dn, toSend, deadline, controls);
      const isOther = sent.kind === 'refused' && NOT_AS_THOUGHT.includes(sent.status ?? 0);
      if (!isOther && sent.kind !== 'ok') return sent;
      if (isOther) {
        // The values were read just now, so that only what differs is sent.
        const fitting = prepared.value.flatMap((one) => toChanges(fitted(entry, one), dn));
        const again = fitting.length > 0 ? await modify(dn, fitting, deadline, controls) : OK;
        if (again.kind !== 'ok') return again;
      }
    }
    return relock(kind, entry, prepared.value, dn, deadline);
  };

  /** A new password ends a lock of the password policy: an account that is disabled stays so. */
  const relock = async (
    kind: ObjectKind,
    entry: Entry,
    prepared: readonly Prepared[],
    dn: string,
    deadline: number,
  ): Promise<Outcome> => {
    const hasPassword = prepared.some(({ target }) => target.name === 'userPassword');
    if (kind !== 'account' || !hasPassword || layout.disable.kind !== 'pwdAccountLockedTime') return OK;
    if (isActive(layout, entry)) return OK;
    return modify(dn, statusChanges(layout, { dn, values: new Map() }, false), deadline);
  };

  const setActive: Connector['setActive'] = async (id, active) => {
    const deadline = Date.now() + timeoutMs;
    let compares = true;
    for (let attempt = 1; ; attempt++) {
      const found = await directory.entry('account', id, directory.attributesFor('account'), deadline);
      if (found.kind !== 'ok') return found;
      const changes = statusChanges(layout, found.value, active, compares);
      if (changes.length === 0) return OK;
      const sent = await modify(found.value.dn, changes, deadline);
      if (sent.kind !== 'refused' || attempt === MOST_TRIES) return sent;
      // Somebody changed another flag in between, or the directory has no rule to compare flags by.
      if (sent.status === CANT_COMPARE) compares = false;
      else if (!NOT_AS_THOUGHT.includes(sent.status ?? 0)) return sent;
    }
  };

  const versionIs = (value: string) => new EqualityFilter({ attribute: layout.versionAttribute, value });

  return { update, setActive };
};

const OK = { kind: 'ok', value: undefined } as const;

const editedValues = (entry: Entry, one: Extract<Prepared, { kind: 'edit' }>): readonly Buffer[] => {
  const { name, compare } = one.target;
  const there = valuesOf(entry, name);
  const stays = there.filter((value) => !isIn(one.remove, value, compare));
  return [...stays, ...one.add.filter((value) => !isIn(there, value, compare))];
};

const fitted = (entry: Entry, one: Prepared): Prepared => {
  if (one.kind === 'replace') return one;
  const { name, compare } = one.target;
  const there = valuesOf(entry, name);
  return {
    ...one,
    add: one.add.filter((value) => !isIn(there, value, compare)),
    remove: one.remove.filter((value) => isIn(there, value, compare)),
  };
};

/** The entry keeps the values of its name: they can't be taken away, and where they are all, there is nothing to say. */
const toChanges = (one: Prepared, dn: string): LdapChange[] => {
  const { target } = one;
  const inName = readRdn(splitDn(dn).rdn)
    .filter(({ attribute }) => attribute.toLowerCase() === target.name.toLowerCase())
    .map(({ value }) => Buffer.from(value));
  if (one.kind === 'edit') {
    const [add, remove] = [
      one.add.filter((value) => !isIn(inName, value)),
      one.remove.filter((value) => !isIn(inName, value)),
    ];
    return [
      ...(add.length > 0 ? [change('add', target.name, add)] : []),
      ...(remove.length > 0 ? [change('delete', target.name, remove)] : []),
    ];
  }
  const kept = inName.filter((value) => !isIn(one.values, value));
  const all = [...kept, ...one.values];
  const isOnlyName =
    inName.length > 0 &&
    all.length === inName.length &&
    all.every((value) => inName.some((each) => each.equals(value)));
  return isOnlyName ? [] : [change('replace', target.name, all)];
};
