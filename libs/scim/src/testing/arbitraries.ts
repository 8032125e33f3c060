import fc from 'fast-check';
import {
  type Filter,
  type FilterAttribute,
  type Literal,
  attributesOf,
  comparisonOperators,
  userType,
} from '../index.ts';

/** Values that meet those of the specs often enough to match sometimes. */
const words = fc.constantFrom(
  'lea@oak.example',
  'LEA@home.example',
  'work',
  'home',
  'Baker',
  'ADMIN',
  'ovens',
  'Boss-1',
  'Xy-1',
  '',
  'a"b\\',
  'é',
);

const describeAttribute = (
  path: string,
  { type, caseExact }: { type: FilterAttribute['type']; caseExact: boolean },
  multiValued: boolean,
): FilterAttribute => ({ path, type, caseExact, multiValued });

/** Every attribute of a user that a comparison can be about. */
const comparable: FilterAttribute[] = attributesOf(userType)
  .filter(({ attribute }) => attribute.returned !== 'never')
  .flatMap(({ path, attribute }) =>
    attribute.subAttributes
      ? attribute.subAttributes.map((sub) => describeAttribute(`${path}.${sub.name}`, sub, attribute.multiValued))
      : [describeAttribute(path, attribute, attribute.multiValued)],
  );

const literalFor = (attribute: FilterAttribute): fc.Arbitrary<Literal> => {
  if (attribute.type === 'boolean') return fc.boolean();
  if (attribute.type === 'dateTime')
    return fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => date.toISOString());
  return words;
};

const operatorsFor = ({ type }: FilterAttribute) =>
  comparisonOperators.filter((op) => {
    if (type === 'boolean') return op === 'eq' || op === 'ne';
    if (type === 'dateTime') return !['co', 'sw', 'ew'].includes(op);
    return type !== 'binary' || !['gt', 'ge', 'lt', 'le'].includes(op);
  });

const comparisonOf = (attribute: FilterAttribute): fc.Arbitrary<Filter> =>
  fc.record({
    op: fc.constantFrom(...operatorsFor(attribute)),
    attribute: fc.constant(attribute),
    value: literalFor(attribute),
  });

/** One comparison of any attribute of a user. */
export const comparisons: fc.Arbitrary<Filter> = fc.constantFrom(...comparable).chain(comparisonOf);

/** Any filter about a user, as the parser yields it. */
export const filters: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter; leaf: Filter }>((tie) => ({
  leaf: fc.oneof(
    comparisons,
    fc.constantFrom(...comparable).map((attribute): Filter => ({ op: 'pr', attribute })),
    fc
      .array(comparisonOf(describeAttribute('type', { type: 'string', caseExact: false }, false)), {
        minLength: 1,
        maxLength: 3,
      })
      .map((list): Filter => ({
        op: 'where',
        attribute: describeAttribute('emails', { type: 'complex', caseExact: false }, true),
        filter: list.length === 1 ? list[0]! : { op: 'or', filters: list },
      })),
  ),
  filter: fc.oneof(
    { maxDepth: 3 },
    tie('leaf'),
    fc.record({
      op: fc.constantFrom('and' as const, 'or' as const),
      filters: fc.array(tie('filter'), { minLength: 2, maxLength: 3 }),
    }),
    tie('filter').map((filter): Filter => ({ op: 'not', filter })),
  ),
})).filter;
