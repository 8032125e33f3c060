import { readFile } from 'node:fs/promises';
import { Client } from 'ldapts';
import { startLdap, whyNoLdap } from '../ldap/ldap.mjs';
import { CannotStart } from './program.mjs';

/** An OpenLDAP server to provision into, with a container for people and one for groups; undefined, with the reason said, where none can be had. */
export const startDirectory = async (say) => {
  const lacking = await whyNoLdap();
  if (lacking) {
    if (process.env.TENURE_TEST_LDAP === 'required') throw new CannotStart(`OpenLDAP is required. ${lacking}`);
    return say(`Left out: OpenLDAP can't be started here. ${lacking}`);
  }
  const ldap = await startLdap();
  const { admin, service } = ldap.accounts;
  const client = new Client({ url: ldap.url });
  await client.bind(admin.dn, admin.password);
  const [people, groups] = ['people', 'groups'].map((name) => `ou=${name},${ldap.suffix}`);
  for (const dn of [people, groups]) await client.add(dn, { objectClass: 'organizationalUnit' });
  const search = async (base, filter) => {
    const { searchEntries } = await client.search(base, { scope: 'one', filter, attributes: ['*', '+'] });
    return searchEntries;
  };
  return {
    url: ldap.ldapsUrl,
    ca: await readFile(ldap.caFile, 'utf8'),
    people,
    groups,
    service,
    addGroup: (name, member) => client.add(`cn=${name},${groups}`, { objectClass: 'groupOfNames', cn: name, member }),
    entries: () => search(people, '(objectClass=person)'),
    entry: async (uid) => (await search(people, `(uid=${uid})`))[0],
    members: async (name) => [(await search(groups, `(cn=${name})`))[0].member].flat(),
    stop: async () => {
      await client.unbind();
      await ldap.close();
    },
  };
};
