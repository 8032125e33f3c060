import { setTimeout as sleep } from 'node:timers/promises';

/** What a person needs to try Tenure at once. The token and the key are shown here and nowhere else. */
export type DemoTenant = { tenantId: string; scimUrl: string; token: string; adminKey: string };

type Json = Record<string, unknown>;

/** Before the views are built they show no tenant although there may be some, and a tenant just made is not found. */
const untilReady = async (baseUrl: string) => {
  while (!(await fetch(`${baseUrl}/health/ready`)).ok) await sleep(50);
};

/** On a first run: a tenant with an admin and a connection, made through the public API. `undefined` when there is a tenant already. */
export const makeDemoTenant = async (
  baseUrl: string,
  rootKey: string,
  hasTenants: () => Promise<boolean>,
): Promise<DemoTenant | undefined> => {
  await untilReady(baseUrl);
  if (await hasTenants()) return undefined;
  const post = async (path: string, key: string, body: Json): Promise<Json> => {
    const response = await fetch(`${baseUrl}/directory/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok)
      throw new Error(
        `The demo tenant could not be made: POST ${path} answered ${response.status} ${await response.text()}`,
      );
    return (await response.json()) as Json;
  };
  const tenant = await post('/tenants', rootKey, {
    name: 'Demo',
    primaryDomain: 'demo.example',
    sso: { configured: true, providers: [{ id: 'demo-idp', name: 'Demo IdP' }] },
  });
  const at = `/tenants/${String(tenant.id)}`;
  const admin = await post(`${at}/admins`, rootKey, { email: 'admin@demo.example', role: 'super_admin' });
  const key = String(admin.key);
  const connection = await post(`${at}/connections`, key, {
    name: 'Demo IdP',
    identityProviderId: 'demo-idp',
    profile: 'generic',
  });
  const { token, scimUrl } = await post(`${at}/connections/${String(connection.id)}/token`, key, {});
  await post(`${at}/connections/${String(connection.id)}/enable`, key, {});
  return { tenantId: String(tenant.id), scimUrl: String(scimUrl), token: String(token), adminKey: key };
};
