import { referralsIn, resolvedAttributes } from '../mapping/references.ts';
import type { AccountAttributes } from '../mapping/index.ts';
import type { PresentAccount } from './account.state.ts';

/** What the app should show from now on, references by its own ids. */
export const wantedAttributes = (account: PresentAccount): AccountAttributes => ({
  ...resolvedAttributes(lateReferences(account), account.referredIds),
  ...resolvedAttributes(account.plan.attributes, account.referredIds),
});

/** What an account is made with. */
export const attributesOnCreate = ({ plan, referredIds }: PresentAccount): AccountAttributes => ({
  ...resolvedAttributes(plan.onCreate, referredIds),
  ...resolvedAttributes(plan.attributes, referredIds),
});

/** What is sent on create only is sent later where it refers to somebody who had no account then. */
export const lateReferences = ({
  plan,
  attributes,
}: Pick<PresentAccount, 'plan' | 'attributes'>): AccountAttributes => {
  const late = referralsIn(plan.onCreate)
    .map(({ target }) => target)
    .filter((target) => attributes[target] === null);
  return Object.fromEntries(late.map((target) => [target, plan.onCreate[target]!]));
};
