export type RejectionKind =
  | 'invalid'
  | 'unauthenticated'
  | 'not-found'
  | 'conflict'
  | 'taken'
  | 'stale'
  | 'forbidden'
  | 'unprocessable'
  | 'too-large'
  | 'too-many'
  | 'unavailable';

export type FieldProblem = { field: string; message: string; position?: number };

/** A command refused by a rule. Not for bugs or outages: those stay plain `Error`s and become a 500. */
export class Rejected extends Error {
  override readonly name = 'Rejected';
  constructor(
    readonly kind: RejectionKind,
    /** Stable and searchable, e.g. `user/name-taken`. Part of the API: never reworded. */
    readonly code: string,
    message: string,
    /** The fields at fault, where there are any. */
    readonly errors?: readonly FieldProblem[],
  ) {
    super(message);
  }
}
