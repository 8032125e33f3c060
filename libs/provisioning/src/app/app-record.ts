import type { AppEvent } from '@tenure/contracts';
import type { Decoded, Instant } from '@tenure/eventing';
import type { AppConfig } from './app-config.ts';
import { evolveApp } from './app.evolve.ts';
import type { App, TestResult } from './app.state.ts';

/** An app as the decider folds it, and beside it what only the envelopes tell. */
export type AppRecord = {
  app: App;
  createdAt: Instant;
  updatedAt: Instant;
  credentialsSetAt: Instant | null;
  testedAt: Instant | null;
  turnedOnAt: Instant | null;
  thresholdReleasedAt: Instant | null;
};

/** One event further. One that says nothing here (a forfeited claim) still moves the time. */
export const advanceApp = (
  record: AppRecord | undefined,
  { event, metadata: { occurredAt } }: Decoded<AppEvent>,
): AppRecord => {
  const before = record ?? {
    app: { kind: 'none' },
    createdAt: occurredAt,
    updatedAt: occurredAt,
    credentialsSetAt: null,
    testedAt: null,
    turnedOnAt: null,
    thresholdReleasedAt: null,
  };
  if (!event) return { ...before, updatedAt: occurredAt };
  return { ...before, ...instantsOf(event, occurredAt), app: evolveApp(before.app, event), updatedAt: occurredAt };
};

const instantsOf = ({ type }: AppEvent, occurredAt: Instant): Partial<AppRecord> => {
  if (type === 'AppCredentialsSet' || type === 'AppReauthorized') return { credentialsSetAt: occurredAt };
  if (type === 'AppTested' || type === 'AppReauthorizationNeeded') return { testedAt: occurredAt };
  if (type === 'AppTurnedOn') return { turnedOnAt: occurredAt };
  if (type === 'AppThresholdReleased') return { thresholdReleasedAt: occurredAt };
  if (type === 'AppConfigurationDeleted') return { turnedOnAt: null, thresholdReleasedAt: null };
  return {};
};

/** In words; what the app itself said was told to who asked for the test, and is not kept. */
export const reasonOfTest = ({ problem, status }: TestResult): string | undefined => {
  switch (problem) {
    case null:
      return undefined;
    case 'unauthorized':
      return 'Invalid authentication: the app did not accept the credentials.';
    case 'unreachable':
      return status === null ? 'The app could not be reached.' : `The app answered ${status}.`;
    case 'refused':
      return `The app refused the request with ${status ?? 'an answer that is not SCIM'}.`;
  }
};

export const configOf = (tenantId: string, id: string, { app, ...at }: AppRecord): AppConfig | undefined => {
  if (app.kind === 'none') return undefined;
  const { kind: _, quarantine: __, credentials, test, ...rest } = app;
  const reason = test ? reasonOfTest(test) : undefined;
  return {
    id,
    tenantId,
    ...rest,
    credentials: credentials && { ...credentials, setAt: at.credentialsSetAt! },
    test: test
      ? { outcome: test.outcome, ...(reason !== undefined && { reason }), at: at.testedAt! }
      : { outcome: 'untested' },
    thresholdReleasedAt: at.thresholdReleasedAt,
    turnedOnAt: at.turnedOnAt,
  };
};
