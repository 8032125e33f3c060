import type { AppConfig } from '../app/app-config.ts';
import { DEFAULT_AT_ONCE, type Connector, type ConnectorKinds, type Failure, kindOf } from '../connector/index.ts';
import type { PresetName } from '../presets/index.ts';
import { probePauseMs } from './backoff.ts';
import { openLane, type Lane, type LaneState } from './lane.ts';
import type { AppRef, LaneRows, Probe } from './lane.rows.ts';
import { observed } from './observed.ts';
import type { Room, WaitingApp } from './share.ts';

type Bounds = { baseMs: number; capMs: number };
export type LaneTimings = {
  /** Between probes of an app that is left alone. The cap bounds how late its recovery is noticed. */
  probe: Bounds;
  /** So long left alone, and its test fails too: the app is quarantined. */
  quarantineAfterMs: number;
  quarantineProbe: Bounds;
};

export const laneTimings: LaneTimings = {
  probe: { baseMs: 500, capMs: 4000 },
  quarantineAfterMs: 3_600_000,
  quarantineProbe: { baseMs: 300_000, capMs: 21_600_000 },
};

/** Stable; the event tells it, and the console shows it. */
export const UNREACHABLE = 'app/unreachable';
const QUARANTINED = 'The app has not answered for a long time, and the test of its connection fails.';

export type LanesNeeds = {
  rows: LaneRows;
  kinds: ConnectorKinds;
  timings: LaneTimings;
  onQuarantined: (app: AppRef, code: string) => Promise<void>;
  onResumed: (app: AppRef) => Promise<void>;
};

type Kept = { ref: AppRef; lane: Lane; wrapped: WeakMap<Connector, Connector>; opened: boolean; told: Told };
type Told = { health: LaneState; size: number; failureRatio: number; at: number };

const REPORT_EVERY_MS = 1000;

export type Lanes = ReturnType<typeof openLanes>;

/** The lanes of all apps, as this process sees them, and what it tells the other replicas of them (R96). */
export const openLanes = ({ rows, kinds, timings, onQuarantined, onResumed }: LanesNeeds) => {
  const kept = new Map<string, Kept>();

  const of = (ref: AppRef, preset: PresetName): Kept => {
    const key = `${ref.tenantId}/${ref.appId}`;
    const known = kept.get(key);
    if (known) return known;
    const most = kindOf(kinds, { preset }).atOnce ?? DEFAULT_AT_ONCE;
    const lane = openLane(most);
    const made: Kept = {
      ref,
      lane,
      wrapped: new WeakMap(),
      opened: false,
      told: { health: 'healthy', size: lane.size(), failureRatio: 0, at: 0 },
    };
    kept.set(key, made);
    return made;
  };
  const ofApp = ({ tenantId, id, preset }: AppConfig): Kept => of({ tenantId, appId: id }, preset);

  const report = async ({ ref, lane, told }: Kept, now: number) => {
    const health = lane.state();
    const [size, failureRatio] = [lane.size(), lane.failureRatio()];
    const isNews =
      health !== told.health ||
      (now - told.at > REPORT_EVERY_MS &&
        (Math.abs(size - told.size) >= 1 || Math.abs(failureRatio - told.failureRatio) >= 0.05));
    // Trouble that lasts is told again, or it would be taken for that of a process that ended.
    if (!isNews && (health === 'healthy' || now - told.at < 30 * REPORT_EVERY_MS)) return;
    Object.assign(told, { health, size, failureRatio, at: now });
    const reason = health === 'healthy' ? null : health === 'throttled' ? THROTTLED : failingWords(failureRatio);
    await rows.report(ref, { health, reason, size, failureRatio, pauseMs: lane.pauseLeft() });
  };

  const closed = async (ref: AppRef, byProbe = false) => {
    await rows.close(ref, byProbe);
    const known = kept.get(`${ref.tenantId}/${ref.appId}`);
    known?.lane.forget();
    if (known) known.opened = false;
  };

  return {
    laneOf: (app: AppConfig): Lane => ofApp(app).lane,

    connectorIn: (app: AppConfig, connector: Connector): Connector => {
      const { wrapped, lane } = ofApp(app);
      const known = wrapped.get(connector) ?? observed(connector, lane);
      wrapped.set(connector, known);
      return known;
    },

    /** A delivery begins; the answer is called when it has ended. */
    began: (ref: AppRef, preset: PresetName, isRetry: boolean): (() => void) => {
      const { lane } = of(ref, preset);
      const kind = isRetry ? 'retries' : 'fresh';
      lane.running[kind] += 1;
      lane.rate.began();
      return () => void (lane.running[kind] -= 1);
    },

    roomOf: (app: WaitingApp): Room => {
      const one = of(app, app.preset);
      const { lane } = one;
      one.opened = app.isOpen;
      if (app.pausedUntil !== null) lane.pause(Date.parse(app.pausedUntil));
      const running = lane.running.fresh + lane.running.retries;
      if (app.isOpen || lane.pauseLeft() > 0) return { fresh: 0, retries: 0, running };
      return { ...lane.allowance(), running };
    },

    /** A try ended: the breaker opens where too many calls fail. Throttling says nothing of it. */
    tried: async (app: AppConfig, outcome: 'good' | 'bad'): Promise<void> => {
      const one = ofApp(app);
      one.lane.tried(outcome);
      if (outcome === 'good' || one.opened || !one.lane.isBroken()) return;
      one.opened = true;
      const ratio = one.lane.failureRatio();
      await rows.open(one.ref, failingWords(ratio), ratio, probePauseMs(0, timings.probe));
      one.lane.forget();
    },

    /** Tells the others how the lanes fare, where that is news. */
    report: async (): Promise<void> => {
      const now = Date.now();
      for (const one of kept.values()) if (!one.opened) await report(one, now);
    },

    /** `passed`: the app answered, whatever it said. `test`: asks without a delivery. */
    probed: async (probe: Probe, passed: boolean, test: () => Promise<boolean>): Promise<void> => {
      if (probe.health === 'quarantined' ? await test() : passed) {
        if (probe.health === 'quarantined') await onResumed(probe);
        return closed(probe, true);
      }
      if (probe.health === 'quarantined')
        return rows.probeIn(probe, probePauseMs(probe.probes + 1, timings.quarantineProbe), probe.probes + 1);
      const openMs = Date.now() - Date.parse(probe.openSince);
      if (openMs >= timings.quarantineAfterMs && !(await test())) {
        await onQuarantined(probe, UNREACHABLE);
        return rows.quarantine(probe, QUARANTINED, probePauseMs(0, timings.quarantineProbe));
      }
      return rows.probeIn(probe, probePauseMs(probe.probes + 1, timings.probe), probe.probes + 1);
    },

    /** An admin resumes, or changed how the app is reached. */
    reset: (ref: AppRef) => closed(ref),
  };
};

const THROTTLED = 'The app asked to be called less often.';
const failingWords = (ratio: number): string =>
  `${Math.round(ratio * 100)} % of the calls to the app fail: it answers with an error of its own, or not at all.`;

/** Whether an answer shows that the app is there. */
export const isAlive = (outcome: { kind: 'ok' } | Failure): boolean =>
  outcome.kind !== 'unavailable' && outcome.kind !== 'unknown' && outcome.kind !== 'throttled';
