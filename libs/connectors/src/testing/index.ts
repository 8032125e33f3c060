export { scimServer } from './scim-server.ts';
export { describeWithLdap, ldapSuite, ownLdapServer } from './ldap-server.ts';
