import type { JsonObject } from '@tenure/scim';

/** What a source holds or a function gives. `null` is "no value"; a missing attribute is `null`, not an error. */
export type Value = string | number | boolean | null | string[] | JsonObject[];

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=';

/** Plain JSON: it can be stored, sent and printed. */
export type Expression =
  | { kind: 'literal'; value: string | number | boolean }
  | { kind: 'source'; name: string }
  /** An argument left out, as in `Switch([isSoftDeleted],, "False", "True")`. */
  | { kind: 'omitted' }
  | { kind: 'call'; name: string; arguments: Expression[] }
  | { kind: 'compare'; operator: Comparison; left: Expression; right: Expression };

/** The text of an expression is wrong, and where (R37). `position` counts characters from 0. */
export class ExpressionProblem extends Error {
  override readonly name = 'ExpressionProblem';
  constructor(
    readonly position: number,
    message: string,
  ) {
    super(message);
  }
}

/** Far above what people write. What an expression may take and give is in `budget.ts`. */
export const limits = {
  /** Characters of an expression. */
  length: 4096,
  /** Calls within calls. */
  nesting: 24,
} as const;
