import {
  GroupPushed,
  PushedGroupDeleted,
  PushFailed,
  PushLinked,
  PushMembersSent,
  PushProfileSent,
  PushRetried,
  PushStopped,
  type PushEvent,
} from '@tenure/contracts';
import { Rejected, type Decider } from '@tenure/eventing';
import type { PushMode } from '../app/app-config.ts';
import { evolvePush } from './push.evolve.ts';
import type { PresentPush, PushState } from './push.state.ts';

/** What a piece of members came to; accounts of Tenure. */
export type SentMembers = Omit<Parameters<typeof PushMembersSent>[0], 'appId' | 'groupId'>;

export type PushCommand =
  | { type: 'Push'; appId: string; groupId: string; mode: PushMode }
  | { type: 'Stop'; because: 'notChosen' | 'groupDeleted' | 'appReset'; deletes: boolean }
  /** An admin says which group of the app it is (R61). */
  | { type: 'Link'; remoteId: string; displayName: string }
  | { type: 'Retry' }
  /** Of the worker: what was done in the app counts, whatever was decided meanwhile. */
  | { type: 'NoteMade'; remoteId: string; displayName: string }
  | { type: 'NoteProfile'; displayName: string }
  | ({ type: 'NoteMembers' } & SentMembers)
  | { type: 'NoteDeleted' }
  | { type: 'Fail'; code: string; final: boolean; remoteIds?: readonly string[]; displayName?: string };

const decide = (command: PushCommand, state: PushState): PushEvent[] => {
  if (command.type === 'Push') {
    const { appId, groupId, mode } = command;
    const isSo = state.kind === 'present' && state.aim === 'pushed' && state.mode === mode;
    return isSo ? [] : [GroupPushed({ appId, groupId, mode })];
  }
  if (command.type === 'Link' || command.type === 'Retry') return byAdmin(command, state);
  if (state.kind === 'none') return [];
  const { appId, groupId, aim, link } = state;
  const push = { appId, groupId };
  switch (command.type) {
    case 'Stop': {
      const { because } = command;
      // What Tenure didn't make is never deleted. Without a link, a call that is under way may yet make it.
      const deletes = command.deletes && link?.made !== false;
      return aim === 'pushed' ? [PushStopped({ ...push, because, deletes })] : [];
    }
    case 'NoteMade': {
      const { remoteId, displayName } = command;
      return link === null ? [PushLinked({ ...push, remoteId, made: true, displayName })] : [];
    }
    case 'NoteProfile':
      return command.displayName === state.displayName
        ? []
        : [PushProfileSent({ ...push, displayName: command.displayName })];
    case 'NoteMembers': {
      const { type: _, ...sent } = command;
      const { added, removed, found, gone, others } = sent;
      const count = added.length + removed.length + found.length + gone.length + others;
      return count === 0 || aim === 'deleted' ? [] : [PushMembersSent({ ...push, ...sent })];
    }
    case 'NoteDeleted':
      return aim === 'deleting' && link?.made === true ? [PushedGroupDeleted(push)] : [];
    case 'Fail':
      return fail(command, state);
  }
};

/** The first failure of a push and the final one; tries between are no events. */
const fail = (
  { code, final, remoteIds = [], displayName }: Extract<PushCommand, { type: 'Fail' }>,
  { appId, groupId, aim, failure, warning, trouble }: PresentPush,
): PushEvent[] => {
  if (warning?.code === code && warning.displayName === (displayName ?? null)) return [];
  const isOver = aim === 'left' || aim === 'deleted' || failure !== null;
  if (isOver || (!final && trouble !== null)) return [];
  return [PushFailed({ appId, groupId, code, final, remoteIds: [...remoteIds], displayName: displayName ?? null })];
};

const byAdmin = (command: Extract<PushCommand, { type: 'Link' | 'Retry' }>, state: PushState): PushEvent[] => {
  if (state.kind === 'none' || state.aim === 'left' || state.aim === 'deleted')
    throw new Rejected('not-found', 'push/not-found', 'This group is not pushed to the app.');
  const { appId, groupId, aim, link, failure, warning } = state;
  if (command.type === 'Retry') return failure || warning ? [PushRetried({ appId, groupId })] : [];
  if (aim === 'deleting') throw new Rejected('conflict', 'push/stopped', 'The group is not pushed any more.');
  const { remoteId, displayName } = command;
  if (link?.remoteId === remoteId) return [];
  if (link) throw new Rejected('conflict', 'push/linked', 'The group is linked to another group of the app already.');
  return [PushLinked({ appId, groupId, remoteId, made: false, displayName })];
};

export const pushDecider: Decider<PushState, PushCommand, PushEvent> = {
  initial: { kind: 'none' },
  decide,
  evolve: evolvePush,
};
