import type { AccountAttributes } from '../mapping/index.ts';
import type { Entitlement, HeldEntitlement } from './account.state.ts';

export const PREDECESSOR_FOUND = 'account/predecessor-found';

export type AccountRef = { accountId: string; userId: string };

/** What is handed over: the account as it is in the app, or may be. */
export type Estate = {
  remoteId: string;
  remote: 'active' | 'suspended';
  owned: boolean;
  attributes: AccountAttributes;
  entitlements: readonly HeldEntitlement[];
  /** What it was to hold. */
  planned: readonly Entitlement[];
};

/** Of a person who was deleted and comes back as another user, and gets their account back (R92). */
export type Rehire = {
  /** Whose account this one is to get; nothing is made until that is settled. Not accepted: an admin is asked. */
  awaits: (AccountRef & { isAccepted: boolean }) | null;
  /** Accounts that an admin did without. */
  declined: readonly string[];
  predecessor: AccountRef | null;
  /** The accounts that the one in the app belonged to before, the last first: one of them may still be its mark. */
  lineage: readonly string[];
  /** Taken over, and not planned since: what it holds stays until then. */
  isUnplanned: boolean;
  /** Whose the account in the app is now; `estate` is null where the person was erased. */
  successor: (AccountRef & { estate: Estate | null }) | null;
};

export const noRehire: Rehire = {
  awaits: null,
  declined: [],
  predecessor: null,
  lineage: [],
  isUnplanned: false,
  successor: null,
};
