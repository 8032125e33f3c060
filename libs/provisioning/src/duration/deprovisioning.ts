import { z } from 'zod';
import { type Duration, addDuration, compareDurations, durationSchema } from './duration.ts';

export const triggers = ['turnedOff', 'suspended', 'deleted'] as const;
export type Trigger = (typeof triggers)[number];

export const deprovisioningActions = ['suspend', 'hardDelete'] as const;
export type DeprovisioningAction = (typeof deprovisioningActions)[number];

/** `null` is never; what is left out is never, too. */
const timeFrame = z.strictObject({
  suspend: durationSchema.nullable().default(null),
  hardDelete: durationSchema.nullable().default(null),
});

const timeFrames = { turnedOff: timeFrame, suspended: timeFrame, deleted: timeFrame };

/** The time frames of an app (R44). */
export const deprovisioningConfig = z.strictObject(timeFrames);

/** `PUT /deprovisioning`: whether a change applies to timers that already run is no part of the configuration (R48). */
export const putDeprovisioning = z.strictObject({ ...timeFrames, applyToRunning: z.boolean().default(false) });

export type TimeFrame = Record<DeprovisioningAction, Duration | null>;
export type DeprovisioningConfig = Record<Trigger, TimeFrame>;

export type DeprovisioningProblem = {
  code: 'deprovisioning/order' | 'deprovisioning/unsupported';
  field: string;
  message: string;
};

const actionWords: Record<DeprovisioningAction, string> = {
  suspend: 'suspend accounts',
  hardDelete: 'delete accounts',
};

/** Hard delete must come later than suspend when both are set (R45); nothing may be asked that the app can't do (R28). */
export const validateDeprovisioning = (
  config: DeprovisioningConfig,
  capabilities: Record<DeprovisioningAction, boolean>,
): DeprovisioningProblem[] =>
  triggers.flatMap((trigger): DeprovisioningProblem[] => {
    const frame = config[trigger];
    const unsupported = deprovisioningActions
      .filter((action) => frame[action] !== null && !capabilities[action])
      .map((action) => ({
        code: 'deprovisioning/unsupported' as const,
        field: `${trigger}.${action}`,
        message: `This app can't ${actionWords[action]}.`,
      }));
    if (unsupported.length > 0 || frame.suspend === null || frame.hardDelete === null) return unsupported;
    if (compareDurations(frame.hardDelete, frame.suspend) > 0) return [];
    const message = `Deleting after ${frame.hardDelete} must be later than suspending after ${frame.suspend}.`;
    return [{ code: 'deprovisioning/order', field: `${trigger}.hardDelete`, message }];
  });

export type DueTimer = {
  trigger: Trigger;
  action: DeprovisioningAction;
  triggeredAt: string;
  delay: Duration;
  dueAt: string;
};

/** The timers that a trigger arms, earliest first. `PT0S` is due at once, `P1D` not before 24 hours have passed (R46). */
export const dueTimers = (trigger: Trigger, triggeredAt: string, config: DeprovisioningConfig): DueTimer[] =>
  deprovisioningActions
    .flatMap((action) => {
      const delay = config[trigger][action];
      return delay === null ? [] : [{ trigger, action, triggeredAt, delay, dueAt: addDuration(triggeredAt, delay) }];
    })
    .toSorted((one, other) => Date.parse(one.dueAt) - Date.parse(other.dueAt));

/** What a changed configuration would do to a timer that runs: `to` is null where the new answer is never. */
export type MovedTimer<T> = { timer: T; from: string; to: string | null };

/** The running timers that a changed configuration would move, were it applied to them (R48); those it leaves where they are, are left out. */
export const movedTimers = <T extends Omit<DueTimer, 'delay'>>(
  timers: readonly T[],
  config: DeprovisioningConfig,
): MovedTimer<T>[] =>
  timers.flatMap((timer) => {
    const delay = config[timer.trigger][timer.action];
    const to = delay === null ? null : addDuration(timer.triggeredAt, delay);
    return to !== null && Date.parse(to) === Date.parse(timer.dueAt) ? [] : [{ timer, from: timer.dueAt, to }];
  });
