import type { ConnectorKind } from '@tenure/provisioning/connector';
import { knownAttributes, readAttribute } from './ldap-attributes.ts';

/** LDAP as a kind of app. Groups are all the entitlements that it has. */
export const ldapKind: ConnectorKind = {
  kind: 'ldap',
  readTarget: readAttribute,
  offered: () => knownAttributes,
  entitlementTargets: { role: null, licence: null, department: null },
};
