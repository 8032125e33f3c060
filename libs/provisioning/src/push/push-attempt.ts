import type { Database } from '@tenure/database';
import type { AppConfig } from '../app/app-config.ts';
import type { Connector, Description, Failure, Outcome } from '../connector/index.ts';
import type { PushCommand } from './push.decider.ts';
import type { ClaimedPush, Noted, PushRows } from './push.rows.ts';
import type { PresentPush } from './push.state.ts';

export type PushTimings = { callTimeoutMs: number; compareEveryMs: number };

/** One step of a push that this worker holds, and all that it needs. */
export type PushAttempt = {
  database: Database;
  row: ClaimedPush;
  rows: PushRows;
  push: PresentPush;
  /** The directory's group, as it is called now. */
  name: string;
  app: AppConfig;
  connector: Connector;
  timings: PushTimings;
  write: (command: PushCommand) => Promise<void>;
};

export type PushOutcome =
  /** Done in the app, and to be written down. */
  | { kind: 'sent'; command: PushCommand | null; piece?: number; noted?: Noted | null }
  /** Nothing is left to do. */
  | { kind: 'idle' }
  /** To be looked at again later; nothing was asked of the app. */
  | { kind: 'wait'; ms: number }
  /** An admin has to do something, or to know of it; `reason` is what the app said. */
  | { kind: 'stuck'; code: string; reason?: string; remoteIds?: readonly string[]; displayName?: string }
  | { kind: 'failed'; failure: Failure }
  /** Too much at once: the next piece is so large. */
  | { kind: 'tooMuch'; piece: number; failure: Failure };

/** How long an app that can't be called at all is left alone. */
export const NOT_NOW_MS = 1000;
export const notNow: PushOutcome = { kind: 'wait', ms: NOT_NOW_MS };

/** Notes what is about to be done; undefined where the app doesn't run. */
export const begin = ({ rows, row }: PushAttempt, noted: Noted | null) => rows.begin(row, noted);

const DESCRIBED_FOR_MS = 3_600_000;
const described = new WeakMap<Connector, { at: number; description: Promise<Outcome<Description>> }>();

/** What the app can do; asked once an hour. */
export const describe = async (connector: Connector): Promise<Outcome<Description>> => {
  const known = described.get(connector);
  if (known && Date.now() - known.at < DESCRIBED_FOR_MS) return known.description;
  const description = connector.describe();
  described.set(connector, { at: Date.now(), description });
  const outcome = await description;
  if (outcome.kind !== 'ok') described.delete(connector);
  return outcome;
};
