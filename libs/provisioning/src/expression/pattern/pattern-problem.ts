/** A pattern that is wrong, too big, or uses what a matcher without backtracking can't do. */
export class PatternProblem extends Error {
  override readonly name = 'PatternProblem';
}
