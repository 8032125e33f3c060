import { randomBytes } from 'node:crypto';
import { freePort } from '../servers/ports.mjs';
import { client } from './http.mjs';
import { program } from './program.mjs';

/** The application that accounts are made in: a process of its own, which lives on while Tenure is killed. */
export const startSandbox = async (folder) => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const token = randomBytes(16).toString('hex');
  const app = program({
    app: 'sandbox-app',
    folder,
    settings: { SANDBOX_PORT: port, SANDBOX_TOKEN: token },
    readyUrl: `${url}/state`,
  });
  await app.start();

  const page = client(url);
  const state = () => page.get('/state');
  return {
    url,
    scimUrl: `${url}/scim/v2`,
    token,
    /** What somebody does who works in the application itself. */
    byHand: client(`${url}/scim/v2`, token, 'application/scim+json'),
    switchTo: (mode) => page.put('/mode', mode),
    account: async (userName) => (await state()).users.find((user) => user.userName === userName),
    accounts: async () => (await state()).users,
    group: async (displayName) => (await state()).groups.find((group) => group.displayName === displayName),
    /** What the application was asked so far, oldest first: `{at, method, path, status}`. */
    requests: async () => (await state()).requests,
    stop: app.stop,
  };
};

/** Requests that changed something, or would have. */
export const writes = (requests) => requests.filter(({ method }) => method !== 'GET');

export const succeeded = ({ status }) => status < 300;
