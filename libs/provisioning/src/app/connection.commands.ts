import { Rejected, type Caller } from '@tenure/eventing';
import type { SecretStore } from '@tenure/sealing';
import type { Connector, Outcome } from '../delivery/connector.ts';
import { resolveEndpoint } from '../presets/index.ts';
import type { AppConfig } from './app-config.ts';
import type { CredentialsBody, EndpointBody, TestBody, TestReply } from './app.bodies.ts';
import type { AppQueries } from './app.queries.ts';
import type { TestResult } from './app.state.ts';
import type { IfMatch, WriteApp } from './write-app.ts';

export type ConnectionDeps = {
  write: WriteApp;
  queries: AppQueries;
  secrets: Pick<SecretStore, 'putCredential' | 'getCredential' | 'remove'>;
  /** A connector that is used once, to try credentials out. */
  connect: (target: { url: string; credential: CredentialsBody }) => Pick<Connector, 'test'>;
  /** Why a URL may not be reached (TENURE_ALLOW_PRIVATE_TARGETS); undefined = it may. */
  refusalOf: (url: string) => Promise<string | undefined>;
};

export type ConnectionCommands = ReturnType<typeof connectionCommands>;

const REQUEST = 'GET /Users?count=1';

type Tested = { result: TestResult; reply: TestReply };

/** How an app is reached and signed in to: tried before it is saved (R32, R34, R52). */
export const connectionCommands = ({ write, queries, secrets, connect, refusalOf }: ConnectionDeps) => {
  const refuseUnreachable = async (url: string, field: string) => {
    const message = await refusalOf(url);
    if (message !== undefined) throw new Rejected('invalid', 'endpoint/private', message, [{ field, message }]);
  };

  const endpointOf = async (body: EndpointBody): Promise<EndpointBody & { url: string }> => {
    const { url, problems } = resolveEndpoint(body);
    const [first] = problems;
    if (url === null)
      throw new Rejected(
        'invalid',
        first!.code,
        first!.message,
        problems.map(({ field, message }) => ({ field, message })),
      );
    await refuseUnreachable(url, 'url' in body ? 'url' : 'template');
    return { ...body, url };
  };

  const checkCredentials = async (body: CredentialsBody, field = 'tokenUrl') => {
    if (body.kind === 'oauth2') await refuseUnreachable(body.tokenUrl, field);
  };

  const tryOut = async (url: string, credential: CredentialsBody): Promise<Tested> =>
    judged(await connect({ url, credential }).test());

  const savedCredential = async ({ credentials }: AppConfig): Promise<CredentialsBody | undefined> =>
    credentials ? ((await secrets.getCredential(credentials.secretId)) as CredentialsBody | undefined) : undefined;

  /** Nothing is saved that failed: the secret's row, too, is only written afterwards, and before the event that names it. */
  const passing = (tested: Tested): TestResult => {
    const { outcome, reason } = tested.reply;
    if (outcome === 'failed')
      throw new Rejected(
        'unprocessable',
        'app/test-failed',
        `The test of the connection failed: ${reason ?? REQUEST}`,
        [{ field: 'test', message: reason ?? REQUEST }],
      );
    return tested.result;
  };

  const saving = async (
    tenantId: string,
    credential: CredentialsBody,
    append: (reference: { secretId: string; hint: string }) => Promise<unknown>,
  ) => {
    const { id: secretId, hint } = await secrets.putCredential(tenantId, credential);
    try {
      await append({ secretId, hint });
    } catch (error) {
      // Refused for certain; after an outage the event may be there, and the reaper looks before it removes.
      if (error instanceof Rejected && error.kind !== 'unavailable') await secrets.remove(secretId);
      throw error;
    }
  };

  return {
    setCredentials: async (caller: Caller, appId: string, body: CredentialsBody, ifMatch?: IfMatch) => {
      const { config } = await queries.find(caller.tenantId, appId);
      await checkCredentials(body);
      const test = config.endpoint ? passing(await tryOut(config.endpoint.url, body)) : null;
      await saving(caller.tenantId, body, (reference) =>
        write(caller, appId, { type: 'SetCredentials', kind: body.kind, test, ...reference }, ifMatch),
      );
    },

    reauthorize: async (caller: Caller, appId: string, body: CredentialsBody, ifMatch?: IfMatch) => {
      const { config } = await queries.find(caller.tenantId, appId);
      await checkCredentials(body);
      if (!config.endpoint)
        throw new Rejected('conflict', 'app/incomplete', 'The endpoint is not known.', [
          { field: 'endpoint', message: 'The endpoint is not known.' },
        ]);
      const test = passing(await tryOut(config.endpoint.url, body));
      await saving(caller.tenantId, body, (reference) =>
        write(caller, appId, { type: 'Reauthorize', kind: body.kind, test, ...reference }, ifMatch),
      );
    },

    setEndpoint: async (caller: Caller, appId: string, body: EndpointBody, ifMatch?: IfMatch) => {
      const { config } = await queries.find(caller.tenantId, appId);
      const endpoint = await endpointOf(body);
      const credential = config.state === 'on' ? await savedCredential(config) : undefined;
      const test = credential ? passing(await tryOut(endpoint.url, credential)) : null;
      await write(caller, appId, { type: 'SetEndpoint', endpoint, test }, ifMatch);
    },

    /** The result is kept where what is saved was tested. */
    test: async (caller: Caller, appId: string, body: TestBody | undefined): Promise<TestReply> => {
      const { config } = await queries.find(caller.tenantId, appId);
      if (body?.credentials) await checkCredentials(body.credentials, 'credentials.tokenUrl');
      const url = body?.endpoint ? (await endpointOf(body.endpoint)).url : config.endpoint?.url;
      const credential = body?.credentials ?? (await savedCredential(config));
      if (url === undefined || !credential) {
        const missing = url === undefined ? 'endpoint' : 'credentials';
        throw new Rejected('conflict', 'app/incomplete', `There is nothing to test yet: no ${missing}.`, [
          { field: missing, message: `The ${missing} must be known.` },
        ]);
      }
      const { result, reply } = await tryOut(url, credential);
      if (!body?.credentials && !body?.endpoint)
        await write(caller, appId, { type: 'KeepTest', test: result, secretId: config.credentials!.secretId, url });
      return reply;
    },
  };
};

const judged = (outcome: Outcome<{ status: number }>): Tested => {
  const failed = (problem: NonNullable<TestResult['problem']>, reason: string, status?: number): Tested => ({
    result: { outcome: 'failed', problem, status: status ?? null },
    reply: { outcome: 'failed', request: REQUEST, ...(status !== undefined && { status }), reason },
  });
  switch (outcome.kind) {
    case 'ok': {
      const { status } = outcome.value;
      return {
        result: { outcome: 'passed', problem: null, status },
        reply: { outcome: 'passed', request: REQUEST, status },
      };
    }
    case 'unauthorized':
      return failed('unauthorized', outcome.reason, 401);
    case 'retry':
    case 'unknown':
      return failed('unreachable', outcome.reason);
    case 'refused':
      return failed('refused', outcome.reason, outcome.status);
  }
};
