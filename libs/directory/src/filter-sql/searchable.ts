import type { Parameters } from './parameters.ts';

/** An attribute that has a column of its own, for it is asked for often or is no part of the resource. */
export type Column =
  /** `key` finds the rows by an index; `sql` compares exactly, folded as the attribute is. */
  | { kind: 'text'; sql: string; key?: { sql: string; of: (value: string) => string }; indexed?: boolean }
  | { kind: 'boolean'; sql: string }
  | { kind: 'instant'; sql: string };

/** What a filter or sort order compiles against: rows with a search document, some columns and some relations. */
export type Searchable = {
  columns: Readonly<Record<string, Column>>;
  /** The column with the search document. */
  search: string;
  /** Multi-valued attributes that other tables hold, by path. */
  relations: Readonly<Record<string, (parameters: Parameters) => Relation>>;
};

/** The elements of such an attribute: where they are, and the columns of their sub-attributes. */
export type Relation = { from: string; columns: Readonly<Record<string, Column>> };

/** The multi-valued attribute that a path leads to, where another table holds it. */
export const relationAt = (path: string, { relations }: Searchable): string | undefined =>
  Object.keys(relations).find((one) => path === one || path.startsWith(`${one}.`));
