import { type Json, type JsonObject, isObject } from '../json/json.ts';
import { segmentsOf } from '../schema/lookup.ts';
import { compare } from './compare.ts';
import type { Filter } from './filter.ts';

/** All values at a path, through every element on the way. */
export const valuesAt = (value: Json, path: string): Json[] => {
  let values = [value];
  for (const name of segmentsOf(path)) {
    values = values.flatMap((one) => (isObject(one) && Object.hasOwn(one, name) ? [one[name]!] : [])).flat();
  }
  return values;
};

/** RFC 7644 §3.4.2.2 `pr`: a value that is not empty; of a complex one, with some sub-attribute that has a value. */
const isPresent = (value: Json): boolean => {
  if (value === null || value === '') return false;
  if (typeof value !== 'object') return true;
  return Object.values(value).some(isPresent);
};

/** An element that isn't complex goes by the name `value`. */
const asElement = (value: Json): JsonObject => (isObject(value) ? value : { value });

/** Whether the resource, or inside brackets the element, satisfies the filter, exactly. */
export const matches = (filter: Filter, resource: JsonObject): boolean => {
  switch (filter.op) {
    case 'and':
      return filter.filters.every((one) => matches(one, resource));
    case 'or':
      return filter.filters.some((one) => matches(one, resource));
    case 'not':
      return !matches(filter.filter, resource);
    case 'pr':
      return valuesAt(resource, filter.attribute.path).some(isPresent);
    case 'where':
      return valuesAt(resource, filter.attribute.path).some((element) => matches(filter.filter, asElement(element)));
    case 'constant':
      return filter.value;
    case 'eq':
    case 'ne':
    case 'co':
    case 'sw':
    case 'ew':
    case 'gt':
    case 'ge':
    case 'lt':
    case 'le':
      return compare(filter.op, filter.attribute, valuesAt(resource, filter.attribute.path), filter.value);
  }
};

/** Whether one value of a multi-valued attribute satisfies the filter in its brackets. */
export const elementMatches = (filter: Filter, element: Json): boolean => matches(filter, asElement(element));
