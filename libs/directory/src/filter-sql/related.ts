import type { Filter } from '@tenure/scim';
import { relationAt, type Searchable } from './searchable.ts';

/**
 * The parts of a filter about what other tables hold, such as the groups of a user. No resource has it that is evaluated in memory, so the
 * database says beside each row whether they hold.
 */
export const relatedIn = (filter: Filter, target: Searchable): Filter[] => {
  if ('filters' in filter) return filter.filters.flatMap((one) => relatedIn(one, target));
  if (filter.op === 'not') return relatedIn(filter.filter, target);
  return filter.op !== 'constant' && relationAt(filter.attribute.path, target) !== undefined ? [filter] : [];
};

/** The filter with what the database said of those parts. */
export const withAnswers = (filter: Filter, related: readonly Filter[], answers: readonly boolean[] = []): Filter => {
  if (related.length === 0) return filter;
  const at = related.indexOf(filter);
  if (at >= 0) return { op: 'constant', value: answers[at] === true };
  if ('filters' in filter)
    return { ...filter, filters: filter.filters.map((one) => withAnswers(one, related, answers)) };
  return filter.op === 'not' ? { ...filter, filter: withAnswers(filter.filter, related, answers) } : filter;
};
