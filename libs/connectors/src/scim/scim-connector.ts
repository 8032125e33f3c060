import {
  CALL_TIMEOUT_MS,
  type Connector,
  type EntitlementPage,
  type Failure,
  type Outcome,
  type RemoteAccount,
} from '@tenure/provisioning';
import { patchSchema, type Json, type JsonObject } from '@tenure/scim';
import type { Targets } from '../targets/targets.ts';
import { authorization, type AppCredential } from './authorization.ts';
import { exchange, type Answer, type Call } from './exchange.ts';
import { failureOf, isSuccess } from './outcome.ts';

export type ScimConnectorOptions = {
  /** As `resolveEndpoint` gives it; a query in it goes with every request. */
  url: string;
  credential: AppCredential;
  targets: Targets;
  timeoutMs?: number;
};

type Request = { method: Call['method']; path: readonly string[]; query?: Record<string, string>; body?: JsonObject };
type Answered = Extract<Answer, { kind: 'answer' }>;

const SCIM = 'application/scim+json';
/** An app may give fewer at once. */
const PAGE = 100;
const ok = { kind: 'ok', value: undefined } as const;

/** A SCIM 2.0 application (api.md, What a target app is asked). */
export const scimConnector = ({
  url,
  credential,
  targets,
  timeoutMs = CALL_TIMEOUT_MS,
}: ScimConnectorOptions): Connector => {
  const signIn = authorization(credential, targets, timeoutMs);

  const send = async (request: Request): Promise<Answered | { kind: 'none'; sent: boolean; failure: Failure }> => {
    for (let renewed = false; ; renewed = true) {
      const authorized = await signIn.header();
      if (authorized.kind === 'failed') return { kind: 'none', sent: false, failure: authorized.failure };
      const answer = await exchange(targets, toCall(url, request, authorized.header), timeoutMs);
      if (answer.kind === 'none')
        return { kind: 'none', sent: answer.sent, failure: { kind: 'retry', reason: answer.reason } };
      if (answer.status !== 401 || renewed || !signIn.renew()) return answer;
    }
  };

  /** A call that may be repeated: one that was cut off is simply made again. */
  const ask = async <Value>(
    request: Request,
    read: (answer: Answered) => Outcome<Value> | undefined,
  ): Promise<Outcome<Value>> => {
    const answer = await send(request);
    return answer.kind === 'none' ? answer.failure : (read(answer) ?? failureOf(answer));
  };

  const find = <Value>(type: 'Users' | 'Groups', filter: string, read: (resource: JsonObject) => Value | undefined) =>
    ask({ method: 'GET', path: [type], query: { filter } }, (answer) => {
      const resources = answer.status === 200 ? resourcesIn(answer.body) : undefined;
      return resources && { kind: 'ok', value: resources.flatMap((resource) => read(resource) ?? []) };
    });

  const patch = (path: readonly string[], operations: readonly Json[]): Promise<Outcome> =>
    ask({ method: 'PATCH', path, body: { schemas: [patchSchema], Operations: [...operations] } }, ({ status }) =>
      isSuccess(status) ? ok : undefined,
    );

  return {
    test: () =>
      ask({ method: 'GET', path: ['Users'], query: { count: '1' } }, ({ status, body }) =>
        status === 200 && resourcesIn(body) ? { kind: 'ok', value: { status } } : undefined,
      ),
    find: ({ filter }) => find('Users', filter, toAccount),
    create: async (body) => {
      const answer = await send({ method: 'POST', path: ['Users'], body });
      // It may have been done: whoever asks must look before asking again (design, decision 17).
      if (answer.kind === 'none')
        return answer.sent ? { kind: 'unknown', reason: answer.failure.reason } : answer.failure;
      const account = isSuccess(answer.status) && answer.body ? toAccount(answer.body) : undefined;
      if (account) return { kind: 'ok', value: account };
      const failure = failureOf(answer);
      return isSuccess(answer.status) || isCutOffByProxy(answer.status)
        ? { kind: 'unknown', reason: failure.reason }
        : failure;
    },
    get: (remoteId) =>
      ask<RemoteAccount | undefined>({ method: 'GET', path: ['Users', remoteId] }, ({ status, body }) => {
        if (status === 404) return { kind: 'ok', value: undefined };
        const account = status === 200 && body ? toAccount(body) : undefined;
        return account && { kind: 'ok', value: account };
      }),
    update: (remoteId, operations) =>
      operations.length === 0 ? Promise.resolve(ok) : patch(['Users', remoteId], operations),
    setActive: (remoteId, active) => patch(['Users', remoteId], [{ op: 'replace', path: 'active', value: active }]),
    delete: (remoteId) =>
      ask({ method: 'DELETE', path: ['Users', remoteId] }, ({ status }) =>
        isSuccess(status) || status === 404 ? ok : undefined,
      ),
    findGroup: async (displayName) => {
      const found = await find('Groups', `displayName eq ${JSON.stringify(displayName)}`, toGroup);
      // `eq` ignores case where the app says so (RFC 7643 §4.2); only the exact name is meant.
      return found.kind === 'ok'
        ? { kind: 'ok', value: found.value.find((group) => group.displayName === displayName) }
        : found;
    },
    /** Groups are all that SCIM has a list of. */
    listEntitlements: (startIndex) =>
      ask<EntitlementPage>(
        {
          method: 'GET',
          path: ['Groups'],
          query: { startIndex: String(startIndex), count: String(PAGE), excludedAttributes: 'members' },
        },
        ({ status, body }) => {
          const resources = status === 200 ? resourcesIn(body) : undefined;
          if (!resources) return undefined;
          const total = Number(body!.totalResults);
          const items = resources
            .flatMap((resource) => toGroup(resource) ?? [])
            .map(({ displayName }) => ({ kind: 'group' as const, value: displayName, displayName }));
          const next = startIndex + resources.length;
          return { kind: 'ok', value: { items, total, ...(resources.length > 0 && next <= total && { next }) } };
        },
      ),
    changeGroupMembers: (groupId, add, remove) => {
      const operations: Json[] = [
        ...(add.length > 0 ? [{ op: 'add', path: 'members', value: add.map((value) => ({ value })) }] : []),
        ...remove.map((id) => ({ op: 'remove', path: `members[value eq ${JSON.stringify(id)}]` })),
      ];
      return operations.length === 0 ? Promise.resolve(ok) : patch(['Groups', groupId], operations);
    },
  };
};

/** A gateway's word that the app behind it did not answer; what the app did, nobody knows. */
const isCutOffByProxy = (status: number) => status === 502 || status === 504;

const toCall = (base: string, { method, path, query, body }: Request, authorizationHeader: string): Call => {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path.map(encodeURIComponent).join('/')}`;
  // Appended by hand: a flag such as ?aadOptscim062020 must not become ?aadOptscim062020=, nor a space in a filter a plus.
  const more = Object.entries(query ?? {}).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  url.search = [url.search.slice(1), ...more].filter((part) => part !== '').join('&');
  const headers = { authorization: authorizationHeader, ...(body && { 'content-type': SCIM }) };
  return { method, url, headers, ...(body && { body: JSON.stringify(body) }) };
};

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** RFC 7644 §3.4.2: `Resources` may be left out where nothing was found. */
const resourcesIn = (body: JsonObject | undefined): JsonObject[] | undefined => {
  if (!body || typeof body.totalResults !== 'number') return undefined;
  return Array.isArray(body.Resources) ? body.Resources.filter(isObject) : [];
};

const toAccount = (resource: JsonObject): RemoteAccount | undefined => {
  const { id, externalId } = resource;
  if (typeof id !== 'string' || id === '') return undefined;
  return { remoteId: id, ...(typeof externalId === 'string' && { externalId }), resource };
};

const toGroup = ({ id, displayName }: JsonObject) =>
  typeof id === 'string' && typeof displayName === 'string' ? { id, displayName } : undefined;
