import { join } from 'node:path';

export const suffix = 'dc=tenure,dc=test';

/** Who may sign in, and with what password; each has one lesson for a test. */
export const accounts = {
  admin: { dn: `cn=admin,${suffix}`, password: 'admin-secret' },
  /** What an administrator would make for Tenure: may write everywhere, lists by pages without limit. */
  service: { dn: `cn=tenure,${suffix}`, password: 'service-secret' },
  /** Reads, and may write nothing. */
  reader: { dn: `cn=reader,${suffix}`, password: 'reader-secret' },
  /** Writes, and gets at most five hundred entries, by pages or not: OpenLDAP's default. */
  limited: { dn: `cn=limited,${suffix}`, password: 'limited-secret' },
};

const { admin, service, limited } = accounts;

/** Active Directory's names, but `memberOf`: here it is the overlay's, which keeps it. */
export const adSchema = (msuser) =>
  msuser.replace(/^attributetype \( \S+\s+NAME 'memberOf'[^)]*\)$/m, '').replaceAll(/\$\s+memberOf\b/g, '');

/**
 * Who isn't signed in reads nothing but the root: what a lost session does by mistake must show. References by `uniqueMember` aren't
 * mended, since not every directory does that.
 */
export const slapdConf = ({ modules, schemas }, dir) => `
modulepath ${modules}
moduleload back_mdb
moduleload memberof
moduleload refint
moduleload ppolicy
moduleload unique

include ${join(schemas, 'core.schema')}
include ${join(schemas, 'cosine.schema')}
include ${join(schemas, 'nis.schema')}
include ${join(schemas, 'inetorgperson.schema')}
include ${join(dir, 'msuser.schema')}

pidfile ${join(dir, 'slapd.pid')}
TLSCertificateFile ${join(dir, 'server.pem')}
TLSCertificateKeyFile ${join(dir, 'server.key')}
sockbuf_max_incoming_auth 16777215

access to dn.base="" by * read
access to dn.base="cn=Subschema" by users read

database mdb
suffix "${suffix}"
rootdn "${admin.dn}"
rootpw ${admin.password}
directory ${join(dir, 'data')}
maxsize 268435456
dbnosync
index objectClass,entryUUID,entryCSN,uid,cn,mail,member,employeeNumber eq

limits dn.exact="${service.dn}" size=500 size.prtotal=unlimited
limits dn.exact="${limited.dn}" size=500
access to attrs=userPassword by dn.exact="${service.dn}" write by dn.exact="${limited.dn}" write by anonymous auth by * none
access to * by dn.exact="${service.dn}" manage by dn.exact="${limited.dn}" manage by users read by * none

overlay memberof
memberof-refint FALSE
overlay refint
refint_attributes member manager
refint_nothing "${suffix}"
overlay ppolicy
overlay unique
unique_uri ldap:///?mail?sub
`;

const person = ({ dn, password }) => `
dn: ${dn}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: ${/^cn=([^,]+)/.exec(dn)[1]}
userPassword: ${password}
`;

/** What the directory starts with. A suite makes a subtree of its own below it. */
export const firstEntries = `
dn: ${suffix}
objectClass: domain
dc: tenure
${['service', 'reader', 'limited'].map((name) => person(accounts[name])).join('')}`;
