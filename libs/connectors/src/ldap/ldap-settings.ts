import { EqualityFilter, AndFilter, NotFilter, OrFilter, type Filter } from 'ldapts';
import type {
  ConnectionProblem,
  ConnectorTarget,
  LdapConnection,
  LdapDisabling,
  ObjectKind,
} from '@tenure/provisioning/connector';
import { readDnTemplate, type DnTemplate } from './dn-template.ts';
import { isDn } from './dn.ts';
import { attributeName, readAttribute } from './ldap-attributes.ts';

export type LdapSettings = Omit<LdapConnection, 'kind' | 'mark'> & {
  mark?: string | null;
  activeDirectory?: boolean;
  /** What never changes of an entry; the default follows from `activeDirectory`. */
  idAttribute?: 'entryUUID' | 'objectGUID';
};

export type Layout = {
  kinds: Readonly<
    Record<
      ObjectKind,
      { base: string | undefined; filter: Filter; template: DnTemplate; objectClasses: readonly string[] }
    >
  >;
  isActiveDirectory: boolean;
  idAttribute: 'entryUUID' | 'objectGUID';
  versionAttribute: 'entryCSN' | 'uSNChanged';
  createdAttribute: 'createTimestamp' | 'whenCreated';
  memberAttribute: 'member' | 'uniqueMember';
  /** Stands in for the last member of a group; undefined where groups may be empty. */
  placeholder: string | undefined;
  disable: LdapDisabling;
  mark: ConnectorTarget | undefined;
};

const ofClass = (value: string): Filter => new EqualityFilter({ attribute: 'objectClass', value });

/** How a directory is laid out, as its connection and its preset say; or what is wrong with them. */
export const layoutOf = (settings: LdapSettings): Layout | ConnectionProblem => {
  const { base, groupBase, disable, activeDirectory = false } = settings;
  if (!isDn(base)) return { field: 'base', message: `${base} isn't a DN.` };
  if (groupBase !== undefined && !isDn(groupBase)) return { field: 'groupBase', message: `${groupBase} isn't a DN.` };
  const template = readDnTemplate(settings.template);
  if (typeof template === 'string') return { field: 'template', message: template };
  const groupTemplate = readDnTemplate(`cn={cn},${groupBase ?? base}`);
  if (typeof groupTemplate === 'string') return { field: 'groupBase', message: groupTemplate };
  if (disable.kind === 'attribute' && attributeName(disable.attribute) === undefined)
    return { field: 'disable.attribute', message: `${disable.attribute} isn't the name of an LDAP attribute.` };
  const mark = settings.mark ? readAttribute(settings.mark) : undefined;
  if (typeof mark === 'string') return { field: 'mark', message: mark };
  const placeholder = settings.group?.placeholder;
  if (placeholder !== undefined && !isDn(placeholder))
    return { field: 'group.placeholder', message: `${placeholder} isn't a DN.` };

  const objectClasses =
    settings.objectClasses ??
    (activeDirectory
      ? ['top', 'person', 'organizationalPerson', 'user']
      : ['top', 'person', 'organizationalPerson', 'inetOrgPerson']);
  const isAccount = ofClass(objectClasses.at(-1) ?? 'person');
  const groupClass = settings.group?.objectClass ?? (activeDirectory ? 'group' : 'groupOfNames');
  const holdsUnique = /^groupOfUniqueNames$/i.test(groupClass);
  return {
    kinds: {
      account: {
        base,
        // In Active Directory every computer is a user, too.
        filter: activeDirectory
          ? new AndFilter({ filters: [isAccount, new NotFilter({ filter: ofClass('computer') })] })
          : isAccount,
        template,
        objectClasses,
      },
      group: {
        base: groupBase,
        filter: new OrFilter({ filters: [ofClass(groupClass)] }),
        template: groupTemplate,
        objectClasses: ['top', groupClass],
      },
    },
    isActiveDirectory: activeDirectory,
    idAttribute: settings.idAttribute ?? (activeDirectory ? 'objectGUID' : 'entryUUID'),
    versionAttribute: activeDirectory ? 'uSNChanged' : 'entryCSN',
    createdAttribute: activeDirectory ? 'whenCreated' : 'createTimestamp',
    memberAttribute: holdsUnique ? 'uniqueMember' : 'member',
    placeholder: activeDirectory ? undefined : (placeholder ?? base),
    disable,
    mark,
  };
};

/** Reads `ldap://host:port`; a text says what is wrong. */
export const readLdapUrl = (text: string): { host: string; port: number; isSecure: boolean } | string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^ldaps?:$/.test(url.protocol) || url.hostname === '')
    return `${text} isn't an LDAP address, such as ldaps://ldap.example.org.`;
  if (url.username !== '' || url.password !== '' || !/^\/?$/.test(url.pathname) || url.search !== '' || url.hash !== '')
    return 'The LDAP address has a protocol, a host and a port only.';
  const isSecure = url.protocol === 'ldaps:';
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (isSecure ? 636 : 389) : Number(url.port),
    isSecure,
  };
};
