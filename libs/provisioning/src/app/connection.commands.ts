import { Rejected, type Caller } from '@tenure/eventing';
import type { Credential, SecretStore } from '@tenure/sealing';
import type { Connector, Failure, Outcome, TestReport } from '../connector/index.ts';
import type { GrantTokens, OAuthGrants } from '../authorization/index.ts';
import { resolveEndpoint } from '../presets/index.ts';
import type { AppConfig } from './app-config.ts';
import type { AuthorizeBody, CredentialsBody, EndpointBody, TestBody, TestReply } from './app.bodies.ts';
import type { AppQueries } from './app.queries.ts';
import type { TestResult } from './app.state.ts';
import type { IfMatch, WriteApp } from './write-app.ts';

export type ConnectionDeps = {
  write: WriteApp;
  queries: AppQueries;
  secrets: Pick<SecretStore, 'putCredential' | 'getCredential' | 'remove'>;
  /** A connector that is used once, to try credentials out. */
  connect: (target: { app: AppConfig; url: string; credential: CredentialsBody }) => Pick<Connector, 'test'>;
  /** Why a URL may not be reached (TENURE_ALLOW_PRIVATE_TARGETS); undefined = it may. */
  refusalOf: (url: string) => Promise<string | undefined>;
  grants: Pick<OAuthGrants, 'keep' | 'remove'>;
};

export type ConnectionCommands = ReturnType<typeof connectionCommands>;

const REQUEST = 'GET /Users?count=1';

type Tested = { result: TestResult; reply: TestReply };

/** How an app is reached and signed in to: tried before it is saved (R32, R34, R52). */
export const connectionCommands = ({ write, queries, secrets, connect, refusalOf, grants }: ConnectionDeps) => {
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

  const tryOut = async (app: AppConfig, url: string, credential: CredentialsBody): Promise<Tested> =>
    judged(await connect({ app, url, credential }).test());

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
    credential: Credential,
    append: (reference: { secretId: string; hint: string }) => Promise<unknown>,
  ) => {
    const { id: secretId, hint } = await secrets.putCredential(tenantId, credential);
    try {
      await append({ secretId, hint });
    } catch (error) {
      // Refused for certain; after an outage the event may be there, and the reaper looks before it removes.
      if (error instanceof Rejected && error.kind !== 'unavailable') {
        await grants.remove(secretId);
        await secrets.remove(secretId);
      }
      throw error;
    }
  };

  return {
    setCredentials: async (caller: Caller, appId: string, body: CredentialsBody, ifMatch?: IfMatch) => {
      const { config } = await queries.find(caller.tenantId, appId);
      await checkCredentials(body);
      const test = config.endpoint ? passing(await tryOut(config, config.endpoint.url, body)) : null;
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
      const test = passing(await tryOut(config, config.endpoint.url, body));
      await saving(caller.tenantId, body, (reference) =>
        write(caller, appId, { type: 'Reauthorize', kind: body.kind, test, ...reference }, ifMatch),
      );
    },

    setEndpoint: async (caller: Caller, appId: string, body: EndpointBody, ifMatch?: IfMatch) => {
      const { config } = await queries.find(caller.tenantId, appId);
      const endpoint = await endpointOf(body);
      const credential = config.state === 'on' ? await savedCredential(config) : undefined;
      const test = credential ? passing(await tryOut(config, endpoint.url, credential)) : null;
      await write(caller, appId, { type: 'SetEndpoint', endpoint, test }, ifMatch);
    },

    /** Access that an admin granted is tested like a pasted token, and takes the place of what was there (R97). */
    setGranted: async (caller: Caller, appId: string, client: AuthorizeBody, tokens: GrantTokens): Promise<void> => {
      const { config } = await queries.find(caller.tenantId, appId);
      const once = { kind: 'bearer', token: tokens.accessToken } as const;
      const test = config.endpoint ? passing(await tryOut(config, config.endpoint.url, once)) : null;
      const credential = { kind: 'oauth2', grant: 'authorization_code', ...client } as const;
      await saving(caller.tenantId, credential, async (reference) => {
        await grants.keep(caller.tenantId, reference.secretId, tokens);
        const command = { kind: credential.kind, ...reference };
        await (config.state === 'needsReauthorization' && test
          ? write(caller, appId, { type: 'Reauthorize', test, ...command })
          : write(caller, appId, { type: 'SetCredentials', test, ...command }));
      });
    },

    /** Before an admin is sent anywhere: the app's authorization server must be one that may be reached. */
    refuseUnreachableClient: async ({ tokenUrl, revocationUrl }: AuthorizeBody): Promise<void> => {
      await refuseUnreachable(tokenUrl, 'tokenUrl');
      if (revocationUrl !== undefined) await refuseUnreachable(revocationUrl, 'revocationUrl');
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
      const { result, reply } = await tryOut(config, url, credential);
      if (!body?.credentials && !body?.endpoint)
        await write(caller, appId, { type: 'KeepTest', test: result, secretId: config.credentials!.secretId, url });
      return reply;
    },
  };
};

const judged = (outcome: Outcome<TestReport>): Tested => {
  if (outcome.kind !== 'ok') return failedTest(outcome);
  const { request, status, filters } = outcome.value;
  return {
    result: { outcome: 'passed', problem: null, status: status ?? null },
    reply: { outcome: 'passed', request, filters, ...(status !== undefined && { status }) },
  };
};

const failedTest = (failure: Failure): Tested => {
  const status = failure.kind === 'refused' ? failure.status : failure.kind === 'unauthorized' ? 401 : undefined;
  return {
    result: { outcome: 'failed', problem: problemOf(failure), status: status ?? null },
    reply: { outcome: 'failed', request: REQUEST, ...(status !== undefined && { status }), reason: failure.reason },
  };
};

/** In a word, as events and jobs keep it. */
export const problemOf = ({ kind }: Failure): NonNullable<TestResult['problem']> => {
  switch (kind) {
    case 'unauthorized':
      return 'unauthorized';
    case 'throttled':
    case 'unavailable':
    case 'unknown':
      return 'unreachable';
    case 'gone':
    case 'stale':
    case 'conflict':
    case 'refused':
      return 'refused';
  }
};
