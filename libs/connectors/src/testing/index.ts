export { describeWithLdap, ldapSuite, ownLdapServer } from './ldap-server.ts';
