import type { Dialect } from '../dialect/settings.ts';
import { isStrict } from '../dialect/settings.ts';
import { sortableInstant } from '../json/instant.ts';
import { type Json, type JsonObject, checkedJson, fingerprint, isObject, withoutNulls } from '../json/json.ts';
import { invalidValue } from '../problem/problem.ts';
import type { Attribute } from '../schema/attribute.ts';
import { findSubAttribute } from '../schema/lookup.ts';

export type NoteCode =
  | 'unknown-attribute'
  | 'unknown-schema'
  | 'legacy-schema'
  | 'missing-schemas'
  | 'bare-extension-attribute'
  | 'core-as-extension'
  | 'not-writable'
  | 'boolean-as-string'
  | 'number-as-string'
  | 'wrapped-value'
  | 'plain-value'
  | 'single-as-list'
  | 'json-in-value'
  | 'manager-id'
  | 'second-primary'
  | 'missing-op'
  | 'no-operations'
  | 'flattened-name'
  | 'skipped-member';

/** An oddity that was tolerated: what and where, never a value. */
export type Note = { code: NoteCode; attribute: string };

/** One reading of one body: how to read it, and what was noticed on the way. */
export type Reading = { dialect: Dialect; notes: Note[] };

const maxNotes = 100;

export const note = ({ notes }: Reading, code: NoteCode, attribute: string): void => {
  const name = attribute.slice(0, 200);
  if (notes.length < maxNotes && !notes.some((one) => one.code === code && one.attribute === name))
    notes.push({ code, attribute: name });
};

const wrong = (path: string, expected: string) => invalidValue(`"${path}" must be ${expected}.`);

/** A shape that clients send and everybody understands, unless the connection is strict. */
const tolerate = (reading: Reading, code: NoteCode, path: string, expected: string): void => {
  if (isStrict(reading.dialect)) throw wrong(path, expected);
  note(reading, code, path);
};

/** An unknown name: refused by a strict connection, noted and dropped by the others (C3). */
export const ignoreUnknown = (reading: Reading, name: string): void => {
  if (isStrict(reading.dialect)) throw invalidValue(`"${name.slice(0, 200)}" is not an attribute of this resource.`);
  note(reading, 'unknown-attribute', name);
};

/** Says a value and nothing else: what has more to it is no single value. */
const isWrapper = (object: JsonObject): boolean =>
  Object.entries(object).every(([name, one]) => name === 'value' || one === null);

/** E26: `[{"value": x}]` and `[x]` where a plain x belongs. */
const unwrapped = (raw: Json, path: string, reading: Reading): Json => {
  const inner = Array.isArray(raw) && raw.length === 1 ? raw[0]! : raw;
  const value = isObject(inner) && Object.hasOwn(inner, 'value') && isWrapper(inner) ? inner.value! : inner;
  if (value !== raw) tolerate(reading, 'wrapped-value', path, 'a single value');
  return value;
};

export const booleanOf = (raw: Json, dialect: Pick<Dialect, 'stringBooleans'>): boolean | undefined => {
  if (typeof raw === 'boolean') return raw;
  if (!dialect.stringBooleans || typeof raw !== 'string') return undefined;
  const word = raw.trim().toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : undefined;
};

const readBoolean = (raw: Json, path: string, reading: Reading): boolean => {
  const value = booleanOf(raw, reading.dialect);
  if (value === undefined) throw wrong(path, 'true or false');
  if (typeof raw === 'string') note(reading, 'boolean-as-string', path);
  return value;
};

const readText = (raw: Json, path: string, reading: Reading): string => {
  if (typeof raw === 'string') return raw;
  if (typeof raw !== 'number') throw wrong(path, 'a string');
  tolerate(reading, 'number-as-string', path, 'a string');
  return String(raw);
};

/** RFC 7643 §2.3.6: base64 of RFC 4648 §4, of which the padding may be left out; held to the letter only (C16). */
const readBinary = (raw: Json, path: string, reading: Reading): string => {
  const value = readText(raw, path, reading);
  if (
    isStrict(reading.dialect) &&
    !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/.test(value)
  )
    throw wrong(path, 'base64');
  return value;
};

/** `undefined` is unassigned: null, nothing, and (E25, C8) an empty string from a client that isn't strict. Other formats are not checked (C16). */
const readSimple = (attribute: Attribute, given: Json, path: string, reading: Reading): Json | undefined => {
  const raw =
    Array.isArray(given) || isObject(given)
      ? Array.isArray(given) && given.length === 0
        ? null
        : unwrapped(given, path, reading)
      : given;
  if (raw === null || (raw === '' && !isStrict(reading.dialect))) return undefined;
  switch (attribute.type) {
    case 'boolean':
      return readBoolean(raw, path, reading);
    case 'integer':
      if (!Number.isInteger(raw)) throw wrong(path, 'a whole number');
      return raw;
    case 'decimal':
      if (typeof raw !== 'number') throw wrong(path, 'a number');
      return raw;
    case 'dateTime':
      if (typeof raw !== 'string' || sortableInstant(raw) === undefined)
        throw wrong(path, 'a dateTime such as 2026-01-05T09:00:00Z');
      return raw;
    case 'binary':
      return readBinary(raw, path, reading);
    case 'string':
    case 'reference':
      return readText(raw, path, reading);
    case 'complex':
      throw wrong(path, 'an object');
  }
};

/** E14: Entra's `AppRoleAssignmentsComplex` puts `{"id", "value", "displayName"}` as text into `value`. */
const decoded = (raw: JsonObject, path: string, reading: Reading): JsonObject => {
  if (typeof raw.value !== 'string' || !raw.value.startsWith('{') || isStrict(reading.dialect)) return raw;
  try {
    const inner = checkedJson(JSON.parse(raw.value));
    if (!isObject(inner) || typeof inner.value !== 'string') return raw;
    note(reading, 'json-in-value', path);
    const display: JsonObject = typeof inner.displayName === 'string' ? { display: inner.displayName } : {};
    return { ...display, ...raw, value: inner.value };
  } catch {
    return raw;
  }
};

/** C8: what OneLogin's template calls the manager's id. */
const subAttributeNamed = (
  attribute: Attribute,
  name: string,
  path: string,
  reading: Reading,
): Attribute | undefined => {
  const sub = findSubAttribute(attribute, name);
  if (sub || attribute.name !== 'manager' || name.toLowerCase() !== 'managerid' || isStrict(reading.dialect))
    return sub;
  note(reading, 'manager-id', path);
  return findSubAttribute(attribute, 'value');
};

/** The sub-attributes that an object sets, or with null clears. Read-only ones are dropped. */
export const readSubAttributes = (
  attribute: Attribute,
  raw: JsonObject,
  path: string,
  reading: Reading,
): JsonObject => {
  const result: JsonObject = {};
  for (const [name, value] of Object.entries(raw)) {
    const sub = subAttributeNamed(attribute, name, path, reading);
    if (!sub) ignoreUnknown(reading, `${path}.${name}`);
    else if (sub.mutability !== 'readOnly')
      result[sub.name] = readValue(sub, value, `${path}.${sub.name}`, reading) ?? null;
  }
  return result;
};

export const requireSubAttributes = (attribute: Attribute, value: JsonObject, path: string): void => {
  const missing = attribute.subAttributes?.find(
    (sub) => sub.required && sub.mutability !== 'readOnly' && !Object.hasOwn(value, sub.name),
  );
  if (missing) throw invalidValue(`"${path}.${missing.name}" is required.`);
};

/** RFC 7643 §2.4: `$ref` names by its URI what `value` names by its id, which ends that URI. A value that must be there is read from it. */
const withReferredValue = (attribute: Attribute, subs: JsonObject): JsonObject => {
  const needed = findSubAttribute(attribute, 'value')?.required && (subs.value ?? null) === null;
  const id = needed && typeof subs.$ref === 'string' ? /([^/?#]+)\/*$/.exec(subs.$ref)?.[1] : undefined;
  return id === undefined ? subs : { ...subs, value: id };
};

/** One value of a complex attribute as an object: a plain value stands for its `value`. `undefined` when it says nothing. */
export const asObject = (attribute: Attribute, raw: Json, path: string, reading: Reading): JsonObject | undefined => {
  if (raw === null || raw === '') return undefined;
  if (isObject(raw)) return raw;
  if (Array.isArray(raw) || !findSubAttribute(attribute, 'value')) throw wrong(path, 'an object');
  tolerate(reading, 'plain-value', path, 'an object');
  return { value: raw };
};

export const readElement = (attribute: Attribute, raw: Json, path: string, reading: Reading): Json | undefined => {
  if (attribute.type !== 'complex') return readSimple(attribute, raw, path, reading);
  const object = asObject(attribute, raw, path, reading);
  if (!object) return undefined;
  const value = withoutNulls(
    withReferredValue(attribute, readSubAttributes(attribute, decoded(object, path, reading), path, reading)),
  );
  requireSubAttributes(attribute, value ?? {}, path);
  return value;
};

/** RFC 7643 §2.4: primary is true at most once. A second one is an error to the letter; otherwise the last wins. */
const onePrimary = (elements: Json[], path: string, reading: Reading): Json[] => {
  const primaries = elements.filter((element) => isObject(element) && element.primary === true);
  if (primaries.length < 2) return elements;
  tolerate(reading, 'second-primary', path, 'given with one primary value');
  const last = primaries.at(-1);
  return elements.map((element) =>
    element !== last && isObject(element) && element.primary === true ? { ...element, primary: false } : element,
  );
};

/** A multi-valued attribute as a list without nulls, empty values and repetitions. */
export const readList = (attribute: Attribute, raw: Json, path: string, reading: Reading): Json[] => {
  const elements = (Array.isArray(raw) ? raw : [raw])
    .map((element) => readElement(attribute, element, path, reading))
    .filter((element) => element !== undefined);
  const distinct = new Map(elements.map((element) => [fingerprint(element), element]));
  return onePrimary([...distinct.values()], path, reading);
};

/** E26: what belongs there alone, out of a list of one; null out of an empty one. */
export const singleOf = (raw: Json, path: string, reading: Reading): Json => {
  const single = Array.isArray(raw) && raw.length <= 1 ? (raw[0] ?? null) : raw;
  if (single !== raw && single !== null) tolerate(reading, 'wrapped-value', path, 'an object');
  return single;
};

/** E10, C8: the manager as an array of one. An empty `value` means that there is none. */
export const readSingleComplex = (
  attribute: Attribute,
  raw: Json,
  path: string,
  reading: Reading,
): JsonObject | undefined => {
  const object = asObject(attribute, singleOf(raw, path, reading), path, reading);
  const subs = object && readSubAttributes(attribute, object, path, reading);
  return !subs || subs.value === null ? undefined : subs;
};

/** A value as the schema has it, `undefined` where it is unassigned (RFC 7643 §2.5: null and `[]` alike). */
export const readValue = (attribute: Attribute, raw: Json, path: string, reading: Reading): Json | undefined => {
  if (attribute.multiValued) {
    if (!Array.isArray(raw) && raw !== null && raw !== '') tolerate(reading, 'single-as-list', path, 'an array');
    const list = readList(attribute, raw, path, reading);
    return list.length > 0 ? list : undefined;
  }
  if (attribute.type !== 'complex') return readSimple(attribute, raw, path, reading);
  const subs = readSingleComplex(attribute, raw, path, reading);
  const value = subs && withoutNulls(subs);
  if (value) requireSubAttributes(attribute, value, path);
  return value;
};
