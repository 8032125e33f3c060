import type { Dialect } from '../dialect/settings.ts';
import { isStrict } from '../dialect/settings.ts';
import { type Json, type JsonObject, checkedObject, isObject, member } from '../json/json.ts';
import { checkMessage } from '../messages/message.ts';
import { type ScimProblem, invalidSyntax, invalidValue, problem } from '../problem/problem.ts';

export const bulkRequestSchema = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
export const bulkResponseSchema = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse';

export type BulkMethod = 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One operation of a bulk request (RFC 7644 §3.7). */
export type BulkOperation = {
  method: BulkMethod;
  /** The collection, e.g. `/Users`; nothing where the path is none. */
  endpoint: string;
  /** The resource; `bulkId:abc` where it is one that this very request creates. */
  id?: string;
  bulkId?: string;
  /** The ETag that the client expects. */
  version?: string;
  data?: JsonObject;
  /** The bulkIds that `data` or `id` refers to. */
  references: string[];
  /** What is wrong with it, so that it can't be carried out. */
  malformed?: ScimProblem;
};

export type BulkRequest = { failOnErrors?: number; operations: BulkOperation[] };

export type BulkLimits = { maxOperations: number; maxPayloadSize: number };

const methods: readonly BulkMethod[] = ['POST', 'PUT', 'PATCH', 'DELETE'];
const mark = 'bulkId:';

const referenceIn = (value: Json): string | undefined =>
  typeof value === 'string' && value.startsWith(mark) ? value.slice(mark.length) : undefined;

/** A filter in a path names members too: `members[value eq "bulkId:abc"]`. */
const referencesInPath = (text: string): string[] => [...text.matchAll(/"bulkId:([^"\\]+)"/g)].map(([, id]) => id!);

const referencesIn = (value: Json): string[] => {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (isObject(value)) return Object.values(value).flatMap(referencesIn);
  const reference = referenceIn(value);
  if (reference !== undefined) return [reference];
  return typeof value === 'string' ? referencesInPath(value) : [];
};

const optionalText = (object: JsonObject, name: string): string | undefined => {
  const value = member(object, name) ?? undefined;
  if (value !== undefined && typeof value !== 'string') throw invalidSyntax(`"${name}" must be a string.`);
  return value || undefined;
};

/** What the answer tells an operation by, however it ends. What lacks it is no operation: a POST has no location, so it needs a bulkId. */
type Told = Pick<BulkOperation, 'method' | 'endpoint' | 'id' | 'bulkId'>;

const toldOf = (raw: JsonObject): Told => {
  const wanted = optionalText(raw, 'method')?.toUpperCase();
  const method = methods.find((one) => one === wanted);
  if (!method) throw invalidSyntax('"method" must be POST, PUT, PATCH or DELETE.');
  const [, collection, id] = /^\/*([A-Za-z][\w-]*)(?:\/+([^/?#]+))?\/*$/.exec(optionalText(raw, 'path') ?? '') ?? [];
  const endpoint = collection === undefined ? '' : `/${collection}`;
  const bulkId = optionalText(raw, 'bulkId');
  if (method === 'POST' && !bulkId) throw invalidValue('A POST needs a bulkId.');
  return { method, endpoint, ...(id && { id }), ...(bulkId && { bulkId }) };
};

/** RFC 7644 §3.7.3: an operation that is wrong in itself fails like any other, in its place, and those beside it are carried out. */
const wrongWith = ({ method, endpoint, id }: Told, data: Json | undefined): ScimProblem | undefined => {
  if (!endpoint) return invalidValue('"path" must be a collection, such as /Users, or a resource in it.');
  if ((method === 'POST') !== (id === undefined))
    return invalidValue(method === 'POST' ? 'A POST goes to a collection.' : `A ${method} goes to a resource.`);
  return method !== 'DELETE' && !isObject(data) ? invalidSyntax(`A ${method} needs data.`) : undefined;
};

const operationOf = (raw: Json): BulkOperation => {
  if (!isObject(raw)) throw invalidSyntax('An operation must be an object.');
  const told = toldOf(raw);
  const version = optionalText(raw, 'version');
  const data = member(raw, 'data') ?? undefined;
  const malformed = wrongWith(told, data);
  if (malformed) return { ...told, references: [], malformed };
  const references = [
    ...new Set([
      ...(told.id === undefined ? [] : referencesIn(told.id)),
      ...(data === undefined ? [] : referencesIn(data)),
    ]),
  ];
  return {
    ...told,
    ...(version && { version }),
    ...(isObject(data) && told.method !== 'DELETE' && { data }),
    references,
  };
};

/** RFC 7644 §3.7: a bulk request, refused as a whole where it is none. Limits exceeded are 413 with the limit named (§3.7.4). */
export const parseBulk = (
  body: unknown,
  limits: BulkLimits,
  dialect: Pick<Dialect, 'unknownAttributes'>,
  payloadSize = 0,
): BulkRequest => {
  if (payloadSize > limits.maxPayloadSize)
    throw problem(413, `The request is larger than maxPayloadSize, ${limits.maxPayloadSize} bytes.`);
  const object = checkedObject(body);
  checkMessage(object, bulkRequestSchema, { required: isStrict(dialect) });
  const raw = member(object, 'Operations');
  if (!Array.isArray(raw)) throw invalidSyntax('"Operations" must be an array.');
  if (raw.length > limits.maxOperations)
    throw problem(413, `The request has more operations than maxOperations, ${limits.maxOperations}.`);
  const failOnErrors = member(object, 'failOnErrors') ?? undefined;
  if (failOnErrors !== undefined && !(Number.isInteger(failOnErrors) && Number(failOnErrors) > 0))
    throw invalidValue('"failOnErrors" must be a positive whole number.');
  const operations = raw.map(operationOf);
  const bulkIds = operations.flatMap(({ bulkId }) => bulkId ?? []);
  if (new Set(bulkIds).size < bulkIds.length) throw invalidValue('A bulkId is used twice.');
  return { ...(failOnErrors !== undefined && { failOnErrors: Number(failOnErrors) }), operations };
};

/** The data with every `bulkId:abc` replaced by the id that it has become; unknown ones stay. */
export const withIds = <T extends Json>(value: T, ids: ReadonlyMap<string, string>): T => replaced(value, ids) as T;

const replaced = (value: Json, ids: ReadonlyMap<string, string>): Json => {
  if (Array.isArray(value)) return value.map((one) => replaced(one, ids));
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, replaced(one, ids)]));
  if (typeof value !== 'string') return value;
  const reference = referenceIn(value);
  if (reference !== undefined) return ids.get(reference) ?? value;
  return value.replace(/"bulkId:([^"\\]+)"/g, (whole, id: string) =>
    ids.has(id) ? JSON.stringify(ids.get(id)) : whole,
  );
};

/** The data without what refers to these bulkIds, so that a circle can be entered somewhere: an object with such a `value` goes as a whole. */
export const withoutReferences = (value: JsonObject, bulkIds: ReadonlySet<string>): JsonObject =>
  (stripped(value, bulkIds) ?? {}) as JsonObject;

const stripped = (value: Json, bulkIds: ReadonlySet<string>): Json | undefined => {
  const refers = (one: Json | undefined): boolean => one !== undefined && bulkIds.has(referenceIn(one) ?? '');
  if (refers(value)) return undefined;
  if (Array.isArray(value)) return value.map((one) => stripped(one, bulkIds)).filter((one) => one !== undefined);
  if (!isObject(value)) return value;
  if (refers(member(value, 'value'))) return undefined;
  const entries = Object.entries(value).map(([name, one]) => [name, stripped(one, bulkIds)] as const);
  return Object.fromEntries(entries.filter((entry): entry is readonly [string, Json] => entry[1] !== undefined));
};
