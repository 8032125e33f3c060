import type { ConnectorKind } from '@tenure/provisioning/connector';
import { knownAttributes, readAttribute } from './ldap-attributes.ts';
import { layoutOf, readLdapUrl } from './ldap-settings.ts';

/** LDAP as a kind of app. Groups are all the entitlements that it has. */
export const ldapKind: ConnectorKind = {
  kind: 'ldap',
  readTarget: readAttribute,
  connectionProblem: (connection) => {
    if (connection.kind !== 'ldap') return { field: 'kind', message: 'Expected the settings of a directory.' };
    const [address, layout] = [readLdapUrl(connection.url), layoutOf(connection)];
    if (typeof address === 'string') return { field: 'url', message: address };
    if (address.isSecure && connection.startTls === true)
      return { field: 'startTls', message: 'ldaps:// is encrypted already; leave out startTls.' };
    return 'field' in layout ? layout : undefined;
  },
  offered: () => knownAttributes,
  entitlementTargets: { role: null, licence: null, department: null },
};
