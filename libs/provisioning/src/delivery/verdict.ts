import type { DeliveryResult } from '../account/account.commands.ts';
import type { Entitlement, PresentAccount } from '../account/account.state.ts';
import type { AppConfig } from '../app/app-config.ts';
import type { Connector, Failure } from './connector.ts';
import type { Claimed } from './delivery.rows.ts';

/** One try of a delivery, and all that it needs. */
export type Attempt = {
  app: AppConfig;
  account: PresentAccount;
  row: Claimed;
  connector: Connector;
  /** Before every call: the lease must outlast it. */
  beforeCall: (options?: { creating: boolean }) => Promise<void>;
  /** Before entitlements are given that were not there. */
  beforeGiving: (given: readonly Entitlement[]) => Promise<void>;
};

/** What one try came to. */
export type Verdict =
  | { kind: 'over'; result: DeliveryResult }
  | { kind: 'failed'; failure: Failure }
  /** Whether it was made is to be looked up. `cutOff`: the process that called is gone. */
  | { kind: 'unknown'; reason: string; cutOff: boolean }
  /** Looked up once, and to be looked up once more before it is made again. */
  | { kind: 'notFound' };

export const over = (result: DeliveryResult): Verdict => ({ kind: 'over', result });

/** A failure of any call, said of the account: one that is gone is no failure but drift (R67). */
export const failed = (failure: Failure): Verdict =>
  failure.kind === 'refused' && failure.status === 404 ? over({ kind: 'gone' }) : { kind: 'failed', failure };
