import { comparable, containment, segmentsOf, type Comparison, type Filter, type FilterAttribute } from '@tenure/scim';
import type { Parameters } from './parameters.ts';
import { relationAt, type Column, type Relation, type Searchable } from './searchable.ts';

/**
 * A condition that holds for every row the filter matches (design, decision 8). Null is false, as in `where`.
 * `residual` is what it leaves to be evaluated on the candidates; without one it is exact. `indexed`: an index serves it.
 */
export type Condition = { sql: string; residual?: Filter; indexed: boolean };

export const compileFilter = (filter: Filter, target: Searchable, parameters: Parameters): Condition => {
  const compile = (one: Filter): Condition => {
    switch (one.op) {
      case 'and':
        return conjunction(one.filters.map(compile));
      case 'or':
        return disjunction(one, one.filters.map(compile));
      case 'not':
        return negation(one, compile(one.filter));
      case 'constant':
        return exactly(String(one.value));
      case 'pr':
        return present(one.attribute);
      case 'where':
        return element(one);
      case 'eq':
      case 'ne':
      case 'co':
      case 'sw':
      case 'ew':
      case 'gt':
      case 'ge':
      case 'lt':
      case 'le':
        return comparison(one);
    }
  };

  /** The relation that a path leads to, and the sub-attribute meant of its elements. */
  const related = (path: string) => {
    const name = relationAt(path, target);
    return name === undefined
      ? undefined
      : { relation: target.relations[name]!, sub: path.slice(name.length + 1) || undefined };
  };

  /** One element at least; that some one of them satisfies all of `inner`. */
  const someElement = (relation: (parameters: Parameters) => Relation, inner?: Filter): Condition => {
    const { from, columns } = relation(parameters);
    const condition = inner && compileFilter(inner, { columns, search: `'{}'::jsonb`, relations: {} }, parameters);
    return {
      sql: `exists (select from ${from}${condition ? ` and ${condition.sql}` : ''})`,
      indexed: condition?.indexed ?? false,
    };
  };

  const relative = (attribute: FilterAttribute, sub = 'value'): FilterAttribute => ({
    ...attribute,
    path: sub,
    multiValued: false,
  });

  /** In brackets: one element that has it all, which containment alone finds exactly. */
  const element = (filter: Extract<Filter, { op: 'where' }>): Condition => {
    const found = related(filter.attribute.path);
    if (found) return someElement(found.relation, filter.filter);
    return contained(filter) ?? { sql: has(filter.attribute), residual: filter, indexed: false };
  };

  const contained = (filter: Filter): Condition | undefined => {
    const document = containment(filter);
    return document && { sql: `${target.search} @> ${parameters.add(JSON.stringify(document))}::jsonb`, indexed: true };
  };

  const pathParameter = (path: string) => `${parameters.add(segmentsOf(path))}::text[]`;
  const has = ({ path }: FilterAttribute) =>
    `${target.search} #> ${parameters.add(segmentsOf(path).slice(0, path.includes(':') ? 2 : 1))}::text[] is not null`;

  const present = (attribute: FilterAttribute): Condition => {
    const { path, multiValued, type } = attribute;
    const found = related(path);
    if (found)
      return someElement(
        found.relation,
        found.sub === undefined ? undefined : { op: 'pr', attribute: relative(attribute, found.sub) },
      );
    const column = target.columns[path];
    if (column) return exactly(column.kind === 'text' ? `${column.sql} <> ''` : `${column.sql} is not null`);
    if (multiValued || type === 'complex')
      return path === 'meta'
        ? exactly('true')
        : { sql: has(attribute), residual: { op: 'pr', attribute }, indexed: false };
    return exactly(`${target.search} #>> ${pathParameter(path)} <> ''`);
  };

  const comparison = (filter: Comparison): Condition => {
    const { attribute, op, value } = filter;
    const found = related(attribute.path);
    if (found && value === null)
      return op === 'eq' ? negation(filter, someElement(found.relation)) : someElement(found.relation);
    if (found) {
      const some = someElement(found.relation, { op, attribute: relative(attribute, found.sub), value });
      // As of any attribute: without a value `ne` holds.
      return op === 'ne' ? disjunction(filter, [negation(filter, someElement(found.relation)), some]) : some;
    }
    const column = target.columns[attribute.path];
    if (column) return onColumn(filter, column);
    if (attribute.path.startsWith('meta.')) return exactly(String(value === null ? op === 'eq' : op === 'ne'));
    const exact = contained(filter);
    if (exact) return exact;
    const asText =
      !attribute.multiValued &&
      (attribute.type === 'string' ||
        attribute.type === 'reference' ||
        attribute.type === 'binary' ||
        attribute.type === 'dateTime');
    if (!asText) return { sql: 'true', residual: filter, indexed: false };
    return onColumn(filter, { kind: 'text', sql: `(${target.search} #>> ${pathParameter(attribute.path)})` });
  };

  const onColumn = (filter: Comparison, column: Column): Condition => {
    const { attribute, op, value } = filter;
    if (value === null)
      return exactly(op === 'eq' ? `${column.sql} is null` : op === 'ne' ? `${column.sql} is not null` : 'false');
    const wanted = comparable(attribute, value);
    const expected = column.kind === 'boolean' ? 'boolean' : 'string';
    if (typeof wanted !== expected) return exactly(op === 'ne' ? 'true' : 'false');
    switch (column.kind) {
      case 'boolean':
        return exactly(
          op === 'eq' || op === 'ne' ? `${column.sql} ${relations[op]} ${parameters.add(wanted)}` : 'false',
        );
      case 'instant':
        return op === 'co' || op === 'sw' || op === 'ew'
          ? { sql: 'true', residual: filter, indexed: false }
          : exactly(`${column.sql} ${relations[op]} ${parameters.add(wanted)}::timestamptz`);
      case 'text':
        return onText(op, column, String(wanted), String(value));
    }
  };

  const onText = (
    op: Comparison['op'],
    { sql, key, indexed = false }: Extract<Column, { kind: 'text' }>,
    wanted: string,
    given: string,
  ): Condition => {
    const value = `${parameters.add(wanted)}::text`;
    switch (op) {
      case 'eq':
        return key
          ? { sql: `(${key.sql} = ${parameters.add(key.of(given))} and ${sql} = ${value})`, indexed: true }
          : { sql: `${sql} = ${value}`, indexed };
      case 'ne':
        return exactly(`${sql} is distinct from ${value}`);
      case 'co':
        return exactly(`strpos(${sql}, ${value}) > 0`);
      case 'sw':
        return exactly(`starts_with(${sql}, ${value})`);
      case 'ew':
        return exactly(`right(${sql}, length(${value})) = ${value} collate "C"`);
      case 'gt':
      case 'ge':
      case 'lt':
      case 'le':
        return exactly(`${sql} collate "C" ${relations[op]} ${value}`);
    }
  };

  return compile(filter);
};

const relations = { eq: '=', ne: 'is distinct from', gt: '>', ge: '>=', lt: '<', le: '<=' } as const;

const exactly = (sql: string): Condition => ({ sql, indexed: false });

const conjunction = (parts: Condition[]): Condition => {
  const residuals = parts.flatMap(({ residual }) => residual ?? []);
  const residual: Filter | undefined = residuals.length > 1 ? { op: 'and', filters: residuals } : residuals[0];
  return {
    sql: `(${parts.map(({ sql }) => sql).join(' and ')})`,
    indexed: parts.some(({ indexed }) => indexed),
    ...(residual && { residual }),
  };
};

/** Where a part is not exact the whole has to be looked at again. */
const disjunction = (filter: Filter, parts: Condition[]): Condition => ({
  sql: `(${parts.map(({ sql }) => sql).join(' or ')})`,
  indexed: parts.every(({ indexed }) => indexed),
  ...(parts.some(({ residual }) => residual) && { residual: filter }),
});

/** What a condition lets through too much its negation would keep out. It stays in the text all the same: a parameter that nothing names has no type. */
const negation = (filter: Filter, { sql, residual }: Condition): Condition =>
  residual
    ? { sql: `(true or ${sql})`, residual: filter, indexed: false }
    : { sql: `((${sql}) is not true)`, indexed: false };
