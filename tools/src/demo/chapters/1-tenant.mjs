import { client } from '../http.mjs';
import { entra, okta } from '../identity-providers.mjs';
import { check, equal, tell } from '../story.mjs';

/** A tenant, a super admin, an `entra` and an `okta` connection; tokens issued. */
export const tenantAndConnections = async ({ system, root }) => {
  const tenant = await root.post(
    '/directory/v1/tenants',
    {
      name: 'Plum Bakeries',
      primaryDomain: 'plum.example',
      domains: ['plum.example', 'fig.example'],
      sso: {
        configured: true,
        providers: [
          { id: 'entra-plum', name: 'Microsoft Entra ID' },
          { id: 'okta-fig', name: 'Okta' },
        ],
      },
      language: 'nl-NL',
      timezone: 'Europe/Amsterdam',
    },
    201,
  );
  const directory = `/directory/v1/tenants/${tenant.id}`;
  const { key } = await root.post(`${directory}/admins`, { email: 'sasha.vos@plum.example', role: 'super_admin' }, 201);
  tell('The operator made the tenant Plum Bakeries and its first super admin, Sasha.');

  const admin = client(system.url, key);
  await client(system.url, 'a-key-of-nobody').get(directory, 401);
  await admin.post('/directory/v1/tenants', { name: 'Mine' }, 403);
  check('a key of nobody answers 401, and Sasha’s makes no tenants (403)', true);

  const connect = async (name, identityProviderId, profile, speak) => {
    const connection = await admin.post(`${directory}/connections`, { name, identityProviderId, profile }, 201);
    check(
      `${name}: connection made, not yet enabled`,
      connection.enabled === false && connection.scimUrl.startsWith(`${system.url}/scim/${tenant.id}/`),
      connection,
    );
    const { token, scimUrl } = await admin.post(`${directory}/connections/${connection.id}/token`, {}, 201);
    await admin.post(`${directory}/connections/${connection.id}/enable`, {}, 200);
    return { id: connection.id, scimUrl, token, ...speak(scimUrl, token) };
  };
  const entraAtPlum = await connect('Entra of Plum', 'entra-plum', 'entra', entra);
  const oktaAtFig = await connect('Okta of Fig', 'okta-fig', 'okta', okta);

  const connections = (await admin.get(`${directory}/connections`)).items;
  equal(
    'both are enabled, and each knows who issued its token',
    connections.map(({ enabled, token }) => enabled && token.issuerId !== undefined && token.token === undefined),
    [true, true],
  );
  await entra(entraAtPlum.scimUrl, oktaAtFig.token).scim.get('/Users', 401);
  check('the token of one does not open the other (401)', true);

  return { tenant, admin, directory, entra: entraAtPlum, okta: oktaAtFig };
};
