import type { Instant } from '@tenure/eventing';
import type { DeprovisioningConfig } from '../duration/index.ts';

/** Time frames as they were set at an instant; null = as long as the app is there, or applied to what ran already. */
export type FrameSet = { version: number; since: Instant | null; frames: DeprovisioningConfig };

type Sets = readonly FrameSet[];

const nextVersion = (sets: Sets): number => (sets.at(-1)?.version ?? -1) + 1;

/** From now on these count for every trigger, also for those that hold already. */
export const onlyFrames = (sets: Sets, frames: DeprovisioningConfig): Sets => [
  { version: nextVersion(sets), since: null, frames },
];

/** From now on these count for triggers that are yet to occur (R48). */
export const withFrames = (sets: Sets, frames: DeprovisioningConfig, since: Instant): Sets => [
  ...sets,
  { version: nextVersion(sets), since, frames },
];

/** Which set counts for a trigger that was never seen to hold before: the one in force when it occurred. */
export const framesAt = (sets: Sets, at: Instant): FrameSet =>
  sets.findLast(({ since }) => since === null || since <= at) ?? sets[0]!;

/** The set that was noted for a trigger, or what took its place for all. */
export const framesOf = (sets: Sets, version: number): FrameSet =>
  sets.findLast((set) => set.version <= version) ?? sets[0]!;
