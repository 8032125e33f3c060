import type { Dialect } from '../dialect/settings.ts';
import { sortableInstant } from '../json/instant.ts';
import { type ScimProblem, invalidFilter } from '../problem/problem.ts';
import { booleanOf } from '../resource/value.ts';
import type { Attribute, ResourceType } from '../schema/attribute.ts';
import { compare } from './compare.ts';
import {
  type ComparisonOperator,
  type Filter,
  type FilterAttribute,
  type Literal,
  comparisonOperators,
  filterLimits,
} from './filter.ts';
import { type Scanner, scannerOf } from './scanner.ts';
import { type InScope, type Scope, elementScope, resourceScope } from './scope.ts';

type Parser = { scanner: Scanner; dialect: Dialect; terms: { left: number }; severalTypes: boolean };

const ordering: readonly ComparisonOperator[] = ['gt', 'ge', 'lt', 'le'];
const substring: readonly ComparisonOperator[] = ['co', 'sw', 'ew'];

const nothing: FilterAttribute = { path: '', type: 'string', caseExact: true, multiValued: false };

/** Which literal, with which operator, an attribute's type allows (RFC 7644 §3.4.2.2); anything else is invalidFilter. */
const fittingLiteral = (
  { path, type }: FilterAttribute,
  op: ComparisonOperator,
  literal: Literal,
  dialect: Dialect,
  fail: (complaint: string) => ScimProblem,
): Literal => {
  const unordered = type === 'boolean' || type === 'binary';
  const noText = type !== 'string' && type !== 'reference' && type !== 'binary';
  if (type === 'complex') throw fail(`"${path}" is complex: name the sub-attribute to compare`);
  if ((unordered && ordering.includes(op)) || (noText && substring.includes(op)))
    throw fail(`"${op}" cannot be used with "${path}"`);
  if (literal === null) {
    if (op === 'eq' || op === 'ne') return null;
    throw fail(`"${op}" cannot be used with null`);
  }
  switch (type) {
    case 'boolean': {
      const value = booleanOf(literal, dialect);
      if (value === undefined) throw fail(`"${path}" is compared with true or false`);
      return value;
    }
    case 'integer':
    case 'decimal':
      if (typeof literal !== 'number') throw fail(`"${path}" is compared with a number`);
      return literal;
    case 'dateTime':
      if (typeof literal !== 'string' || sortableInstant(literal) === undefined)
        throw fail(`"${path}" is compared with a dateTime`);
      return literal;
    case 'string':
    case 'reference':
    case 'binary':
      if (typeof literal !== 'string') throw fail(`"${path}" is compared with a string`);
      return literal;
  }
};

const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

const parseLiteral = ({ scanner, dialect }: Parser): Literal => {
  const string = scanner.string();
  if (string !== undefined) return string;
  const position = scanner.position();
  const word = scanner.word();
  const lower = word.toLowerCase();
  if (lower === 'true' || lower === 'false') return lower === 'true';
  if (lower === 'null') return null;
  if (number.test(word) && Number.isFinite(Number(word))) return Number(word);
  if (dialect.unquotedFilterValues && word !== '') return word;
  throw scanner.fail(word === '' ? 'A value expected' : 'A string needs quotes', position);
};

/** `op value` or `pr`, about what stands before it. */
const parseCondition = (parser: Parser, subject: InScope | undefined, name: string): Filter => {
  const { scanner, dialect } = parser;
  const position = scanner.position();
  const word = scanner.word().toLowerCase();
  if (word === 'pr') return subject ? { op: 'pr', attribute: subject.itself } : { op: 'constant', value: false };
  const op = comparisonOperators.find((one) => one === word);
  if (!op) throw scanner.fail(`An operator expected after "${name}"`, position);
  const valueAt = scanner.position();
  const literal = parseLiteral(parser);
  if (!subject) return { op: 'constant', value: compare(op, nothing, [], literal) };
  const attribute = subject.compared;
  const text =
    dialect.unquotedFilterValues && attribute.type === 'string' && typeof literal === 'number'
      ? String(literal)
      : literal;
  return {
    op,
    attribute,
    value: fittingLiteral(attribute, op, text, dialect, (complaint) => scanner.fail(complaint, valueAt)),
  };
};

/** `[…]` with what may follow: nothing, or (E8's filter, beyond the grammar) `.value eq "x"` about the same element. */
const parseWhere = (
  parser: Parser,
  subject: InScope | undefined,
  name: string,
  position: number,
  depth: number,
): Filter => {
  const { scanner } = parser;
  if (subject && (!subject.attribute.multiValued || subject.sub))
    throw scanner.fail(`"${name}" is not multi-valued`, position);
  const element: Scope = subject ? elementScope(subject.attribute) : { find: () => undefined };
  const filter = parseOr(parser, element, depth + 1);
  scanner.expect(']');
  let whole = filter;
  if (scanner.accept('.')) {
    const subAt = scanner.position();
    const subName = scanner.word();
    const sub = element.find(subName);
    if (subject && !sub) throw scanner.fail(`"${name}" has no "${subName}"`, subAt);
    const condition = parseCondition(parser, sub, subName);
    whole =
      filter.op === 'and'
        ? { op: 'and', filters: [...filter.filters, condition] }
        : { op: 'and', filters: [filter, condition] };
  }
  return subject ? { op: 'where', attribute: subject.itself, filter: whole } : { op: 'constant', value: false };
};

const parseExpression = (parser: Parser, scope: Scope, depth: number): Filter => {
  const { scanner, dialect, terms } = parser;
  const position = scanner.position();
  const name = scanner.word();
  if (name === '') throw scanner.fail('An attribute expected', position);
  terms.left -= 1;
  if (terms.left < 0) throw scanner.fail(`More than ${filterLimits.terms} conditions`, position);
  const subject = scope.find(name);
  if (!subject && dialect.unknownFilterAttribute === 'reject' && !parser.severalTypes)
    throw scanner.fail(`"${name.slice(0, 200)}" is not an attribute`, position);
  if (subject && !subject.filterable) throw scanner.fail(`"${name}" cannot be filtered by`, position);
  const condition = scanner.accept('[')
    ? parseWhere(parser, subject, name, position, depth)
    : parseCondition(parser, subject, name);
  if (!parser.severalTypes || !subject?.schemaId) return condition;
  const schemas: FilterAttribute = { path: 'schemas', type: 'reference', caseExact: false, multiValued: true };
  return { op: 'and', filters: [{ op: 'eq', attribute: schemas, value: subject.schemaId }, condition] };
};

const parseTerm = (parser: Parser, scope: Scope, depth: number): Filter => {
  const { scanner } = parser;
  if (depth > filterLimits.depth) throw scanner.fail(`Nested deeper than ${filterLimits.depth}`);
  const negated = scanner.acceptWord('not');
  if (negated) scanner.expect('(');
  if (!negated && !scanner.accept('(')) return parseExpression(parser, scope, depth);
  const filter = parseOr(parser, scope, depth + 1);
  scanner.expect(')');
  return negated ? { op: 'not', filter } : filter;
};

const parseSeries = (op: 'and' | 'or', parser: Parser, operand: () => Filter): Filter => {
  const filters = [operand()];
  while (parser.scanner.acceptWord(op)) filters.push(operand());
  return filters.length === 1 ? filters[0]! : { op, filters };
};

const parseOr = (parser: Parser, scope: Scope, depth: number): Filter =>
  parseSeries('or', parser, () => parseSeries('and', parser, () => parseTerm(parser, scope, depth)));

/** A filter of one type, or at the root of several, where an attribute that no type has is one without a value (C12). */
export const parseFilter = (text: string, types: ResourceType | ResourceType[], dialect: Dialect): Filter => {
  const scanner = scannerOf(text, invalidFilter);
  const list = Array.isArray(types) ? types : [types];
  const parser = { scanner, dialect, terms: { left: filterLimits.terms }, severalTypes: list.length > 1 };
  const filter = parseOr(parser, resourceScope(list, dialect), 0);
  if (!scanner.atEnd()) throw scanner.fail('"and", "or" or the end expected');
  return filter;
};

/** The filter inside the brackets of a path; the scanner stands after `[` and is left after `]`. */
export const parseElementFilter = (scanner: Scanner, attribute: Attribute, dialect: Dialect): Filter => {
  const parser: Parser = {
    scanner,
    dialect: { ...dialect, unknownFilterAttribute: 'reject' },
    terms: { left: filterLimits.terms },
    severalTypes: false,
  };
  const filter = parseOr(parser, elementScope(attribute), 0);
  scanner.expect(']');
  return filter;
};
