import { segmentsOf, type Sort } from '@tenure/scim';
import type { Parameters } from './parameters.ts';
import type { Searchable } from './searchable.ts';

/** Where a page ended: the next one begins behind it. Order of creation decides where nothing else does, so pages are stable. */
export type PageKey = { sortedBy?: string | null; createdAt: string; id: string };

/** `key` is null for rows without a value; `alias` is the table's. */
export type Order = { key?: string; orderBy: string; after: (page: PageKey) => string };

const isNumeric = ({ type }: Sort) => type === 'integer' || type === 'decimal';

/** Of a multi-valued attribute the primary value, else the first (RFC 7644 §3.4.2.3). */
const keyOf = (sort: Sort, { columns, search }: Searchable, parameters: Parameters): string => {
  const full = sort.sub === undefined ? sort.path : `${sort.path}.${sort.sub}`;
  const column = columns[full];
  if (column) return column.kind === 'text' ? `${column.sql} collate "C"` : `${column.sql}::text`;
  const add = (names: string[]) => `${parameters.add(names)}::text[]`;
  const at = segmentsOf(sort.path);
  const sub = sort.sub === undefined ? [] : [sort.sub];
  const value = `${search} #> ${add(at)}`;
  const chosen = `case when jsonb_typeof(${value}) = 'array' then coalesce(jsonb_path_query_first(${value}, '$[*] ? (@.primary == true)'), ${value} -> 0) else ${value} end`;
  const text = `((${chosen}) #>> ${add(sub)})`;
  return isNumeric(sort) ? `${text}::numeric` : `${text} collate "C"`;
};

export const compileSort = (
  sort: Sort | undefined,
  target: Searchable,
  alias: string,
  parameters: Parameters,
): Order => {
  const behind = ({ createdAt, id }: PageKey) =>
    `(${alias}.created_at, ${alias}.id) > (${parameters.add(createdAt)}::timestamptz, ${parameters.add(id)})`;
  if (!sort) return { orderBy: `${alias}.created_at, ${alias}.id`, after: behind };

  const key = keyOf(sort, target, parameters);
  const ascending = sort.order === 'ascending';
  // Without a value: last when ascending, first when descending; PostgreSQL's own defaults.
  const after = (page: PageKey) => {
    if (page.sortedBy === undefined || page.sortedBy === null)
      return ascending ? `(${key} is null and ${behind(page)})` : `(${key} is not null or ${behind(page)})`;
    const value = `${parameters.add(page.sortedBy)}::${isNumeric(sort) ? 'numeric' : 'text'}`;
    const further = ascending ? `(${key} > ${value} or ${key} is null)` : `${key} < ${value}`;
    return `(${further} or (${key} = ${value} and ${behind(page)}))`;
  };
  return { key, orderBy: `${key} ${ascending ? 'asc' : 'desc'}, ${alias}.created_at, ${alias}.id`, after };
};
