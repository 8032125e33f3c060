import type { DriftKind } from '@tenure/contracts';
import { repairable, type DriftPart } from '../account/drift.ts';
import type { Reconciliation } from '../app/app-config.ts';
import { millisecondsOf } from '../duration/index.ts';
import type { Found } from './compare.ts';

/** What is recorded of what was found, and what of that is brought back without being asked. */
export const byPolicy = (found: Found, { policies, targets }: Reconciliation): { found: Found; repair: DriftPart } => {
  const policyOf = (target: string) => targets[target] ?? policies.changed;
  const changes = found.changes.filter(({ target }) => policyOf(target) !== 'ignore');
  const kinds = found.kinds.filter((kind) => (kind === 'changed' ? changes.length > 0 : policies[kind] !== 'ignore'));
  const kept = { ...found, kinds, changes };
  const all = repairable(kept);
  const repaired = all.targets.filter((target) => policyOf(target) === 'repair');
  return {
    found: kept,
    repair: {
      kinds: all.kinds.filter((kind) => (kind === 'changed' ? repaired.length > 0 : policies[kind] === 'repair')),
      targets: repaired,
    },
  };
};

/** A run that found fewer than this is never suspicious: of ten accounts, one is a tenth. */
const FEW = 50;

/** Too much to be somebody's edits: an emptied app, another app's address, a changed format (R88). */
export const isSuspicious = ({
  linked,
  missing,
  changed,
}: {
  linked: number;
  missing: number;
  changed: number;
}): boolean => (missing >= FEW && missing * 20 > linked) || (changed >= FEW && changed * 5 > linked);

/** Whether a scheduled run is to begin. */
export const isDue = (
  { every, window }: Pick<Reconciliation, 'every' | 'window'>,
  now: string,
  last: string | null,
): boolean => {
  if (every === null) return false;
  if (last !== null && Date.parse(now) < Date.parse(last) + millisecondsOf(every)) return false;
  if (window === null) return true;
  const time = new Date(Date.parse(now)).toISOString().slice(11, 16);
  const { from, to } = window;
  return from <= to ? time >= from && time < to : time >= from || time < to;
};

export type Counts = Record<DriftKind | 'foreign', number>;
export const noCounts: Counts = {
  missing: 0,
  changed: 0,
  suspendedThere: 0,
  reactivatedThere: 0,
  entitlementTaken: 0,
  entitlementAdded: 0,
  foreign: 0,
  brokenLink: 0,
};
