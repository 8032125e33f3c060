import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Client } from 'ldapts';

const control = process.env.TENURE_LDAP_CONTROL;
const post = async (url) => {
  const response = await fetch(url, { method: 'POST' });
  if (!response.ok) throw new Error(`${url}: ${await response.text()}`);
  return response;
};

const signedIn = async (url, { dn, password }, tlsOptions) => {
  const client = new Client({ url, ...(tlsOptions && { tlsOptions }) });
  await client.bind(dn, password);
  return client;
};

(control ? describe : describe.skip)('an LDAP server of one suite (needs OpenLDAP)', () => {
  it('keeps ports and data when it is stopped and when it is killed', async () => {
    const own = await (await post(`${control}/servers`)).json();
    const { admin, reader } = JSON.parse(own.TEST_LDAP_ACCOUNTS);
    const dn = `ou=kept,${own.TEST_LDAP_BASE}`;
    const client = await signedIn(own.TEST_LDAP_URL, admin);
    await client.add(dn, { objectClass: 'organizationalUnit' });
    await client.unbind();

    await post(`${own.url}/stop`);
    await post(`${own.url}/start`);
    await post(`${own.url}/kill`);
    await post(`${own.url}/start`);

    const secure = await signedIn(own.TEST_LDAPS_URL, reader, { ca: readFileSync(own.TEST_LDAP_CA) });
    const { searchEntries } = await secure.search(dn, { scope: 'base' });
    expect(searchEntries).toMatchObject([{ dn, ou: 'kept' }]);
    await secure.unbind();
    await fetch(own.url, { method: 'DELETE' });
  });
});
