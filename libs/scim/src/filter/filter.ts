import type { AttributeType } from '../schema/attribute.ts';

/**
 * What a comparison looks at. `path` is canonical: `userName`, `name.givenName`, `emails.value`, `urn:…:User:manager.value`;
 * inside a `where` it is relative to the element (`type`, or `value` for what the element itself is when it isn't complex).
 */
export type FilterAttribute = {
  path: string;
  type: AttributeType;
  caseExact: boolean;
  /** Any value of it may match. */
  multiValued: boolean;
};

export type ComparisonOperator = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le';
export type Literal = string | number | boolean | null;

export type Comparison = { op: ComparisonOperator; attribute: FilterAttribute; value: Literal };

/** A filter of RFC 7644 §3.4.2.2, resolved against a schema. Plain JSON, so that it can travel and be compiled. */
export type Filter =
  | { op: 'and' | 'or'; filters: Filter[] }
  | { op: 'not'; filter: Filter }
  | { op: 'pr'; attribute: FilterAttribute }
  /** `attribute[filter]`: some one element satisfies all of it. */
  | { op: 'where'; attribute: FilterAttribute; filter: Filter }
  /** What an unknown attribute comes to: it has no value in any resource (RFC 7644 §3.4.2.1). */
  | { op: 'constant'; value: boolean }
  | Comparison;

export const comparisonOperators: readonly ComparisonOperator[] = [
  'eq',
  'ne',
  'co',
  'sw',
  'ew',
  'gt',
  'ge',
  'lt',
  'le',
];

/** Far more than any client sends, little enough to be parsed and compiled without harm. */
export const filterLimits = { length: 8_192, depth: 20, terms: 200 };

export const isComparison = (filter: Filter): filter is Comparison => 'value' in filter && 'attribute' in filter;

const printLiteral = (value: Literal): string => JSON.stringify(value);

const printOperand = (filter: Filter): string =>
  filter.op === 'and' || filter.op === 'or' ? `(${printFilter(filter)})` : printFilter(filter);

/** The filter as text that parses to the same filter. */
export const printFilter = (filter: Filter): string => {
  switch (filter.op) {
    case 'and':
    case 'or':
      return filter.filters.map(printOperand).join(` ${filter.op} `);
    case 'not':
      return `not (${printFilter(filter.filter)})`;
    case 'pr':
      return `${filter.attribute.path} pr`;
    case 'where':
      return `${filter.attribute.path}[${printFilter(filter.filter)}]`;
    case 'constant':
      return filter.value ? 'id pr' : 'not (id pr)';
    case 'eq':
    case 'ne':
    case 'co':
    case 'sw':
    case 'ew':
    case 'gt':
    case 'ge':
    case 'lt':
    case 'le':
      return `${filter.attribute.path} ${filter.op} ${printLiteral(filter.value)}`;
  }
};
