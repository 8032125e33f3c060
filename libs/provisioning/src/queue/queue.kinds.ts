import { Rejected, type Caller } from '@tenure/eventing';
import { PREDECESSOR_FOUND } from '../account/rehire.state.ts';
import type { QueueActionName } from './queue.bodies.ts';
import type { QueueKind } from './queue.sources.ts';

/** What a key must have: routes of the same acts ask for the same. */
export type QueueNeed = 'admin' | 'super_admin' | 'app_admin';

/** What an act is about, as the id of the item tells. */
export type Subject =
  | { kind: QueueKind; of: 'account'; accountId: string; ref: string }
  | { kind: 'foreign'; of: 'found'; appId: string; remoteKey: string }
  | { kind: QueueKind; of: 'app'; appId: string }
  | { kind: 'foreign' | 'failed'; of: 'push'; pushId: string }
  | { kind: 'parked'; of: 'stream'; stream: string };

/** What decides which acts an item offers, beside its kind. */
export type Facts = { code: string | null; repairable: boolean };

export type Given = { version: number; reason: string | null; choice: { remoteId?: string; userId?: string } };

type On<Of extends Subject['of']> = Extract<Subject, { of: Of }>;

/** What carries an act out; given by whoever composes. */
export type QueueActs = {
  decide: (caller: Caller, type: 'Approve' | 'Reject', subject: On<'account'>, given: Given) => Promise<void>;
  again: (
    caller: Caller,
    type: 'Retry' | 'Recreate' | 'Rematch',
    subject: On<'account'>,
    given: Given,
  ) => Promise<void>;
  adopt: (caller: Caller, subject: On<'account'>, given: Given) => Promise<void>;
  adoptFound: (caller: Caller, subject: On<'found'>, given: Given) => Promise<void>;
  settleDrift: (caller: Caller, how: 'repaired' | 'ignored', subject: On<'account'>, given: Given) => Promise<void>;
  linkPush: (caller: Caller, subject: On<'push'>, given: Given) => Promise<void>;
  retryPush: (caller: Caller, subject: On<'push'>, given: Given) => Promise<void>;
  releaseTimer: (caller: Caller, subject: On<'account'>, given: Given) => Promise<void>;
  releaseThreshold: (caller: Caller, subject: On<'app'>, given: Given) => Promise<void>;
  resume: (caller: Caller, subject: On<'app'>, given: Given) => Promise<void>;
};

type Act<Of extends Subject['of']> = {
  name: QueueActionName;
  of: Of;
  needs: QueueNeed;
  /** Where it is offered; everywhere unless told. */
  where?: (facts: Facts) => boolean;
  run: (acts: QueueActs, caller: Caller, subject: On<Of>, given: Given) => Promise<void>;
};
type AnyAct = Act<'account'> | Act<'found'> | Act<'app'> | Act<'push'>;

const act = <Of extends 'account' | 'found' | 'app' | 'push'>(
  name: QueueActionName,
  of: Of,
  needs: QueueNeed,
  run: Act<Of>['run'],
  where?: Act<Of>['where'],
): Act<Of> => ({ name, of, needs, run, ...(where && { where }) });

const retry = act(
  'retry',
  'account',
  'admin',
  (acts, ...on) => acts.again(on[0], 'Retry', on[1], on[2]),
  ({ code }) => code !== 'account/gone' && code !== PREDECESSOR_FOUND,
);
/** Whoever came back does without the account that is still there (R92). */
const rematch = act(
  'rematch',
  'account',
  'admin',
  (acts, ...on) => acts.again(on[0], 'Rematch', on[1], on[2]),
  ({ code }) => code === PREDECESSOR_FOUND,
);
const retryPush = act('retry', 'push', 'admin', (acts, ...on) => acts.retryPush(...on));
const adopt = act('adopt', 'account', 'admin', (acts, ...on) => acts.adopt(...on));

/** What can be done with each kind. An act that needs more than a click is named all the same, and refused with where it is done. */
const kinds: Record<QueueKind, readonly AnyAct[]> = {
  approval: [
    act('approve', 'account', 'admin', (acts, ...on) => acts.decide(on[0], 'Approve', on[1], on[2])),
    act('reject', 'account', 'admin', (acts, ...on) => acts.decide(on[0], 'Reject', on[1], on[2])),
  ],
  foreign: [
    adopt,
    retry,
    rematch,
    act('adopt', 'found', 'admin', (acts, ...on) => acts.adoptFound(...on)),
    act('link', 'push', 'admin', (acts, ...on) => acts.linkPush(...on)),
    retryPush,
  ],
  ambiguous: [adopt, retry],
  failed: [
    retry,
    retryPush,
    act(
      'recreate',
      'account',
      'super_admin',
      (acts, ...on) => acts.again(on[0], 'Recreate', on[1], on[2]),
      ({ code }) => code === 'account/gone',
    ),
  ],
  parked: [act('release', 'account', 'admin', (acts, ...on) => acts.releaseTimer(...on))],
  drift: [
    act(
      'repair',
      'account',
      'admin',
      (acts, ...on) => acts.settleDrift(on[0], 'repaired', on[1], on[2]),
      ({ repairable }) => repairable,
    ),
    act('ignore', 'account', 'admin', (acts, ...on) => acts.settleDrift(on[0], 'ignored', on[1], on[2])),
  ],
  reauthorization: [
    act('reauthorize', 'app', 'app_admin', async () => {
      throw new Rejected(
        'conflict',
        'queue/needs-credentials',
        'The app needs new credentials: send them to POST …/apps/{id}/reauthorize.',
      );
    }),
  ],
  quarantine: [act('resume', 'app', 'app_admin', (acts, ...on) => acts.resume(...on))],
  threshold: [act('release', 'app', 'admin', (acts, ...on) => acts.releaseThreshold(...on))],
};

const actsOn = ({ kind, of }: Pick<Subject, 'kind' | 'of'>): AnyAct[] => kinds[kind].filter((one) => one.of === of);

export const offered = (
  subject: Pick<Subject, 'kind' | 'of'>,
  facts: Facts,
  may: (needs: QueueNeed) => boolean,
): QueueActionName[] =>
  actsOn(subject)
    .filter(({ needs, where }) => may(needs) && (where?.(facts) ?? true))
    .map(({ name }) => name);

/** Carries an act out. What the rules of the account or app refuse, they refuse by themselves. */
export const carryOut = async (
  acts: QueueActs,
  caller: Caller,
  may: (needs: QueueNeed) => boolean,
  name: QueueActionName,
  subject: Subject,
  given: Given,
): Promise<void> => {
  const found = actsOn(subject).find((one) => one.name === name);
  if (!found)
    throw new Rejected(
      'conflict',
      'queue/action-not-allowed',
      `This can't be done with an item of the kind ${subject.kind}.`,
    );
  if (!may(found.needs))
    throw new Rejected(
      'forbidden',
      'key/role',
      `Requires ${found.needs === 'admin' ? 'the role admin' : 'the role super_admin'}.`,
    );
  await (found.run as Act<Subject['of']>['run'])(acts, caller, subject, given);
};

const ofAccounts: readonly string[] = [
  'approval',
  'foreign',
  'ambiguous',
  'failed',
  'parked',
  'drift',
] satisfies QueueKind[];
const ofApps: readonly string[] = ['reauthorization', 'quarantine', 'threshold'] satisfies QueueKind[];

/** Ids are told apart by their first word: that of the kind, `found`, `push` or `stream`. */
export const subjectOf = (id: string): Subject | undefined => {
  const [word = '', first = '', ...rest] = id.split(':');
  const second = rest.join(':');
  if (first === '') return undefined;
  if (word === 'found') return { kind: 'foreign', of: 'found', appId: first, remoteKey: second };
  if (word === 'push' && (first === 'foreign' || first === 'failed'))
    return { kind: first, of: 'push', pushId: second };
  if (word === 'stream') return { kind: 'parked', of: 'stream', stream: id.slice('stream:'.length) };
  if (ofAccounts.includes(word)) return { kind: word as QueueKind, of: 'account', accountId: first, ref: second };
  return ofApps.includes(word) ? { kind: word as QueueKind, of: 'app', appId: first } : undefined;
};
