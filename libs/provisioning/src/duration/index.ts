export {
  type DeprovisioningAction,
  type DeprovisioningConfig,
  type DeprovisioningProblem,
  type DueTimer,
  type MovedTimer,
  type TimeFrame,
  type Trigger,
  deprovisioningConfig,
  dueTimers,
  movedTimers,
  putDeprovisioning,
  triggers,
  validateDeprovisioning,
} from './deprovisioning.ts';
export {
  type Duration,
  addDuration,
  compareDurations,
  durationSchema,
  isPositive,
  millisecondsOf,
} from './duration.ts';
