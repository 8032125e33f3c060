import 'reflect-metadata';
import { createSandbox } from '@tenure/sandbox-app';
import { client } from './client.ts';

const TOKEN = 'sandbox-token-4f2a';
type Asked = { method: string; path: string; status: number };

/** An application to provision into, as the demo's; asked through its own HTTP alone. */
export const testSandbox = async () => {
  const app = await createSandbox({ SANDBOX_PORT: 0, SANDBOX_TOKEN: TOKEN, LOG_LEVEL: 'silent' });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const page = client(url);
  const state = () => page.ok('GET', '/state');
  const accounts = async (): Promise<any[]> => (await state()).users;
  const requests = async (): Promise<Asked[]> => (await state()).requests;
  return {
    scimUrl: `${url}/scim/v2`,
    token: TOKEN,
    /** What somebody does who works in the application itself. */
    byHand: client(`${url}/scim/v2`, TOKEN, 'application/scim+json'),
    switchTo: (mode: object) => page.ok('PUT', '/mode', mode),
    accounts,
    account: async (userName: string) => (await accounts()).find((account) => account.userName === userName),
    group: async (displayName: string) =>
      (await state()).groups.find((group: any) => group.displayName === displayName),
    requests,
    /** What it was asked to change, `POST /Users` and the like, successful or not. */
    writes: async () =>
      (await requests())
        .filter(({ method }) => method !== 'GET')
        .map(({ method, path, status }) => ({ method, path: path.replace('/scim/v2', ''), status })),
    close: () => app.close(),
  };
};

export type TestSandbox = Awaited<ReturnType<typeof testSandbox>>;
