import type { Dialect } from '../dialect/settings.ts';
import { isStrict } from '../dialect/settings.ts';
import { type Json, checkedObject, member } from '../json/json.ts';
import { checkMessage } from '../messages/message.ts';
import { type ScimProblem, invalidCount, invalidValue } from '../problem/problem.ts';

/** Which attributes an answer shows (RFC 7644 §3.9): all that a request of one resource is asked with. */
export type ShownAttributes = { attributes?: string[]; excludedAttributes?: string[] };

export type ListQuery = ShownAttributes & {
  filter?: string;
  sortBy?: string;
  sortOrder: 'ascending' | 'descending';
  startIndex: number;
  count?: number;
  /** Present, and empty on the first page, where the client pages by cursor (RFC 9865). */
  cursor?: string;
};

export const searchRequestSchema = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

type Parameters = Record<string, string | string[] | undefined>;
type Read = (name: string) => Json | undefined;

/** Beyond what can be counted every number means the same: more than there is (RFC 7644 §3.4.2.4). */
const integer = (
  value: Json | undefined,
  name: string,
  problem: (detail: string) => ScimProblem,
): number | undefined => {
  if (value === undefined || value === null || value === '') return undefined;
  const number = typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value) ? clamped(Number(value)) : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) throw problem(`"${name}" must be a whole number.`);
  return clamped(number);
};

const clamped = (number: number): number =>
  Math.min(Math.max(number, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);

const textOf = (value: Json | undefined, name: string): string | undefined => {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw invalidValue(`"${name}" must be a string.`);
  return value;
};

const namesOf = (value: Json | undefined, name: string): string[] | undefined => {
  if (value === undefined || value === null) return undefined;
  const names = (Array.isArray(value) ? value : [value])
    .flatMap((one) => (textOf(one, name) ?? '').split(','))
    .map((one) => one.trim())
    .filter(Boolean);
  return names.length > 0 ? names : undefined;
};

const sortOrderOf = (value: string | undefined): ListQuery['sortOrder'] => {
  const order = (value || 'ascending').toLowerCase();
  if (order !== 'ascending' && order !== 'descending')
    throw invalidValue('"sortOrder" must be ascending or descending.');
  return order;
};

const shownFrom = (read: Read): ShownAttributes => {
  const attributes = namesOf(read('attributes'), 'attributes');
  const excludedAttributes = namesOf(read('excludedAttributes'), 'excludedAttributes');
  return { ...(attributes && { attributes }), ...(excludedAttributes && { excludedAttributes }) };
};

/** RFC 7644 §3.4.2: a `startIndex` below 1 is 1 (Entra sends 0), a negative `count` is 0. */
const queryFrom = (read: Read): ListQuery => {
  const cursor = textOf(read('cursor'), 'cursor');
  const count = integer(read('count'), 'count', cursor === undefined ? invalidValue : invalidCount);
  const filter = textOf(read('filter'), 'filter');
  const sortBy = textOf(read('sortBy'), 'sortBy');
  return {
    ...(filter?.trim() && { filter }),
    ...(sortBy && { sortBy }),
    sortOrder: sortOrderOf(textOf(read('sortOrder'), 'sortOrder')),
    startIndex: Math.max(1, integer(read('startIndex'), 'startIndex', invalidValue) ?? 1),
    ...(count !== undefined && { count: Math.max(0, count) }),
    ...(cursor !== undefined && { cursor }),
    ...shownFrom(read),
  };
};

/** Parameters, their names in any case (E27 sends `startindex`). Of a repeated one the first counts, attribute lists are joined. */
const readerOf = (params: Parameters): Read => {
  const byName = new Map<string, string[]>();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined)
      byName.set(name.toLowerCase(), [
        ...(byName.get(name.toLowerCase()) ?? []),
        ...(Array.isArray(value) ? value : [value]),
      ]);
  }
  return (name) => {
    const values = byName.get(name.toLowerCase());
    return name.toLowerCase().endsWith('attributes') ? values : values?.[0];
  };
};

/** The parameters of a list; what is unknown is ignored. */
export const parseListQuery = (params: Parameters): ListQuery => queryFrom(readerOf(params));

/** The parameters of a request of one resource, to which those of lists say nothing, whatever they are (RFC 7644 §3.4.1). */
export const parseShownAttributes = (params: Parameters): ShownAttributes => shownFrom(readerOf(params));

/** RFC 7644 §3.4.3: the body of a POST to `/.search`. */
export const parseSearchRequest = (body: unknown, dialect: Pick<Dialect, 'unknownAttributes'>): ListQuery => {
  const object = checkedObject(body);
  checkMessage(object, searchRequestSchema, { required: isStrict(dialect) });
  return queryFrom((name) => member(object, name));
};
