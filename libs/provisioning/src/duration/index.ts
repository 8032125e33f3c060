export {
  type DeprovisioningAction,
  type DeprovisioningConfig,
  type DeprovisioningProblem,
  type DueTimer,
  type TimeFrame,
  type Trigger,
  deprovisioningActions,
  deprovisioningConfig,
  dueTimers,
  putDeprovisioning,
  triggers,
  validateDeprovisioning,
} from './deprovisioning.ts';
export { type Duration, addDuration, compareDurations, durationSchema, millisecondsOf } from './duration.ts';
