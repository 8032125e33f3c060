import type { AppEvent } from '@tenure/contracts';
import type { Decoded, Instant } from '@tenure/eventing';
import type { AppConfig } from './app-config.ts';
import { evolveApp } from './app.evolve.ts';
import type { App, TestResult } from './app.state.ts';
import { onlyFrames, withFrames, type FrameSet } from './frames.ts';

/** An app as the decider folds it, and beside it what only the envelopes tell. */
export type AppRecord = {
  app: App;
  /** Since when scope, assignments and the rules that count for everyone are as they are. */
  scopeSince: Instant;
  /** See `frames.ts`. */
  frames: readonly FrameSet[];
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
    scopeSince: occurredAt,
    frames: [],
    createdAt: occurredAt,
    updatedAt: occurredAt,
    credentialsSetAt: null,
    testedAt: null,
    turnedOnAt: null,
    thresholdReleasedAt: null,
  };
  if (!event) return { ...before, updatedAt: occurredAt };
  const app = evolveApp(before.app, event);
  return {
    ...before,
    ...instantsOf(event, occurredAt),
    app,
    scopeSince: scopeOf(app) === scopeOf(before.app) ? before.scopeSince : occurredAt,
    frames: framesAfter(before, app, event, occurredAt),
    updatedAt: occurredAt,
  };
};

const scopeOf = (app: App): string | undefined =>
  app.kind === 'none' ? undefined : JSON.stringify([app.scope, app.assignments, app.ruleSets[0]!.version]);

/** A draft has no accounts that earlier time frames could be for. */
const framesAfter = (before: AppRecord, app: App, event: AppEvent, occurredAt: Instant): readonly FrameSet[] => {
  if (app.kind === 'none') return [];
  const { deprovisioning, state } = app;
  if (event.type === 'AppCreated' || event.type === 'AppConfigurationDeleted')
    return onlyFrames(before.frames, deprovisioning);
  if (event.type !== 'AppDeprovisioningSet') return before.frames;
  return event.data.applyToRunning || state === 'draft'
    ? onlyFrames(before.frames, deprovisioning)
    : withFrames(before.frames, deprovisioning, occurredAt);
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
    scopeSince: at.scopeSince,
    frames: at.frames,
    thresholdReleasedAt: at.thresholdReleasedAt,
    turnedOnAt: at.turnedOnAt,
  };
};
