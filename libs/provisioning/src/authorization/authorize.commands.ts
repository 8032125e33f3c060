import { createHash, randomBytes } from 'node:crypto';
import type { Database } from '@tenure/database';
import { Rejected, type Caller } from '@tenure/eventing';
import type { AuthorizeBody } from '../app/app.bodies.ts';
import type { AppQueries } from '../app/app.queries.ts';
import type { ConnectionCommands } from '../app/connection.commands.ts';
import { AuthorizationRequest } from './authorization.entities.ts';
import type { GrantBox, Renewed } from './grants.ts';

type Checks = { redirectUri: string; state: string; verifier: string };

/** Tenure as a client of an app's authorization server. */
export type AuthorizationClient = {
  authorizationUrl: (client: AuthorizeBody, checks: Checks) => Promise<URL>;
  exchangeCode: (client: AuthorizeBody, callback: URL, checks: Checks) => Promise<Renewed>;
};

export type AuthorizeOptions = {
  database: Database;
  box: GrantBox;
  queries: Pick<AppQueries, 'find'>;
  connection: Pick<ConnectionCommands, 'setGranted' | 'refuseUnreachableClient'>;
  client: AuthorizationClient;
};

const LIFE_MS = 10 * 60_000;

type Pending = { client: AuthorizeBody; verifier: string; redirectUri: string; caller: Caller };

const hashOf = (state: string) => createHash('sha256').update(state).digest('hex');
const random = () => randomBytes(32).toString('base64url');

/** OAuth 2.0 authorization code with PKCE on the app's own page; it ends in the same state as a pasted token (R97). */
export const authorizeCommands = ({ database, box, queries, connection, client }: AuthorizeOptions) => {
  const requests = database.repository(AuthorizationRequest);
  const unknown = () =>
    new Rejected(
      'not-found',
      'authorization/unknown',
      'This authorization is not known, was used already or took longer than ten minutes. Start again.',
    );

  /** Takes the request, so that nobody else can: of two who come back with one state, one is refused. */
  const take = async (state: string): Promise<Pending & { appId: string }> => {
    const stateHash = hashOf(state);
    const found = await requests.findOneBy({ stateHash });
    const { affected } = await requests.delete({ stateHash });
    if (!found || affected !== 1 || Date.parse(found.expiresAt) < Date.now()) throw unknown();
    return { ...(box.open(found.sealed, [stateHash]) as Pending), appId: found.appId };
  };

  return {
    /** Where the admin is to go. */
    begin: async (caller: Caller, appId: string, body: AuthorizeBody, redirectUri: string) => {
      await queries.find(caller.tenantId, appId);
      await connection.refuseUnreachableClient(body);
      const [state, verifier] = [random(), random()];
      const stateHash = hashOf(state);
      const expiresAt = new Date(Date.now() + LIFE_MS).toISOString();
      const url = await client.authorizationUrl(body, { redirectUri, state, verifier });
      const pending: Pending = { client: body, verifier, redirectUri, caller };
      await database.query({ text: 'delete from provisioning.authorization_requests where expires_at < now()' });
      await requests.insert({
        stateHash,
        tenantId: caller.tenantId,
        appId,
        sealed: box.seal(pending, [stateHash]),
        expiresAt,
      });
      return { url: url.href, expiresAt };
    },

    /** `query`: what the admin came back with. Throws `Rejected` with words for the admin. */
    finish: async (query: URLSearchParams): Promise<{ appName: string }> => {
      const state = query.get('state') ?? '';
      const { appId, client: settings, verifier, redirectUri, caller } = await take(state);
      const problem = query.get('error');
      if (problem !== null)
        throw new Rejected(
          'unprocessable',
          'authorization/refused',
          `The app refused: ${(query.get('error_description') ?? problem).slice(0, 300)}`,
        );
      const callback = new URL(`${redirectUri}?${query.toString()}`);
      const exchanged = await client.exchangeCode(settings, callback, { redirectUri, state, verifier });
      if (exchanged.kind === 'failed')
        throw new Rejected('unprocessable', 'authorization/failed', exchanged.failure.reason);
      const { config } = await queries.find(caller.tenantId, appId);
      await connection.setGranted(caller, appId, settings, exchanged.tokens);
      return { appName: config.name };
    },
  };
};

export type AuthorizeCommands = ReturnType<typeof authorizeCommands>;
