import {
  isComparison,
  type Attribute,
  type Comparison,
  type ComparisonOperator,
  type Filter,
  type FilterAttribute,
  type PatchOperation,
  type ResourceType,
} from '@tenure/scim';
import type { ScimContext } from '../connection/scim-context.ts';
import { partOf, referencesOf, type Reference, type Target } from './references.ts';

type Here = Pick<ScimContext, 'types' | 'baseUrl'>;
type AboutOne = Comparison | Extract<Filter, { op: 'pr' }>;

/** A reference as filters see it: what its URL is made of, and what was given in its place. */
type Referring = {
  targets: readonly Target[];
  value?: FilterAttribute;
  kind?: FilterAttribute;
  kept?: FilterAttribute;
};

const nothing: Filter = { op: 'constant', value: false };
const not = (filter: Filter): Filter => ({ op: 'not', filter });
const pr = (attribute: FilterAttribute): Filter => ({ op: 'pr', attribute });

/** Of what has one value, some value is that. */
const itself = (filter: Filter): Filter => filter;

const isNothing = (filter: Filter) => filter.op === 'constant' && !filter.value;

const anyOf = (filters: readonly Filter[]): Filter => {
  const possible = filters.filter((filter) => !isNothing(filter));
  return possible.length > 1 ? { op: 'or', filters: possible } : (possible[0] ?? nothing);
};

const allOf = (filters: readonly Filter[]): Filter => {
  if (filters.some(isNothing)) return nothing;
  return filters.length > 1 ? { op: 'and', filters: [...filters] } : filters[0]!;
};

/** What is left of a text behind a beginning that the prefix ends in: of `Users/7` and of `s/7` it is `7` behind `…/v2/Users/`. */
const remainders = (prefix: string, text: string): string[] =>
  Array.from({ length: Math.min(prefix.length, text.length - 1) }, (_, index) => index + 1)
    .filter((length) => prefix.endsWith(text.slice(0, length)))
    .map((length) => text.slice(length));

/** The beginnings of a URL below the base URL, which may be relative to it (RFC 7643 §2.3.7). */
const spellings = (baseUrl: string, endpoint: string) => [
  `${baseUrl}${endpoint}/`,
  `${endpoint}/`,
  `${endpoint.slice(1)}/`,
  `..${endpoint}/`,
];

/** How a URL of this endpoint, which ends in the value, compares with a text: a condition on the value, exactly. */
const comparedUrl = (
  baseUrl: string,
  endpoint: string,
  value: FilterAttribute,
  op: Exclude<ComparisonOperator, 'ne'>,
  text: string,
): Filter => {
  const prefix = `${baseUrl}${endpoint}/`;
  const on = (condition: ComparisonOperator, wanted: string): Filter => ({
    op: condition,
    attribute: value,
    value: wanted,
  });
  const rest = text.startsWith(prefix) ? text.slice(prefix.length) : undefined;
  switch (op) {
    case 'eq': {
      const spelling = spellings(baseUrl, endpoint).find((beginning) => text.startsWith(beginning));
      return spelling === undefined ? nothing : on('eq', text.slice(spelling.length));
    }
    case 'sw':
      if (prefix.startsWith(text)) return pr(value);
      return rest === undefined ? nothing : on('sw', rest);
    case 'ew':
      return anyOf([on('ew', text), ...remainders(prefix, text).map((tail) => on('eq', tail))]);
    case 'co':
      return prefix.includes(text)
        ? pr(value)
        : anyOf([on('co', text), ...remainders(prefix, text).map((tail) => on('sw', tail))]);
    case 'gt':
    case 'ge':
      return rest === undefined ? (prefix > text ? pr(value) : nothing) : on(op, rest);
    case 'lt':
    case 'le':
      return rest === undefined ? (prefix < text ? pr(value) : nothing) : on(op, rest);
  }
};

/** A reference as a client gave it is shown so, and found by each of its spellings. */
const comparedGiven = (
  baseUrl: string,
  targets: readonly Target[],
  kept: FilterAttribute,
  op: Exclude<ComparisonOperator, 'ne'>,
  text: string,
): Filter => {
  const named =
    op === 'eq'
      ? targets
          .map(({ endpoint }) => spellings(baseUrl, endpoint))
          .find((all) => all.some((beginning) => text.startsWith(beginning)))
      : undefined;
  const tail = named && text.slice(named.find((beginning) => text.startsWith(beginning))!.length);
  return anyOf(
    (named?.map((beginning) => `${beginning}${tail}`) ?? [text]).map((value) => ({ op, attribute: kept, value })),
  );
};

const compared = (
  baseUrl: string,
  { targets, value, kind, kept }: Referring,
  op: Exclude<ComparisonOperator, 'ne'>,
  text: string,
): Filter => {
  const written = targets.map(({ endpoint, kind: wanted }) => {
    if (!value) return nothing;
    const found = comparedUrl(baseUrl, endpoint, value, op, text);
    return kind ? allOf([found, { op: 'eq', attribute: kind, value: wanted }]) : found;
  });
  const given = kept
    ? allOf([...(value ? [not(pr(value))] : []), comparedGiven(baseUrl, targets, kept, op, text)])
    : nothing;
  return anyOf([...written, given]);
};

const isThere = ({ value, kept }: Referring): Filter =>
  anyOf([value, kept].flatMap((attribute) => (attribute ? [pr(attribute)] : [])));

/** What a filter says of a reference, as it is of `some` of its values; without one, `eq null` and `ne` hold as of any attribute. */
const resolved = (
  baseUrl: string,
  referring: Referring,
  filter: AboutOne,
  some: (filter: Filter) => Filter,
): Filter => {
  const there = isThere(referring);
  if (filter.op === 'pr') return some(there);
  const { op, value } = filter;
  if (value === null) return op === 'eq' ? not(some(there)) : some(there);
  const text = String(value);
  if (op !== 'ne') return some(compared(baseUrl, referring, op, text));
  return anyOf([not(some(there)), some(allOf([there, not(compared(baseUrl, referring, 'eq', text))]))]);
};

const described = (path: string, { type, caseExact }: Attribute): FilterAttribute => ({
  path,
  type,
  caseExact,
  multiValued: false,
});

/** The parts of one value; in brackets they go by their own names. */
const referringOf = ({ path, attribute, targets, written, kept }: Reference): Referring => {
  const part = (name: string, wanted: boolean): FilterAttribute | undefined => {
    const sub = wanted ? partOf(attribute, name) : undefined;
    return sub && described(attribute.multiValued ? name : `${path}.${name}`, sub);
  };
  return {
    targets,
    value: part('value', written),
    kind: part('type', written && targets.length > 1),
    kept: part('$ref', kept),
  };
};

const id: FilterAttribute = { path: 'id', type: 'string', caseExact: true, multiValued: false };

const walk = (
  filter: Filter,
  about: (one: AboutOne) => Filter,
  within: (where: Extract<Filter, { op: 'where' }>) => Filter,
): Filter => {
  if (filter.op === 'pr' || isComparison(filter)) return about(filter);
  switch (filter.op) {
    case 'and':
    case 'or':
      return { ...filter, filters: filter.filters.map((one) => walk(one, about, within)) };
    case 'not':
      return not(walk(filter.filter, about, within));
    case 'where':
      return within(filter);
    case 'constant':
      return filter;
  }
};

/** The filter of an element's own parts, as in `members[$ref eq "…"]`. */
const elementFilter = (filter: Filter, { baseUrl }: Here, reference: Reference | undefined): Filter => {
  if (!reference) return filter;
  const referring = referringOf(reference);
  const about = (one: AboutOne) => (one.attribute.path === '$ref' ? resolved(baseUrl, referring, one, itself) : one);
  return walk(filter, about, itself);
};

/**
 * A filter without the URLs that only the edge knows (RFC 7644 §3.4.2.2): `meta.location`, and a `$ref` that is written beside a `value`,
 * are what that value, or the `id`, says. A URL of anybody else's is that of nothing here.
 */
export const withoutUrls = (filter: Filter, here: Here, type: ResourceType): Filter => {
  const references = referencesOf(here, type);
  const about = (one: AboutOne): Filter => {
    const { path } = one.attribute;
    if (path === 'meta.location')
      return resolved(
        here.baseUrl,
        { targets: [{ kind: type.name, endpoint: type.endpoint }], value: id },
        one,
        itself,
      );
    const reference = path.endsWith('.$ref') ? references.find((known) => path === `${known.path}.$ref`) : undefined;
    if (!reference) return one;
    const whole: FilterAttribute = {
      ...described(reference.path, reference.attribute),
      multiValued: reference.attribute.multiValued,
    };
    const some = (inner: Filter): Filter =>
      whole.multiValued && !isNothing(inner) ? { op: 'where', attribute: whole, filter: inner } : inner;
    return resolved(here.baseUrl, referringOf(reference), one, some);
  };
  return walk(filter, about, (where) => ({
    ...where,
    filter: elementFilter(
      where.filter,
      here,
      references.find(({ path }) => path === where.attribute.path),
    ),
  }));
};

/** The same for operations of a PATCH: `members[$ref eq "…"]` is by the member's id. */
export const operationsWithoutUrls = (
  operations: readonly PatchOperation[],
  here: Here,
  type: ResourceType,
): PatchOperation[] =>
  operations.map((operation) => {
    const reference = operation.where && referencesOf(here, type).find(({ path }) => path === operation.path);
    return reference ? { ...operation, where: elementFilter(operation.where!, here, reference) } : operation;
  });
