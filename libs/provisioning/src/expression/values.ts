import type { JsonObject } from '@tenure/scim';
import type { Value } from './expression.ts';

/** No value, the empty text and the empty list mean the same (RFC 7643 §2.5). */
export const isEmpty = (value: Value | undefined): value is null | undefined | '' | [] =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);

/** As Entra writes values: booleans `True` and `False`, of several values the first, of an object its `value`. */
export const toText = (value: Value | undefined): string => {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  return value.length === 0 ? '' : elementText(value[0]!);
};

export const toTexts = (value: Value | undefined): string[] =>
  Array.isArray(value) ? value.map(elementText) : isEmpty(value) ? [] : [toText(value)];

const elementText = (element: string | JsonObject): string => {
  if (typeof element === 'string') return element;
  const { value } = element;
  return value === undefined || value === null || typeof value === 'object' ? '' : toText(value);
};

export const toNumber = (value: Value | undefined): number | null => {
  if (typeof value === 'number') return value;
  const text = toText(value).trim();
  return typeof value !== 'boolean' && /^-?\d{1,15}(\.\d+)?$/.test(text) ? Number(text) : null;
};

/** True is true, `"True"` in any case, and a number other than zero. */
export const isTrue = (value: Value | undefined): boolean => {
  if (typeof value === 'boolean') return value;
  const number = toNumber(value);
  return number === null ? toText(value).toLowerCase() === 'true' : number !== 0;
};
