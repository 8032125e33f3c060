import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe } from '@jest/globals';
import { Client } from 'ldapts';
import { openTargets } from '../targets/targets.ts';
import { ldapConnector, type LdapConnectorOptions } from '../ldap/ldap-connector.ts';

type Account = { dn: string; password: string };

/** What the test runner says of an OpenLDAP server: the run's own, or one that a suite has for itself. */
export type LdapEnvironment = Readonly<Record<string, string | undefined>>;

export const hasLdap = process.env.TEST_LDAP_URL !== undefined;
export const describeWithLdap: (name: string, suite: () => void) => void = hasLdap ? describe : describe.skip;

/** A subtree of one suite's own on a real server, a client that may do everything there, and connectors to it. */
export const ldapSuite = async (environment: LdapEnvironment = process.env) => {
  const url = environment.TEST_LDAP_URL!;
  const ldapsUrl = environment.TEST_LDAPS_URL!;
  const ca = readFileSync(environment.TEST_LDAP_CA!, 'utf8');
  const accounts = JSON.parse(environment.TEST_LDAP_ACCOUNTS!) as Record<
    'admin' | 'service' | 'reader' | 'limited',
    Account
  >;
  const root = `ou=suite-${randomUUID()},${environment.TEST_LDAP_BASE}`;
  const base = `ou=people,${root}`;
  const groupBase = `ou=groups,${root}`;
  const admin = new Client({ url });
  await admin.bind(accounts.admin.dn, accounts.admin.password);
  for (const dn of [root, base, groupBase]) await admin.add(dn, { objectClass: 'organizationalUnit' });

  const targets = openTargets({ allowPrivateTargets: ['127.0.0.1', 'localhost'] });
  const opened: ReturnType<typeof ldapConnector>[] = [];
  const connector = (more: Partial<LdapConnectorOptions> = {}) => {
    const made = ldapConnector({
      url: ldapsUrl,
      ca,
      base,
      groupBase,
      template: `uid={uid},${base}`,
      disable: { kind: 'pwdAccountLockedTime' },
      mark: 'employeeNumber',
      credential: { kind: 'bind', ...accounts.service },
      targets,
      used: ['uid', 'cn', 'sn', 'mail', 'manager', 'description'],
      timeoutMs: 20_000,
      ...more,
    });
    opened.push(made);
    return made;
  };

  return {
    url,
    ldapsUrl,
    ca,
    accounts,
    base,
    groupBase,
    admin,
    targets,
    connector,
    /** What an entry really holds, operational attributes too. */
    read: async (dn: string) => {
      const { searchEntries } = await admin.search(dn, { scope: 'base', attributes: ['*', '+'] });
      return searchEntries[0];
    },
    addGroup: async (cn: string, members: readonly string[] = [base]) => {
      const dn = `cn=${cn},${groupBase}`;
      await admin.add(dn, { objectClass: 'groupOfNames', cn, member: [...members] });
      const { searchEntries } = await admin.search(dn, { scope: 'base', attributes: ['entryUUID'] });
      return { dn, id: String(searchEntries[0]!.entryUUID) };
    },
    close: async () => {
      await Promise.all(opened.map((each) => each.close()));
      await admin.unbind();
      await targets.close();
    },
  };
};

/** A server of one suite's own, to stop, kill and start. */
export const ownLdapServer = async () => {
  const post = async (url: string) => {
    const response = await fetch(url, { method: 'POST' });
    if (!response.ok) throw new Error(`${url}: ${await response.text()}`);
    return response;
  };
  const environment = (await (await post(`${process.env.TENURE_LDAP_CONTROL}/servers`)).json()) as LdapEnvironment;
  const { url } = environment;
  return {
    environment,
    stop: () => post(`${url}/stop`),
    kill: () => post(`${url}/kill`),
    start: () => post(`${url}/start`),
    close: () => fetch(url!, { method: 'DELETE' }),
  };
};
