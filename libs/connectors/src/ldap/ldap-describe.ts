import { PresenceFilter } from 'ldapts';
import type { ConnectorTarget, Description, Outcome } from '@tenure/provisioning/connector';
import { knownAttributes, readAttribute } from './ldap-attributes.ts';
import { ASSERTION } from './ldap-calls.ts';
import type { LdapShared } from './ldap-create.ts';
import { valuesOf } from './ldap-directory.ts';
import { GROUPS, PAGE } from './ldap-lists.ts';
import { MEMBERS_PER_CALL } from './ldap-members.ts';
import { targetsOf } from './ldap-schema.ts';
import type { Entry } from './ldap-session.ts';

const anything = new PresenceFilter({ attribute: 'objectClass' });

const texts = (entry: Entry | undefined, attribute: string) =>
  (entry ? valuesOf(entry, attribute) : []).map((value) => value.toString());

/** What the directory says of itself at its root and in its schema (RFC 4512 §4.2, §5.1). What it doesn't say is as the standards have it. */
export const describeLdap = async ({ calls, layout }: LdapShared, deadline: number): Promise<Outcome<Description>> => {
  const read = (base: string, attributes: readonly string[]) =>
    calls.search({ base, scope: 'base', filter: anything, attributes }, deadline);
  const root = await read('', ['supportedControl', 'subschemaSubentry']);
  if (root.kind !== 'ok') return root;
  const [rootDse] = root.value.entries;
  const [subschema] = texts(rootDse, 'subschemaSubentry');
  const schema = subschema === undefined ? undefined : await read(subschema, ['attributeTypes', 'objectClasses']);
  // Reading the schema may be forbidden.
  if (schema && schema.kind !== 'ok' && schema.kind !== 'refused' && schema.kind !== 'gone') return schema;
  const found = schema?.kind === 'ok' ? schema.value.entries[0] : undefined;
  const account = found
    ? targetsOf(
        { attributeTypes: texts(found, 'attributeTypes'), objectClasses: texts(found, 'objectClasses') },
        layout.kinds.account.objectClasses,
      )
    : [];
  const hasGroups = layout.kinds.group.base !== undefined;
  const name = readAttribute('cn') as ConnectorTarget;
  return {
    kind: 'ok',
    value: {
      targets: {
        account: account.length > 0 ? account : knownAttributes,
        group: hasGroups ? [{ ...name, name: 'displayName', multiValued: false }] : [],
      },
      mark: { account: layout.mark?.name ?? null, group: null },
      can: {
        create: true,
        update: 'part',
        suspend: true,
        delete: true,
        list: true,
        find: 'honoured',
        conditional: texts(rootDse, 'supportedControl').includes(ASSERTION),
        groups: hasGroups,
        renameGroup: hasGroups,
        members: 'list',
      },
      // References between entries are mended after the answer, by a job of the directory.
      limits: { atOnce: 8, page: PAGE, membersPerCall: MEMBERS_PER_CALL, settleMs: 1000 },
      sources: hasGroups
        ? [{ id: GROUPS, kind: 'group', displayName: 'Groups', target: null, multiValued: true, required: false }]
        : [],
    },
  };
};
