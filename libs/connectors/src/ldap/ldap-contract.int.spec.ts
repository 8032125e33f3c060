import { connectorContract, type Contracted } from '../testing/connector.contract.ts';
import { describeWithLdap, ldapSuite } from '../testing/ldap-server.ts';

const open = async (): Promise<Contracted> => {
  const suite = await ldapSuite();
  const matchable: Contracted['matchable'] = {
    uid: (name) => name,
    cn: (name) => `The ${name}`,
    mail: (name) => `${Buffer.from(name).toString('hex')}@plum.example`,
  };
  return {
    connector: suite.connector(),
    matchable,
    valuesOf: (name) => ({
      ...Object.fromEntries(Object.entries(matchable).map(([target, of]) => [target, of(name)])),
      sn: 'Person',
    }),
    unique: 'uid',
    optional: 'description',
    several: { target: 'mail', element: (text) => text },
    shown: (text) => [text],
    addAccounts: async (names) => {
      for (const uid of names)
        await suite.admin.add(`uid=${uid},${suite.base}`, { objectClass: 'inetOrgPerson', uid, cn: uid, sn: uid });
    },
    addGroup: async (cn) => {
      const dn = `cn=${cn.replaceAll(/[",+]/g, '\\$&')},${suite.groupBase}`;
      await suite.admin.add(dn, { objectClass: 'groupOfNames', cn, member: suite.base });
      return String((await suite.read(dn))!['entryUUID']);
    },
    many: 510,
    unknownId: '00000000-0000-4000-8000-000000000000',
    close: suite.close,
  };
};

connectorContract('LDAP (needs OpenLDAP)', open, describeWithLdap);
