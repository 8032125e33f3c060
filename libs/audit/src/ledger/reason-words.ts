import { sentenceOf } from './sentence.ts';

/** Why an account failed, in words; codes that are missing here are read out as they are. */
const words: Readonly<Record<string, string>> = {
  'account/foreign-match': 'The app has an account for this person that Tenure did not create.',
  'account/ambiguous-match': 'Several accounts of the app match this person.',
  'account/conflict-unseen': 'The app refused the account as a duplicate, but no matching account was found.',
  'account/gone': 'The account no longer exists in the app.',
  'account/incomplete': 'A value that the app requires is missing.',
  'account/predecessor-found': 'An account of a deleted user who may be the same person is still in the app.',
  'app/answer-too-large': 'The answer of the app was too large.',
  'app/filters-ignored': 'The app ignores filters, so accounts can’t be looked up.',
  'app/invalid-answer': 'The answer of the app was not valid.',
  'app/not-found': 'The app did not find what was asked for.',
  'app/redirect': 'The app answered with a redirect.',
  'app/refused': 'The app refused the request.',
  'app/too-large': 'The request was too large for the app.',
  'app/unavailable': 'The app was not available.',
  'app/unsupported': 'The app does not support this.',
  'approval/rejected': 'An admin rejected the change.',
  'delivery/conflict': 'The app reported a conflict with another account.',
  'delivery/failing': 'The app could not be reached or failed; Tenure tries again.',
  'delivery/given-up': 'The app kept failing, so Tenure stopped trying.',
  'delivery/refused': 'The app refused the change.',
  'delivery/unauthorized': 'The app refused the credentials.',
  'delivery/unknown': 'It is not known whether the app made the change.',
  'entitlement/ambiguous': 'Several entitlements of the app have this name.',
  'entitlement/unknown': 'The app does not have this entitlement.',
  'entitlement/unsupported': 'The app does not support this kind of entitlement.',
  'push/conflict': 'The app refused the group as a duplicate, but no group of this name was found.',
  'push/foreign-group': 'The app has a group of this name that Tenure did not create.',
  'push/group-gone': 'The group no longer exists in the app.',
  'push/members-hidden': 'The app does not show the members of the group, so it cannot be mirrored.',
  'push/name-taken': 'Another group of the app has the new name.',
  'push/rename-unsupported': 'The app refused the new name of the group.',
  'push/threshold': 'More members would be removed than the threshold of the app allows.',
  'push/too-large': 'The app can only replace a group as a whole, and this one is too large for that.',
};

/** The reason that a code stands for, in words: those that are known, else the code read out. */
export const reasonWords = (code: string): string => words[code] ?? sentenceOf(code, []);
