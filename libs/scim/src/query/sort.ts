import { comparable } from '../filter/compare.ts';
import type { FilterAttribute, Literal } from '../filter/filter.ts';
import { valuesAt } from '../filter/matches.ts';
import { type Json, type JsonObject, isObject } from '../json/json.ts';
import { invalidValue } from '../problem/problem.ts';
import type { ResourceType } from '../schema/attribute.ts';
import { findAttribute, findSubAttribute } from '../schema/lookup.ts';

/** By what a list is sorted. Of a multi-valued attribute it is the primary value, else the first (RFC 7644 §3.4.2.3): `path` is its own, `sub` within the value. */
export type Sort = {
  path: string;
  sub?: string;
  type: FilterAttribute['type'];
  caseExact: boolean;
  order: 'ascending' | 'descending';
};

/** `undefined` where nothing was asked for. At the root several types may know the name; the first one that does counts. */
export const parseSort = (
  types: ResourceType | ResourceType[],
  { sortBy, sortOrder }: { sortBy?: string; sortOrder: Sort['order'] },
): Sort | undefined => {
  if (!sortBy) return undefined;
  for (const type of Array.isArray(types) ? types : [types]) {
    const found = findAttribute(type, sortBy, { lenient: true });
    if (!found) continue;
    const sub = found.sub ?? findSubAttribute(found.attribute, 'value');
    const target = sub ?? found.attribute;
    if (target.type === 'complex') throw invalidValue(`"${found.path}" is complex: name the sub-attribute to sort by.`);
    if (found.attribute.returned === 'never') throw invalidValue(`"${found.path}" cannot be sorted by.`);
    return {
      path: found.path,
      ...(sub && { sub: sub.name }),
      type: target.type,
      caseExact: target.caseExact,
      order: sortOrder,
    };
  }
  throw invalidValue(`"${sortBy.slice(0, 200)}" is not an attribute to sort by.`);
};

const isPrimary = (value: Json): boolean => isObject(value) && value.primary === true;

/** What a resource is sorted by: folded unless case matters, instants as sortable text; `undefined` without a value. */
export const sortKey = (
  { path, sub, type, caseExact }: Sort,
  resource: JsonObject,
): Exclude<Literal, null> | undefined => {
  const values = valuesAt(resource, path);
  const chosen = values.find(isPrimary) ?? values[0];
  const value = sub === undefined ? chosen : isObject(chosen) && Object.hasOwn(chosen, sub) ? chosen[sub] : undefined;
  return value === undefined ? undefined : (comparable({ type, caseExact }, value) ?? undefined);
};

/** Orders resources; those without a value come last when ascending and first when descending (RFC 7644 §3.4.2.3). */
export const compareBy =
  (sort: Sort) =>
  (a: JsonObject, b: JsonObject): number => {
    const [left, right] = [sortKey(sort, a), sortKey(sort, b)];
    const direction = sort.order === 'ascending' ? 1 : -1;
    if (left === right) return 0;
    if (left === undefined) return direction;
    if (right === undefined) return -direction;
    return left < right ? -direction : direction;
  };
