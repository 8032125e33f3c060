import { client } from '../../demo/http.mjs';
import { targetOf } from '../load/load.mjs';

/** A tenant with one enabled connection, made through the public API, and where its people are sent. */
export const makeTenant = async ({ urls, rootKey }, name) => {
  const asRoot = client(urls().api, rootKey);
  const { id } = await asRoot.post('/directory/v1/tenants', {
    name,
    primaryDomain: 'plum.example',
    sso: { configured: true, providers: [{ id: 'idp', name: 'IdP' }] },
  });
  const { key } = await asRoot.post(`/directory/v1/tenants/${id}/admins`, {
    email: 'admin@plum.example',
    role: 'super_admin',
  });
  const admin = client(urls().api, key);
  const connections = `/directory/v1/tenants/${id}/connections`;
  const connection = await admin.post(connections, { name: 'IdP', identityProviderId: 'idp', profile: 'generic' });
  const { token } = await admin.post(`${connections}/${connection.id}/token`, {});
  await admin.post(`${connections}/${connection.id}/enable`, {});
  const contentType = 'application/scim+json';
  const scimUrl = `${urls().scim}/scim/${id}/${connection.id}/v2`;
  return {
    id,
    admin,
    scim: client(scimUrl, token, contentType),
    target: targetOf(scimUrl, { authorization: `Bearer ${token}`, 'content-type': contentType }),
  };
};
