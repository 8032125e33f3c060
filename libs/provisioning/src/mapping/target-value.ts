import { isObject } from '@tenure/scim';
import type { ConnectorTarget, TargetValue } from '../connector/index.ts';
import type { Value } from '../expression/index.ts';
import { isEmpty, isTrue, toNumber, toText, toTexts } from '../expression/values.ts';

/** A value in the form that a target has: Entra's `"True"` becomes true, the first of several stands for a single one. `null` is empty. */
export const valueFor = ({ type, multiValued }: ConnectorTarget, value: Value): TargetValue => {
  if (isEmpty(value)) return null;
  if (!multiValued) return scalarFor(type, value);
  if (type !== 'complex') return toTexts(value);
  if (Array.isArray(value) && value.some((element) => typeof element !== 'string'))
    return (value as unknown[]).filter(isObject) as unknown as TargetValue;
  return toTexts(value).map((text) => ({ value: text }));
};

const scalarFor = (type: ConnectorTarget['type'], value: Value): TargetValue => {
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
    case 'instant':
    case 'binary':
    case 'reference':
      return toText(value) === '' ? null : toText(value);
  }
};
