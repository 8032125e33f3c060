import { invalidSyntax, invalidValue } from '../problem/problem.ts';

export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [name: string]: Json };

/** Deeper than any SCIM message nests, shallower than what would exhaust a stack. */
export const maxJsonDepth = 24;

/** Names that reach a prototype in careless code, here or in a consumer of our events. */
const hostileNames = new Set(['__proto__', 'constructor', 'prototype']);

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Text that no database keeps: NUL, or half of a surrogate pair. */
export const isStorable = (text: string): boolean => !text.includes('\u0000') && !/\p{Surrogate}/u.test(text);

/** Untrusted input as JSON: refuses hostile names, depth beyond reason, text that can't be stored and what isn't JSON at all. */
export const checkedJson = (value: unknown, depth = 0): Json => {
  if (depth > maxJsonDepth) throw invalidSyntax(`The body is nested deeper than ${maxJsonDepth} levels.`);
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    if (!isStorable(value)) throw invalidValue('The body has text with characters that cannot be stored.');
    return value;
  }
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((element) => checkedJson(element ?? null, depth + 1));
  if (typeof value !== 'object') throw invalidSyntax('The body is not JSON.');
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  const hostile = entries.find(([name]) => hostileNames.has(name.toLowerCase()) || !isStorable(name));
  if (hostile) throw invalidSyntax(`"${hostile[0].slice(0, 100)}" is not a name that can be used.`);
  return Object.fromEntries(entries.map(([name, member]) => [name, checkedJson(member, depth + 1)]));
};

export const isHostileName = (name: string): boolean =>
  hostileNames.has(name.toLowerCase()) || name in Object.prototype;

export const checkedObject = (body: unknown): JsonObject => {
  const json = checkedJson(body ?? null);
  if (!isObject(json)) throw invalidSyntax('The body is not a JSON object.');
  return json;
};

/** The object without what is null; `undefined` when nothing is left. */
export const withoutNulls = (object: JsonObject): JsonObject | undefined => {
  const entries = Object.entries(object).filter(([, value]) => value !== null);
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
};

/** A member of a message by its name in any case (RFC 7643 §2.1). */
export const member = (object: JsonObject, name: string): Json | undefined => {
  if (Object.hasOwn(object, name)) return object[name];
  const wanted = name.toLowerCase();
  return Object.entries(object).find(([key]) => key.toLowerCase() === wanted)?.[1];
};

/** Equal for equal values, whatever the order of members and, as multi-valued attributes are sets (RFC 7643 §2.4), of elements. */
export const fingerprint = (value: Json | undefined): string => {
  if (Array.isArray(value)) return `[${value.map(fingerprint).sort().join()}]`;
  if (!isObject(value)) return JSON.stringify(value ?? null);
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${fingerprint(value[name])}`);
  return `{${members.join()}}`;
};

export const sameValue = (a: Json | undefined, b: Json | undefined): boolean =>
  a === b || fingerprint(a) === fingerprint(b);
