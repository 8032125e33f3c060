import { TooComplex } from '../expression/index.ts';

/** What was being worked out: the value of a target, by a mapping or by a rule; a rule's conditions have no target. */
export type Turn = { target: string | null; ruleId: string | null };

/** Why nothing can be said about what an account should be (R96). */
export type EvaluationProblem = Turn & { code: 'mapping/too-complex'; limit: TooComplex['limit'] };

class TooComplexHere extends Error {
  override readonly name = 'TooComplexHere';
  constructor(readonly problem: EvaluationProblem) {
    super(problem.code);
  }
}

/** Names whose turn it was when the budget of an evaluation ran out. */
export const inTurnFor = <Result>(turn: Turn, work: () => Result): Result => {
  try {
    return work();
  } catch (error) {
    if (error instanceof TooComplex)
      throw new TooComplexHere({ code: 'mapping/too-complex', limit: error.limit, ...turn });
    throw error;
  }
};

/** What the work gives, or why it gives nothing. */
export const withinBudget = <Result>(
  work: () => Result,
): { ok: true; result: Result } | { ok: false; problem: EvaluationProblem } => {
  try {
    return { ok: true, result: inTurnFor({ target: null, ruleId: null }, work) };
  } catch (error) {
    if (error instanceof TooComplexHere) return { ok: false, problem: error.problem };
    throw error;
  }
};
