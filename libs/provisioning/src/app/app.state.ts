import type { EndpointConfig } from '../presets/index.ts';
import type { AppConfig } from './app-config.ts';

/** What a test of the connection came to (R34); of what the app itself said, only the status is kept. */
export type TestResult = {
  outcome: 'passed' | 'failed';
  problem: 'unauthorized' | 'unreachable' | 'refused' | null;
  status: number | null;
};

type Credentials = Omit<NonNullable<AppConfig['credentials']>, 'setAt'>;

/** An app as its events have it. Instants are the envelopes'; `app-record.ts` puts them beside it. */
export type PresentApp = Pick<
  AppConfig,
  | 'name'
  | 'preset'
  | 'state'
  | 'sso'
  | 'attributes'
  | 'scope'
  | 'assignments'
  | 'deprovisioning'
  | 'approvals'
  | 'threshold'
  | 'ruleSets'
  | 'entitlements'
  | 'ownership'
  | 'connection'
  | 'reconciliation'
  | 'pushes'
> & {
  kind: 'present';
  credentials: Credentials | null;
  /** Null: the credentials and the endpoint as they are now were never tested. */
  test: TestResult | null;
  endpoint: (EndpointConfig & { url: string }) | null;
  /** Why it is only tested now and then; null: it isn't quarantined. */
  quarantine: string | null;
};

export type App = { kind: 'none' } | PresentApp;
