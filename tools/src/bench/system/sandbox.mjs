import { startApp } from './process.mjs';

const token = 'token-of-the-sandbox';

/** The small SCIM application that people are provisioned into. */
export const startSandbox = async ({ root, dir }) => {
  const answers = async (url) => (await fetch(`${url}/state`)).ok;
  const app = await startApp('sandbox-app', {
    root,
    dir,
    environment: { SANDBOX_TOKEN: token, LOG_LEVEL: 'warn' },
    portVariable: 'SANDBOX_PORT',
    answers,
  });
  return {
    ...app,
    token,
    scimUrl: `${app.url}/scim/v2`,
    users: async () => (await (await fetch(`${app.url}/state`)).json()).users,
  };
};

/** An app with preset `scim` for everyone in the tenant, tested and turned on. */
export const turnAppOn = async ({ id, admin }, sandbox) => {
  const apps = `/mapping/v1/tenants/${id}/apps`;
  const app = await admin.post(apps, { name: 'Sandbox', preset: 'scim' });
  const at = `${apps}/${app.id}`;
  await admin.put(`${at}/sso`, { configured: true });
  await admin.put(`${at}/endpoint`, { url: sandbox.scimUrl });
  await admin.put(`${at}/credentials`, { kind: 'bearer', token: sandbox.token });
  await admin.post(`${at}/test`);
  await admin.put(`${at}/scope`, { assignment: 'everyone', groups: [], orgUnits: [] });
  await admin.post(`${at}/on`, { confirm: true });
  return app.id;
};
