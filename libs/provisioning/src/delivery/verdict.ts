import type { DeliveryResult } from '../account/account-command.ts';
import type { HeldEntitlement, PresentAccount } from '../account/account.state.ts';
import type { AppConfig } from '../app/app-config.ts';
import type { Connector, ConnectorKind, Failure, Remote } from '../connector/index.ts';
import type { Claimed } from './delivery.rows.ts';

/** A membership that is about to be given. It counts as ours later only where nobody knows what came of the call. */
export type Intent = Pick<HeldEntitlement, 'kind' | 'value' | 'id'>;

/** One try of a delivery, and all that it needs. */
export type Attempt = {
  app: AppConfig;
  account: PresentAccount;
  row: Claimed;
  connector: Connector;
  kind: ConnectorKind;
  /** Before every call: the lease must outlast it. */
  beforeCall: (options?: { creating: boolean }) => Promise<void>;
  /** Notes what is about to be given; what isn't in it any more is forgotten. */
  note: (intents: readonly Intent[]) => Promise<void>;
  /** Whether the app's group, or one of that name that is yet to be made, is a group of the directory that is pushed (R89). */
  isPushed: (group: { id: string } | { name: string }) => Promise<boolean>;
  /** Whether it waits for an account that waits for it in turn, by mandatory references (R90). */
  isRing: () => Promise<boolean>;
  /** Accounts by what they are looked up by, of a complete list that began at `notBefore` or later: for an app that can't be searched. */
  listing: (target: string, value: string, notBefore: number) => Promise<Listed>;
};

export type Listed =
  | { kind: 'ok'; value: readonly Remote[] }
  | Failure
  /** The app has more accounts than are kept. */
  | { kind: 'tooMany' };

/** What one try came to. */
export type Verdict =
  | { kind: 'over'; result: DeliveryResult }
  | { kind: 'failed'; failure: Failure }
  /** The app says that it has no such account. */
  | { kind: 'gone' }
  /** Whether it was made is to be looked up. `cutOff`: the process that called is gone. */
  | { kind: 'unknown'; reason: string; cutOff: boolean }
  /** Looked up once, and to be looked up once more before it is made again. */
  | { kind: 'notFound' };

/** What became of one entitlement: held from now on, or not any more. */
export type Settled =
  { kind: 'held'; held: HeldEntitlement } | { kind: 'dropped' } | { kind: 'trouble'; verdict: Verdict };

export const over = (result: DeliveryResult): Verdict => ({ kind: 'over', result });

/** Fails for good, with a code of ours. */
export const failedForGood = (code: string, message: string): Verdict =>
  over({ kind: 'failed', code, message, final: true });

/** A failure of any call, said of the account: one that is gone may be drift (R67). */
export const failed = (failure: Failure): Verdict =>
  failure.kind === 'gone' ? { kind: 'gone' } : { kind: 'failed', failure };
