import { createHash } from 'node:crypto';
import type { Database, Sql, Statement } from '@tenure/database';
import { matches, tooMany, type Filter, type JsonObject, type Sort } from '@tenure/scim';
import { compileFilter, type Condition } from './compile-filter.ts';
import { compileSort, type Order, type PageKey } from './compile-sort.ts';
import { parameters, type Parameters } from './parameters.ts';
import { relatedIn, withAnswers } from './related.ts';
import type { Searchable } from './searchable.ts';

/** By index (`startIndex`, from 1) or behind a key, which is how cursors page (RFC 9865). */
export type Page = { count: number; startIndex?: number; after?: PageKey; withTotal: boolean };

export type ListRequest = { filter?: Filter; sort?: Sort; page: Page };

/** `next` is there when more follows; who sends it to a client signs it. */
export type Listed<Item> = { items: Item[]; total?: number; next?: PageKey };

/** A table that can be listed. Its rows have `id` and `created_at`. */
export type Source<Row, Item> = {
  target: Searchable;
  from: string;
  alias: string;
  select: string;
  /** Which rows may be seen at all. */
  scope: (parameters: Parameters) => string;
  itemOf: (row: Row) => Item;
  /** The item as filters see it. */
  resourceOf: (item: Item) => JsonObject;
};

type Listable = { id: string; created_at: string; sorted_by?: string | null; related?: boolean[] };

/** What no index serves may look at every row; longer than this it is `tooMany` (decision 8). */
const SLOW_FILTER_MS = 5000;
const CANDIDATES_AT_ONCE = 1000;

export const list = async <Row extends object, Item>(
  database: Database,
  source: Source<Row & Listable, Item>,
  request: ListRequest,
  slowFilterMs: number = SLOW_FILTER_MS,
): Promise<Listed<Item>> => {
  const { filter, page } = request;
  const condition = filter ? compileFilter(filter, source.target, parameters()) : undefined;
  if (!condition || (condition.indexed && !condition.residual)) return selectPage(database, source, request, page);
  return bounded(database, slowFilterMs, (sql, deadline) =>
    condition.residual
      ? evaluate(sql, source, request, condition.residual, deadline)
      : selectPage(sql, source, request, page),
  );
};

const bounded = async <T>(
  database: Database,
  limitMs: number,
  work: (sql: Sql, deadline: number) => Promise<T>,
): Promise<T> => {
  try {
    return await database.transaction(async (sql) => {
      await sql.query(`set local statement_timeout = ${limitMs}`);
      return work(sql, Date.now() + limitMs);
    });
  } catch (error) {
    if ((error as { code?: string }).code === '57014') throw tooMany();
    throw error;
  }
};

type Compiled<Row, Item> = { source: Source<Row, Item>; where: string; order: Order; parameters: Parameters };

const compiled = <Row, Item>(source: Source<Row, Item>, { filter, sort }: ListRequest): Compiled<Row, Item> => {
  const all = parameters();
  const scope = source.scope(all);
  const condition: Condition | undefined = filter && compileFilter(filter, source.target, all);
  return {
    source,
    where: condition ? `${scope} and ${condition.sql}` : scope,
    order: compileSort(sort, source.target, source.alias, all),
    parameters: all,
  };
};

const columnsOf = <Row, Item>({ source, order }: Compiled<Row, Item>) =>
  `${source.select}${order.key ? `, ${order.key} as sorted_by` : ''}`;

const keyOf = ({ id, created_at, sorted_by }: Listable): PageKey => ({
  id,
  createdAt: created_at,
  ...(sorted_by !== undefined && { sortedBy: sorted_by }),
});

const selectPage = async <Row extends object, Item>(
  sql: Sql,
  source: Source<Row & Listable, Item>,
  request: ListRequest,
  { count, startIndex = 1, after, withTotal }: Page,
): Promise<Listed<Item>> => {
  const total = async () => (withTotal ? { total: await countAll(sql, source, request) } : {});
  if (count === 0) return { items: [], ...(await total()) };
  const rows = await sql.query<Row & Listable>(
    pageStatement(source, request, { count: count + 1, startIndex, ...(after && { after }) }),
  );
  const shown = rows.slice(0, count);
  const more = rows.length > count;
  // The first page that is also the last tells the total by itself.
  const counted = !more && startIndex === 1 && !after ? (withTotal ? { total: shown.length } : {}) : await total();
  return { items: shown.map(source.itemOf), ...counted, ...(more && { next: keyOf(shown.at(-1)!) }) };
};

const pageStatement = <Row extends object, Item>(
  source: Source<Row & Listable, Item>,
  request: ListRequest,
  { count, startIndex, after }: { count: number; startIndex: number; after?: PageKey },
  related: readonly Filter[] = [],
): Statement => {
  const all = compiled(source, request);
  const { where, order, parameters: given } = all;
  const answers = related.map((one) => `(${compileFilter(one, source.target, given).sql}) is true`);
  const behind = after ? ` and ${order.after(after)}` : '';
  const text = `select ${columnsOf(all)}${answers.length > 0 ? `, array[${answers.join(', ')}] as related` : ''} from ${source.from} where ${where}${behind} order by ${order.orderBy} limit ${given.add(count)} offset ${given.add(startIndex - 1)}`;
  return {
    text,
    values: given.values,
    ...(isUsual(request) && { name: createHash('md5').update(text).digest('hex') }),
  };
};

/** What identity providers ask all day is prepared once per connection. Not every filter is: their texts are as many as clients like. */
const isUsual = ({ filter, sort, page }: ListRequest) =>
  !sort && !page.after && (!filter || filter.op === 'eq' || (filter.op === 'where' && filter.filter.op === 'and'));

const countAll = async <Row extends object, Item>(
  sql: Sql,
  source: Source<Row & Listable, Item>,
  { filter }: ListRequest,
): Promise<number> => {
  const { where, parameters: given } = compiled(source, { filter, page: { count: 0, withTotal: true } });
  const [row] = await sql.query<{ n: number }>({
    text: `select count(*) as n from ${source.from} where ${where}`,
    values: given.values,
  });
  return Number(row!.n);
};

/** Looks at every candidate, as many at a time as fit into memory. */
const evaluate = async <Row extends object, Item>(
  sql: Sql,
  source: Source<Row & Listable, Item>,
  request: ListRequest,
  residual: Filter,
  deadline: number,
): Promise<Listed<Item>> => {
  const { count, startIndex = 1, after, withTotal } = request.page;
  const items: { item: Item; key: PageKey }[] = [];
  const first = startIndex - 1;
  const related = relatedIn(residual, source.target);
  let total = 0;
  for (let from = after; ;) {
    if (Date.now() > deadline) throw tooMany();
    const rows = await sql.query<Row & Listable>(
      pageStatement(
        source,
        request,
        { count: CANDIDATES_AT_ONCE, startIndex: 1, ...(from && { after: from }) },
        related,
      ),
    );
    for (const row of rows) {
      const item = source.itemOf(row);
      if (!matches(withAnswers(residual, related, row.related), source.resourceOf(item))) continue;
      if (total >= first && items.length <= count) items.push({ item, key: keyOf(row) });
      total += 1;
    }
    const last = rows.at(-1);
    const enough = !withTotal && items.length > count;
    if (enough || rows.length < CANDIDATES_AT_ONCE) break;
    from = keyOf(last!);
  }
  const shown = items.slice(0, count);
  const more = items.length > count && shown.length > 0;
  return {
    items: shown.map(({ item }) => item),
    ...(withTotal && { total }),
    ...(more && { next: shown.at(-1)!.key }),
  };
};
