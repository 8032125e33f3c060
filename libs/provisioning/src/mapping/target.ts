import { type Filter, type Json, type JsonObject, attributesOf, userType } from '@tenure/scim';
import type { Value } from '../expression/index.ts';
import { isEmpty, isTrue, toNumber, toText, toTexts } from '../expression/values.ts';
import { type AttributePath, readAttributePath } from './attribute-path.ts';

/** Reads the target of a mapping; a text tells why it can't be one. */
export const readTarget = (text: string): AttributePath | string => {
  const path = readAttributePath(text);
  if (typeof path === 'string') return path;
  if (!path.writable) return `${path.text} can't be set.`;
  if (path.where && !path.sub) return `${text} needs a part, such as ${text}.value.`;
  if (path.where && !elementOf(path.where))
    return `${text} must say with eq, and nothing else, which element is meant.`;
  if (path.multiValued && path.sub && !path.where) {
    return `${text} must say which element is meant, such as ${path.members.join(':')}[type eq "work"].${path.sub.name}.`;
  }
  if (path.type === 'complex' && !path.multiValued && !path.sub && !path.hasValue)
    return `${text} needs a part, such as ${text}.givenName.`;
  return path;
};

/** The element that a filter of equalities describes: `{type: 'work'}`. */
export const elementOf = (where: Filter): JsonObject | undefined => {
  if (where.op === 'eq') return { [where.attribute.path]: where.value };
  if (where.op !== 'and') return undefined;
  const parts = where.filters.map(elementOf);
  return parts.every((part) => part !== undefined) ? Object.assign({}, ...parts) : undefined;
};

/** A value in the type that a target has: Entra's `"True"` becomes true, the first of several stands for a single one. `null` is empty. */
export const valueFor = ({ type, multiValued, sub }: AttributePath, value: Value): Json => {
  if (isEmpty(value)) return null;
  if (!multiValued || sub) return scalarFor(sub?.type ?? type, value);
  if (type !== 'complex') return toTexts(value);
  if (Array.isArray(value) && value.some((element) => typeof element !== 'string')) return value as JsonObject[];
  return toTexts(value).map((text) => ({ value: text }));
};

const scalarFor = (type: AttributePath['type'], value: Value): Json => {
  switch (type) {
    case 'boolean':
      return /^(true|false|1|0)$/i.test(toText(value)) ? isTrue(value) : null;
    case 'integer':
      return Number.isInteger(toNumber(value)) ? toNumber(value) : null;
    case 'decimal':
      return toNumber(value);
    case 'complex':
      return toText(value) === '' ? null : { value: toText(value) };
    case 'string':
    case 'dateTime':
    case 'binary':
    case 'reference':
      return toText(value) === '' ? null : toText(value);
  }
};

export type Target = { path: string; type: AttributePath['type']; mandatory: boolean };

/** What an admin can choose from: all that a SCIM User has, its several values by their usual types. */
export const targetsFor = (mandatory: readonly string[]): Target[] => {
  const wanted = new Set(mandatory.map(sameTarget));
  const offered = attributesOf(userType)
    .filter(({ schema }) => !schema.id.includes(':tenure:'))
    .flatMap(({ path, attribute: { multiValued, subAttributes } }) => {
      if (!subAttributes) return [path];
      const subs = subAttributes.map(({ name }) => name);
      if (!multiValued) return subs.includes('value') ? [path] : subs.map((sub) => `${path}.${sub}`);
      const types = subAttributes.find(({ name }) => name === 'type')?.canonicalValues ?? [];
      const filters = types.length > 0 ? types.map((type) => `type eq "${type}"`) : ['primary eq "True"'];
      // What the filter says of an element is no target of its own.
      const parts = subs.filter((sub) => sub !== 'primary' && (sub !== 'type' || types.length === 0));
      return [path, ...filters.flatMap((filter) => parts.map((part) => `${path}[${filter}].${part}`))];
    });
  return offered.flatMap((path) => {
    const target = readTarget(path);
    return typeof target === 'string'
      ? []
      : [{ path, type: target.sub?.type ?? target.type, mandatory: wanted.has(sameTarget(path)) }];
  });
};

/** Equal for two spellings of one target. */
export const sameTarget = (target: string): string => {
  const path = readAttributePath(target);
  return (typeof path === 'string' ? target : path.text).toLowerCase();
};
