import type { AccountPlanFailed } from '@tenure/contracts';
import type { PresentAccount } from './account.state.ts';

type Said = Pick<ReturnType<typeof AccountPlanFailed>['data'], 'code' | 'limit' | 'target' | 'ruleId'>;

/** In words, naming the mapping or the rule (R96). */
export const planFailureOf = ({ code, limit, target, ruleId }: Said): NonNullable<PresentAccount['planFailure']> => {
  const [what, ruled] = [target === null ? null : `"${target}"`, ruleId === null ? null : `rule "${ruleId}"`];
  const where = ruled
    ? what
      ? `The value of ${what} in ${ruled}`
      : `A condition of ${ruled}`
    : what
      ? `The mapping of ${what}`
      : 'The matching of accounts';
  const why =
    limit === 'steps'
      ? 'takes too many steps for this person, together with the mappings and rules before it'
      : 'gives more than 64 KiB for this person';
  return { code, message: `${where} ${why}. Simplify it; until then the account is left as it is.` };
};
