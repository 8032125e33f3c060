import type { PushMode } from '../app/app-config.ts';

/** `left`: not pushed any more, the app's group stays. `deleting`: not pushed any more, and the group that Tenure made is to go. */
export type PushAim = 'pushed' | 'left' | 'deleting' | 'deleted';

/** A directory group as a group of an app. Its members are rows of the view (`push_members`), for there may be 100,000 of them. */
export type PresentPush = {
  kind: 'present';
  appId: string;
  groupId: string;
  mode: PushMode;
  aim: PushAim;
  /** The app's group; `made`: by Tenure, which alone may be deleted. */
  link: { remoteId: string; made: boolean } | null;
  /** What the app's group is called, as far as it is known. */
  displayName: string | null;
  /** Waits for an admin. `remoteIds`: the groups that are meant. */
  failure: { code: string; remoteIds: readonly string[] } | null;
  /** What the app refuses while the rest goes on. `displayName`: the name that it refused. */
  warning: { code: string; displayName: string | null } | null;
  /** The last try failed, and another one follows. */
  trouble: string | null;
  /** An admin allows the next comparison of the members to be above the threshold. */
  released: boolean;
};

export type PushState = { kind: 'none' } | PresentPush;

export const FOREIGN_GROUP = 'push/foreign-group';
export const GROUP_GONE = 'push/group-gone';
export const ABOVE_THRESHOLD = 'push/threshold';
export const RENAME_UNSUPPORTED = 'push/rename-unsupported';
export const NAME_TAKEN = 'push/name-taken';
export const MEMBERS_HIDDEN = 'push/members-hidden';

/** The push goes on without what these say. */
const WARNINGS: readonly string[] = [RENAME_UNSUPPORTED, NAME_TAKEN, MEMBERS_HIDDEN];
export const isWarning = (code: string): boolean => WARNINGS.includes(code);

/** Why a push doesn't go on, or not quite, in words. */
export const pushWords: Readonly<Record<string, string>> = {
  [FOREIGN_GROUP]: 'The app has a group of this name that Tenure did not create. Link it, or rename one of the two.',
  [GROUP_GONE]: 'The group no longer exists in the app. Retry to create it again.',
  [ABOVE_THRESHOLD]: 'More members would be removed than the threshold of the app allows. Retry to remove them.',
  [RENAME_UNSUPPORTED]: 'The app refuses the new name, so the group keeps its old one.',
  [NAME_TAKEN]: 'Another group of the app has the new name, so the group keeps its old one.',
  [MEMBERS_HIDDEN]:
    'The app doesn’t show the members of the group, so members that Tenure did not add can’t be removed.',
  'push/conflict': 'The app refused the group as a duplicate, but no group of this name was found.',
  'push/too-large': 'The app can only replace a group as a whole, and this one is too large for that.',
  'delivery/conflict': 'The app reported a conflict.',
  'delivery/failing': 'The app could not be reached or failed; Tenure tries again.',
  'delivery/given-up': 'The app kept failing, so Tenure stopped trying.',
  'delivery/refused': 'The app refused the change.',
  'delivery/unauthorized': 'The app refused the credentials.',
};
