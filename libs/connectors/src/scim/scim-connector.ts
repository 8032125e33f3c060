import { randomUUID } from 'node:crypto';
import {
  CALL_TIMEOUT_MS,
  type Change,
  type Connector,
  type ObjectKind,
  type Outcome,
  type Remote,
  type TestReport,
} from '@tenure/provisioning/connector';
import { isObject, type Json, type JsonObject } from '@tenure/scim';
import { redacting } from '../redaction/redact.ts';
import type { Targets } from '../targets/targets.ts';
import { authorization, secretsIn, type AppCredential, type GrantedTokens } from './authorization.ts';
import { failureOf, isSuccess } from './outcome.ts';
import { changedResource, toPatchOperations, toScimBody, withTarget, type ScimOperation } from './scim-body.ts';
import { scimCalls } from './scim-calls.ts';
import { describeScim, replacesWhole, type ScimLearned, type ScimSettings } from './scim-describe.ts';
import { scimGroups } from './scim-groups.ts';
import { scimLists } from './scim-lists.ts';
import { readObject, resourcesIn } from './scim-objects.ts';

export type ScimConnectorOptions = {
  /** As `resolveEndpoint` gives it; a query in it goes with every request. */
  url: string;
  credential: AppCredential;
  targets: Targets;
  /** Access that an admin granted, for credentials of that kind. */
  granted?: GrantedTokens;
  /** Names of the targets that the app's mappings, matching and rules use: what `Remote.values` has. */
  used?: readonly string[];
  /** The target that carries our mark; `null` where the app's mappings fill it. */
  mark?: string | null;
  settings?: ScimSettings;
  learned?: ScimLearned;
  /** Told of what was found out by using the app, to be kept. */
  onLearned?: (learned: ScimLearned) => void;
  timeoutMs?: number;
};

export const PATH: Record<ObjectKind, string> = { account: 'Users', group: 'Groups' };
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const ok = { kind: 'ok', value: undefined } as const;
const MOST_FOUND = 10;
/** A whole object that changed under our hands is read and replaced again, so often. */
const MOST_STALE = 3;

/** A SCIM 2.0 application (api.md, What a target app is asked). */
export const scimConnector = (options: ScimConnectorOptions): Connector => {
  const { url, credential, targets, used = [], mark = 'externalId', timeoutMs = CALL_TIMEOUT_MS } = options;
  const settings = options.settings ?? { mode: 'auto' };
  const learned: ScimLearned = { ...options.learned };
  const redact = redacting(secretsIn(credential));
  const calls = scimCalls({
    url,
    signIn: authorization(credential, targets, timeoutMs, options.granted),
    targets,
    redact,
    timeoutMs,
  });
  const { ask, send } = calls;

  const learn = (more: ScimLearned) => {
    if (Object.entries(more).every(([name, value]) => learned[name as keyof ScimLearned] === value)) return;
    Object.assign(learned, more);
    options.onLearned?.({ ...learned });
  };

  const remoteOf = (kind: ObjectKind, resource: JsonObject): Remote | undefined => {
    const read = readObject(resource, { kind, used: kind === 'account' ? used : ['displayName'], mark, redact });
    if (read && learned.idType !== read.idType && kind === 'account') learn({ idType: read.idType });
    return read?.remote;
  };
  const shared = { calls, redact, learned, learn, remoteOf, replaces: () => replacesWhole(settings, learned, config) };
  const lists = scimLists(shared);
  const groups = scimGroups({ ...shared, patch: (path, operations) => patch(path, operations), replace });

  /** `/ServiceProviderConfig`, once it was asked for. */
  let config: JsonObject | undefined;
  let asking: Promise<void> | undefined;
  /** What the app says of itself matters where nothing was set or found out. */
  const knowConfig = () =>
    (asking ??= ask<JsonObject | undefined>({ method: 'GET', path: ['ServiceProviderConfig'] }, ({ status, body }) =>
      isSuccess(status) ? { kind: 'ok', value: body } : undefined,
    ).then((found) => {
      if (found.kind === 'ok') config = found.value;
      else if (found.kind !== 'gone' && found.kind !== 'refused') asking = undefined;
    }));

  async function patch(path: readonly string[], operations: readonly ScimOperation[]): Promise<Outcome> {
    if (operations.length === 0) return ok;
    const body = { schemas: [PATCH_OP], Operations: operations as unknown as Json[] };
    return ask({ method: 'PATCH', path, body }, ({ status }) => (isSuccess(status) ? ok : undefined));
  }

  /** Reads the whole object, changes it and sends it back, as long as nobody else changed it meanwhile. What it has besides stays. */
  async function replace(path: readonly string[], change: (resource: JsonObject) => JsonObject): Promise<Outcome> {
    for (let attempt = 1; ; attempt++) {
      const found = await ask<{ resource: JsonObject; etag?: string }>(
        { method: 'GET', path },
        ({ status, body, headers }) =>
          status === 200 && body
            ? { kind: 'ok', value: { resource: body, ...etagOf(body, headers['etag']) } }
            : undefined,
      );
      if (found.kind !== 'ok') return found;
      const { resource, etag } = found.value;
      const { meta: _, groups: _groups, ...whole } = change(resource);
      const replaced: Outcome = await ask(
        { method: 'PUT', path, body: whole, ...(etag !== undefined && { ifMatch: etag }) },
        ({ status }) => (isSuccess(status) ? ok : undefined),
      );
      if (replaced.kind !== 'stale' || attempt >= MOST_STALE) return replaced;
    }
  }

  /** Part by part, or as a whole where the app can't do that, says so or has shown so. */
  const change = async (kind: ObjectKind, id: string, changes: readonly Change[]): Promise<Outcome> => {
    const path = [PATH[kind], id];
    if (settings.mode === 'auto' && learned.replaces === undefined) await knowConfig();
    const whole = () => replace(path, (resource) => changedResource(resource, changes));
    if (shared.replaces()) return whole();
    const operations = toPatchOperations(changes);
    const patched = await patch(path, operations);
    if (patched.kind !== 'refused') return patched;
    if (settings.mode === 'auto' && patched.code === 'app/unsupported') {
      const replaced = await whole();
      if (replaced.kind === 'ok') learn({ replaces: true });
      return replaced;
    }
    // RFC 7644 §3.5.2.3: a path whose filter finds no element can't be replaced; what a strict app lacks is added.
    const added = operations.map((one) => (one.op === 'replace' ? { ...one, op: 'add' as const } : one));
    const isTargetMissing = patched.status === 400 && operations.some(({ op }) => op === 'replace');
    return isTargetMissing && /no ?target/i.test(patched.reason) ? patch(path, added) : patched;
  };

  const find: Connector['find'] = (kind, { target, value }) =>
    ask(
      {
        method: 'GET',
        path: [PATH[kind]],
        query: {
          filter: `${target} eq ${JSON.stringify(value)}`,
          ...(kind === 'group' && { excludedAttributes: 'members' }),
        },
      },
      ({ status, body }) => {
        const resources = status === 200 ? resourcesIn(body) : undefined;
        return (
          resources && {
            kind: 'ok',
            value: resources.slice(0, MOST_FOUND).flatMap((resource) => remoteOf(kind, resource) ?? []),
          }
        );
      },
    );

  return {
    describe: () => describeScim(calls, settings, learned),

    test: async () => {
      const first = await ask<{ status: number }>(
        { method: 'GET', path: ['Users'], query: { count: '1' } },
        ({ status, body }) => (status === 200 && resourcesIn(body) ? { kind: 'ok', value: { status } } : undefined),
      );
      if (first.kind !== 'ok') return first;
      const { status } = first.value;
      // A name that nobody has: an app that finds somebody by it doesn't filter at all (R91).
      const nobody = await find('account', { target: 'userName', value: `tenure-test-${randomUUID()}` });
      const filters = filtersBy(nobody);
      if (filters === 'ignored' || filters === 'honoured') learn({ ignoresFilters: filters === 'ignored' });
      return { kind: 'ok', value: { request: 'GET /Users?count=1', status, filters } };
    },

    find,

    get: (kind, id) =>
      ask(
        {
          method: 'GET',
          path: [PATH[kind], id],
          ...(kind === 'group' && { query: { excludedAttributes: 'members' } }),
        },
        ({ status, body }) => {
          const remote = status === 200 && body ? remoteOf(kind, body) : undefined;
          return remote && { kind: 'ok', value: remote };
        },
      ),

    list: lists.list,

    create: async (kind, { mark: ours, values }) => {
      const marked = ours === null || mark === null ? values : { ...values, [mark]: ours };
      const body = kind === 'account' ? toScimBody(marked) : groupBody(marked);
      const answer = await send({ method: 'POST', path: [PATH[kind]], body });
      if (answer.kind === 'none') return answer.failure;
      const remote = isSuccess(answer.status) && answer.body ? remoteOf(kind, answer.body) : undefined;
      if (remote) return { kind: 'ok', value: remote };
      const failure = failureOf(answer, redact);
      // It may have been done: whoever asks must look before asking again (design, decision 17).
      return isSuccess(answer.status) || isCutOffByProxy(answer.status)
        ? { kind: 'unknown', reason: failure.reason }
        : failure;
    },

    update: (kind, id, changes) => (changes.length === 0 ? Promise.resolve(ok) : change(kind, id, changes)),

    setActive: (id, active) => change('account', id, [{ target: 'active', from: !active, to: active }]),

    delete: (kind, id) =>
      ask({ method: 'DELETE', path: [PATH[kind], id] }, ({ status }) =>
        isSuccess(status) || status === 404 || status === 410 ? ok : undefined,
      ),

    members: groups.members,
    isMember: groups.isMember,
    changeMembers: groups.changeMembers,
    entitlements: lists.entitlements,
    close: async () => undefined,
  };
};

/** What a look-up of a name that nobody has tells of filters. */
const filtersBy = (nobody: Outcome<readonly Remote[]>): TestReport['filters'] => {
  if (nobody.kind === 'refused') return 'refused';
  if (nobody.kind !== 'ok') return 'untested';
  return nobody.value.length > 0 ? 'ignored' : 'honoured';
};

/** A gateway's word that the app behind it did not answer; what the app did, nobody knows. */
const isCutOffByProxy = (status: number) => status === 502 || status === 504;

const groupBody = (values: Parameters<typeof toScimBody>[0]): JsonObject =>
  Object.entries(values).reduce<JsonObject>((body, [target, value]) => withTarget(body, target, value), {
    schemas: [GROUP],
  });

const etagOf = (body: JsonObject, header: string | undefined): { etag?: string } => {
  const version = isObject(body['meta']) ? body['meta']['version'] : undefined;
  const etag = header ?? (typeof version === 'string' ? version : undefined);
  return etag === undefined ? {} : { etag };
};
