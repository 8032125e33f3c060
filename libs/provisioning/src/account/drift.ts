import type { DriftKind } from '@tenure/contracts';
import { isSameEntitlement, type Drift, type PresentAccount } from './account.state.ts';

/** Kinds and, of changed values, targets. */
export type DriftPart = { kinds: readonly DriftKind[]; targets: readonly string[] };

/** What was given in the app itself, and a link that somebody else changed, is left to an admin (R61). */
const REPAIRABLE: readonly DriftKind[] = [
  'missing',
  'changed',
  'suspendedThere',
  'reactivatedThere',
  'entitlementTaken',
];

/** All that can be brought back to what Tenure holds. */
export const repairable = ({ kinds, changes }: Pick<Drift, 'kinds' | 'changes'>): DriftPart => ({
  kinds: kinds.filter((kind) => REPAIRABLE.includes(kind)),
  targets: changes.map(({ target }) => target),
});

/** The account as the app shows it, in those parts: what it lacks is an ordinary delivery from then on. */
export const forgetDrift = (account: PresentAccount, { kinds, targets }: DriftPart): PresentAccount => {
  const { drift } = account;
  if (!drift) return account;
  const has = (kind: DriftKind) => kinds.includes(kind);
  if (has('missing'))
    return {
      ...account,
      failure: null,
      remote: 'none',
      remoteId: null,
      owned: false,
      attributes: {},
      entitlements: [],
    };
  const shown = Object.fromEntries(
    drift.changes.filter(({ target }) => targets.includes(target)).map(({ target, to }) => [target, to]),
  );
  return {
    ...account,
    failure: null,
    remote: has('suspendedThere') ? 'suspended' : has('reactivatedThere') ? 'active' : account.remote,
    attributes: { ...account.attributes, ...shown },
    entitlements: has('entitlementTaken')
      ? account.entitlements.filter((held) => !drift.taken.some((taken) => isSameEntitlement(taken, held)))
      : account.entitlements,
  };
};

/** What of a drift isn't settled with those parts. */
export const driftLeft = (drift: PresentAccount['drift'], { kinds, targets }: DriftPart): PresentAccount['drift'] => {
  if (!drift) return null;
  const changes = drift.changes.filter(({ target }) => !targets.includes(target));
  const left = drift.kinds.filter((kind) => !kinds.includes(kind) || (kind === 'changed' && changes.length > 0));
  if (left.length === 0) return null;
  const taken = left.includes('entitlementTaken') ? drift.taken : [];
  return { ...drift, kinds: left, changes, taken };
};
