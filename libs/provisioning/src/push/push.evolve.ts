import type { PushEvent } from '@tenure/contracts';
import { ABOVE_THRESHOLD, GROUP_GONE, isWarning, type PresentPush, type PushState } from './push.state.ts';

/** Every event but the first is of a group that was pushed. */
export const evolvePush = (state: PushState, event: PushEvent): PushState => {
  if (event.type === 'GroupPushed') {
    const { appId, groupId, mode } = event.data;
    const before = state.kind === 'none' ? nothing : state;
    return { ...before, kind: 'present', appId, groupId, mode, aim: 'pushed', failure: null, warning: null };
  }
  return state.kind === 'none' ? state : evolvePresent(state, event);
};

const nothing: Pick<PresentPush, 'link' | 'displayName' | 'trouble' | 'released'> = {
  link: null,
  displayName: null,
  trouble: null,
  released: false,
};

const evolvePresent = (push: PresentPush, event: Exclude<PushEvent, { type: 'GroupPushed' }>): PresentPush => {
  switch (event.type) {
    case 'PushLinked': {
      const { remoteId, made, displayName } = event.data;
      return { ...push, link: { remoteId, made }, displayName, failure: null, warning: null, trouble: null };
    }
    case 'PushProfileSent':
      return { ...push, displayName: event.data.displayName, warning: null, trouble: null };
    case 'PushMembersSent':
      return { ...push, trouble: null, released: false };
    case 'PushFailed': {
      const { code, final, remoteIds, displayName } = event.data;
      if (isWarning(code)) return { ...push, warning: { code, displayName }, trouble: null };
      return final ? { ...push, failure: { code, remoteIds }, trouble: null } : { ...push, trouble: code };
    }
    case 'PushRetried': {
      const released = push.failure?.code === ABOVE_THRESHOLD;
      const isGone = push.failure?.code === GROUP_GONE;
      return {
        ...push,
        ...(isGone && { link: null, displayName: null }),
        failure: null,
        warning: null,
        trouble: null,
        released,
      };
    }
    case 'PushStopped':
      return { ...push, aim: event.data.deletes ? 'deleting' : 'left', failure: null, warning: null, trouble: null };
    case 'PushedGroupDeleted':
      return { ...push, aim: 'deleted', link: null, displayName: null, failure: null, trouble: null };
  }
};
