import { isUnmade, type AccountState } from '../account/account.state.ts';
import type { Rule } from '../rules/index.ts';
import type { AppConfig, RuleSet } from './app-config.ts';

type Sets = Pick<AppConfig, 'ruleSets'>;

/** The rules as they were edited last. */
export const newestRules = ({ ruleSets }: Sets): RuleSet => ruleSets.at(-1)!;

/** An account that is still to be made goes by today's rules; one that is there by those it was made with, until they are reapplied (R60). */
export const rulesFor = (app: Sets, account: AccountState): RuleSet => {
  if (account.kind === 'none' || isUnmade(account)) return newestRules(app);
  // Of an older set than is kept: then rules were reapplied since.
  return app.ruleSets.findLast(({ version }) => version <= account.rulesVersion) ?? app.ruleSets[0]!;
};

/** A draft has no accounts that an older set could be for. */
export const withRules = (app: Sets & Pick<AppConfig, 'state'>, rules: readonly Rule[]): readonly RuleSet[] => {
  const edited = { version: newestRules(app).version + 1, rules };
  return app.state === 'draft' ? [edited] : [...app.ruleSets, edited];
};

/** From now on all accounts go by the newest set. */
export const reapplied = (app: Sets): readonly RuleSet[] => [newestRules(app)];
