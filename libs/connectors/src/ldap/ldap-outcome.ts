import type { Failure } from '@tenure/provisioning/connector';
import type { Redact } from '../redaction/redact.ts';
import type { Answer } from './ldap-session.ts';

/** RFC 4511 §4.1.9, RFC 4528: what the codes that a person may meet mean. */
const words: Readonly<Record<number, string>> = {
  1: 'The directory could not do that now (operationsError).',
  3: 'The directory ran out of the time that it allows (timeLimitExceeded).',
  4: 'The directory gives no more entries than its size limit (sizeLimitExceeded).',
  8: 'The directory asks for an encrypted connection (strongerAuthRequired).',
  10: 'The directory refers to another server (referral).',
  11: 'The directory stopped at an administrative limit (adminLimitExceeded).',
  13: 'The directory asks for an encrypted connection (confidentialityRequired).',
  16: 'The entry lacks that value (noSuchAttribute).',
  17: 'The directory has no such attribute (undefinedAttributeType).',
  18: 'The attribute can’t be compared that way (inappropriateMatching).',
  19: 'A value breaks a rule of the directory (constraintViolation).',
  20: 'The entry has that value already (attributeOrValueExists).',
  21: 'A value has the wrong form (invalidAttributeSyntax).',
  32: 'There is no such entry (noSuchObject).',
  34: 'That isn’t a DN (invalidDNSyntax).',
  49: 'The directory doesn’t accept the DN or the password (invalidCredentials).',
  50: 'The account that Tenure signs in with may not do that (insufficientAccessRights).',
  51: 'The directory is busy (busy).',
  52: 'The directory is not available (unavailable).',
  53: 'The directory won’t do that (unwillingToPerform).',
  64: 'The name doesn’t fit the entry (namingViolation).',
  65: 'The entry would not be complete, or has attributes that it can’t have (objectClassViolation).',
  66: 'The entry has others below it (notAllowedOnNonLeaf).',
  67: 'The value is part of the entry’s name (notAllowedOnRDN).',
  68: 'The entry exists already (entryAlreadyExists).',
  71: 'The entry belongs to several servers (affectsMultipleDSAs).',
  80: 'The directory could not do that (other).',
  122: 'The entry has changed meanwhile (assertionFailed).',
};

type Answered = Extract<Answer, { kind: 'answer' }>;

/** What the code means and what the directory says of it, in one line. */
const reasonIn = ({ code, message }: Answered, redact: Redact): string => {
  const meaning = words[code] ?? `The directory answered with the result code ${code}.`;
  return redact.reason(message.trim() === '' ? meaning : `${meaning} ${message}`);
};

/** What an answer means that is no success. A result code is the directory's definite word; only without one may a write have been done. */
export const failureOf = (answer: Answer, isWrite: boolean, redact: Redact): Failure => {
  if (answer.kind === 'none') {
    const { sent, tooLarge } = answer;
    const reason = redact.reason(answer.reason);
    if (tooLarge === true) return { kind: 'refused', code: 'app/too-large', reason };
    return { kind: sent && isWrite ? 'unknown' : 'unavailable', reason };
  }
  const { code: status } = answer;
  const reason = reasonIn(answer, redact);
  const refused = (code: string): Failure => ({ kind: 'refused', code, status, reason });
  switch (status) {
    case 32:
      return { kind: 'gone', reason };
    case 68:
      return { kind: 'conflict', reason };
    case 19:
      // OpenLDAP's overlay `unique` and Active Directory (userPrincipalName) say it with this code.
      return /uniq/i.test(answer.message) ? { kind: 'conflict', reason } : refused('app/refused');
    case 122:
      return { kind: 'stale', reason };
    case 3:
    case 51:
    case 52:
      return { kind: 'unavailable', reason };
    case 4:
    case 11:
      return refused('app/size-limit');
    case 8:
    case 13:
      return refused('app/tls-required');
    case 50:
      return refused('app/forbidden');
  }
  return refused('app/refused');
};

/** The directory said no to signing in: only other credentials help. */
export const bindFailureOf = (answer: Answer, redact: Redact): Failure => {
  if (answer.kind === 'answer' && [32, 34, 48, 49, 50, 53].includes(answer.code))
    return { kind: 'unauthorized', reason: reasonIn(answer, redact) };
  return failureOf(answer, false, redact);
};
