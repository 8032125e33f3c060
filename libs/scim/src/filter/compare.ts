import { fold, sortableInstant } from '../json/instant.ts';
import type { Json } from '../json/json.ts';
import type { ComparisonOperator, FilterAttribute, Literal } from './filter.ts';

/** A value in the form in which it is compared: folded unless case matters, instants as sortable UTC text. */
export const comparable = (
  { type, caseExact }: Pick<FilterAttribute, 'type' | 'caseExact'>,
  value: Json,
): Literal | undefined => {
  if (typeof value !== 'string') return typeof value === 'object' ? undefined : value;
  if (type === 'dateTime') return sortableInstant(value);
  return caseExact || type === 'binary' ? value : fold(value);
};

type Ordered = string | number;

const relations: Record<Exclude<ComparisonOperator, 'eq' | 'ne'>, (actual: Ordered, wanted: Ordered) => boolean> = {
  co: (actual, wanted) => String(actual).includes(String(wanted)),
  sw: (actual, wanted) => String(actual).startsWith(String(wanted)),
  ew: (actual, wanted) => String(actual).endsWith(String(wanted)),
  gt: (actual, wanted) => actual > wanted,
  ge: (actual, wanted) => actual >= wanted,
  lt: (actual, wanted) => actual < wanted,
  le: (actual, wanted) => actual <= wanted,
};

const isOrdered = (value: Literal): value is Ordered => typeof value === 'string' || typeof value === 'number';

/**
 * Whether any value matches. Without a value an attribute equals null and nothing else: `eq null` and `ne "x"` hold (RFC 7643 §2.5
 * makes null and unassigned the same), every other comparison fails.
 */
export const compare = (
  op: ComparisonOperator,
  attribute: FilterAttribute,
  values: Json[],
  literal: Literal,
): boolean => {
  const wanted = literal === null ? null : comparable(attribute, literal);
  const actual = values
    .map((value) => comparable(attribute, value))
    .filter((value) => value !== undefined && value !== null);
  if (op === 'eq') return wanted === null ? actual.length === 0 : actual.includes(wanted!);
  if (op === 'ne')
    return wanted === null ? actual.length > 0 : actual.length === 0 || actual.some((value) => value !== wanted);
  return (
    isOrdered(wanted!) &&
    actual.some((value) => typeof value === typeof wanted && relations[op](value as Ordered, wanted as Ordered))
  );
};
