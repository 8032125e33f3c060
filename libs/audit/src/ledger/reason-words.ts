import { sentenceOf } from './sentence.ts';

/** Why an account failed, in words; codes that are missing here are read out as they are. */
const words: Readonly<Record<string, string>> = {
  'account/foreign-match': 'The app has an account for this person that Tenure did not create.',
  'account/ambiguous-match': 'Several accounts of the app match this person.',
  'account/conflict-unseen': 'The app refused the account as a duplicate, but no matching account was found.',
  'account/gone': 'The account no longer exists in the app.',
  'account/incomplete': 'A value that the app requires is missing.',
  'account/reference-cycle': 'The app requires a reference, and these accounts wait for one another.',
  'account/reference-missing': 'The app requires a reference to somebody who has no account there yet.',
  'app/answer-too-large': 'The answer of the app was too large.',
  'app/filters-ignored': 'The app ignores filters, so accounts can’t be looked up.',
  'app/invalid-answer': 'The answer of the app was not valid.',
  'app/not-found': 'The app did not find what was asked for.',
  'app/reference-missing': 'The account that this one refers to does not exist in the app.',
  'app/redirect': 'The app answered with a redirect.',
  'app/refused': 'The app refused the request.',
  'app/too-large': 'The request was too large for the app.',
  'app/unavailable': 'The app was not available.',
  'app/unsupported': 'The app does not support this.',
  'approval/rejected': 'An admin rejected the change.',
  'delivery/conflict': 'The app reported a conflict with another account.',
  'delivery/failing': 'The app could not be reached or failed; Tenure tries again.',
  'delivery/given-up': 'The app kept failing, so Tenure stopped trying.',
  'delivery/reference-refused': 'The app refused whom the account refers to; everything else was sent.',
  'delivery/refused': 'The app refused the change.',
  'delivery/unauthorized': 'The app refused the credentials.',
  'delivery/unknown': 'It is not known whether the app made the change.',
  'entitlement/ambiguous': 'Several entitlements of the app have this name.',
  'entitlement/unknown': 'The app does not have this entitlement.',
  'entitlement/unsupported': 'The app does not support this kind of entitlement.',
};

/** The reason that a code stands for, in words: those that are known, else the code read out. */
export const reasonWords = (code: string): string => words[code] ?? sentenceOf(code, []);
