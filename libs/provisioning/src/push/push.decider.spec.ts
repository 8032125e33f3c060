import { describe, expect, it } from '@jest/globals';
import {
  GroupPushed,
  PushedGroupDeleted,
  PushFailed,
  PushLinked,
  PushMembersSent,
  PushProfileSent,
  PushRetried,
  PushStopped,
} from '@tenure/contracts';
import { given } from '@tenure/eventing/testing';
import { pushDecider, type PushCommand } from './push.decider.ts';
import type { PresentPush } from './push.state.ts';

const push = given(pushDecider);
const ids = { appId: 'git', groupId: 'bakers' };

const pushed = GroupPushed({ ...ids, mode: 'merge' });
const made = PushLinked({ ...ids, remoteId: '42', made: true, displayName: 'Bakers' });
const linked = PushLinked({ ...ids, remoteId: '42', made: false, displayName: 'Bakers' });
const failed = (code: string, more: Partial<Parameters<typeof PushFailed>[0]> = {}) =>
  PushFailed({ ...ids, code, final: true, remoteIds: [], displayName: null, ...more });
const stopped = (deletes: boolean) => PushStopped({ ...ids, because: 'notChosen', deletes });

const toPush: PushCommand = { type: 'Push', ...ids, mode: 'merge' };
const toStop = (deletes: boolean): PushCommand => ({ type: 'Stop', because: 'notChosen', deletes });
const toFail = (code: string, final = true): PushCommand => ({ type: 'Fail', code, final });
const nobody = { added: [], removed: [], found: [], gone: [], others: 0 };

const folded = (...events: Parameters<typeof push>) =>
  events.reduce(pushDecider.evolve, pushDecider.initial) as PresentPush;

describe('R89: a group that is chosen', () => {
  it('is pushed, once', () => {
    push().when(toPush).then(pushed);
    push(pushed).when(toPush).thenNothing();
  });
  it('is pushed in another mode when that is chosen', () =>
    push(pushed)
      .when({ ...toPush, mode: 'mirror' })
      .then(GroupPushed({ ...ids, mode: 'mirror' })));
  it('is pushed to the same group of the app as before, if that was left in place', () => {
    push(pushed, made, stopped(false)).when(toPush).then(pushed);
    expect(folded(pushed, made, stopped(false), pushed)).toMatchObject({ aim: 'pushed', link: { remoteId: '42' } });
  });
  it('is made anew, if the app’s group was deleted', () =>
    expect(folded(pushed, made, stopped(true), PushedGroupDeleted(ids), pushed)).toMatchObject({ link: null }));
});

describe('R89: a group that is no longer chosen', () => {
  it('is left in place or deleted as the app is configured', () => {
    push(pushed, made).when(toStop(false)).then(stopped(false));
    push(pushed, made).when(toStop(true)).then(stopped(true));
    push(pushed, made, stopped(true)).when({ type: 'NoteDeleted' }).then(PushedGroupDeleted(ids));
  });
  it('is never deleted if Tenure did not make it', () => {
    push(pushed, linked).when(toStop(true)).then(stopped(false));
    push(pushed, linked, stopped(false)).when({ type: 'NoteDeleted' }).thenNothing();
  });
  it('is deleted if a call that was under way made it after all', () => {
    push(pushed).when(toStop(true)).then(stopped(true));
    push(pushed, stopped(true)).when({ type: 'NoteMade', remoteId: '42', displayName: 'Bakers' }).then(made);
    push(pushed, stopped(true), made).when({ type: 'NoteDeleted' }).then(PushedGroupDeleted(ids));
  });
  it('ends once', () => {
    push(pushed, made, stopped(false)).when(toStop(true)).thenNothing();
    push().when(toStop(true)).thenNothing();
  });
});

describe('R61, R89: a group that the app has already', () => {
  const foreign = failed('push/foreign-group', { remoteIds: ['42'] });

  it('waits for an admin who links it', () => {
    push(pushed)
      .when({ type: 'Fail', code: 'push/foreign-group', final: true, remoteIds: ['42'] })
      .then(foreign);
    push(pushed, foreign).when({ type: 'Link', remoteId: '42', displayName: 'Bakers' }).then(linked);
    expect(folded(pushed, foreign, linked).failure).toBeNull();
  });
  it('is linked once, and to one group only', () => {
    push(pushed, linked).when({ type: 'Link', remoteId: '42', displayName: 'Bakers' }).thenNothing();
    push(pushed, made).when({ type: 'Link', remoteId: '43', displayName: 'Bakers' }).thenRejected('push/linked');
  });
  it('is not linked to a group that is not pushed', () => {
    push().when({ type: 'Link', remoteId: '42', displayName: 'Bakers' }).thenRejected('push/not-found');
    push(pushed, made, stopped(false))
      .when({ type: 'Link', remoteId: '43', displayName: 'Bakers' })
      .thenRejected('push/not-found');
    push(pushed, made, stopped(true))
      .when({ type: 'Link', remoteId: '43', displayName: 'Bakers' })
      .thenRejected('push/stopped');
  });
});

describe('what was done in the app', () => {
  it('is written down, whatever was decided meanwhile', () => {
    const sent = { ...nobody, added: ['acc-1'] };
    push(pushed, made, stopped(false))
      .when({ type: 'NoteMembers', ...sent })
      .then(PushMembersSent({ ...ids, ...sent }));
    push(pushed, made)
      .when({ type: 'NoteProfile', displayName: 'Patissiers' })
      .then(PushProfileSent({ ...ids, displayName: 'Patissiers' }));
  });
  it('is no event where nothing was', () => {
    push(pushed, made)
      .when({ type: 'NoteMembers', ...nobody })
      .thenNothing();
    push(pushed, made).when({ type: 'NoteProfile', displayName: 'Bakers' }).thenNothing();
    push(pushed, made).when({ type: 'NoteMade', remoteId: '43', displayName: 'Bakers' }).thenNothing();
  });
});

describe('a failure', () => {
  it('is told when it begins and when it is final, and not of each try', () => {
    push(pushed, made)
      .when(toFail('delivery/failing', false))
      .then(failed('delivery/failing', { final: false }));
    push(pushed, made, failed('delivery/failing', { final: false }))
      .when(toFail('delivery/failing', false))
      .thenNothing();
    push(pushed, made, failed('delivery/failing', { final: false }))
      .when(toFail('delivery/given-up'))
      .then(failed('delivery/given-up'));
    push(pushed, made, failed('delivery/given-up')).when(toFail('delivery/refused')).thenNothing();
  });
  it('of the name stops nothing else, and is told once for each name', () => {
    const refused = failed('push/rename-unsupported', { displayName: 'Patissiers' });
    expect(folded(pushed, made, refused)).toMatchObject({ failure: null, displayName: 'Bakers' });
    push(pushed, made, refused)
      .when({ type: 'Fail', code: 'push/rename-unsupported', final: true, displayName: 'Patissiers' })
      .thenNothing();
  });
  it('is tried again when an admin says so', () => {
    push(pushed, made, failed('delivery/refused')).when({ type: 'Retry' }).then(PushRetried(ids));
    push(pushed, made).when({ type: 'Retry' }).thenNothing();
    push().when({ type: 'Retry' }).thenRejected('push/not-found');
  });
  it('because the group is gone from the app has it made again', () =>
    expect(folded(pushed, made, failed('push/group-gone'), PushRetried(ids))).toMatchObject({ link: null }));
  it('because of the threshold is released for one comparison', () => {
    const released = [pushed, made, failed('push/threshold'), PushRetried(ids)] as const;
    expect(folded(...released).released).toBe(true);
    expect(folded(...released, PushMembersSent({ ...ids, ...nobody, others: 3 })).released).toBe(false);
  });
});
