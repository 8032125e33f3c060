import type { PushEvent } from '@tenure/contracts';
import type { Decoded, Instant, Revision } from '@tenure/eventing';
import { evolvePush } from './push.evolve.ts';
import type { PushState } from './push.state.ts';

/** A push as the decider folds it, and beside it what only the envelopes tell. */
export type PushRecord = {
  state: PushState;
  createdAt: Instant;
  updatedAt: Instant;
  /** Since when it is pushed, left, failed or not. */
  since: Instant;
  revision: Revision;
  /** The last event and what it belongs to: what a delivery that follows from it is caused by. */
  lastEventId: string;
  correlationId: string;
  traceparent: string | null;
};

const standing = (state: PushState): string =>
  state.kind === 'none' ? '' : JSON.stringify([state.aim, state.link, state.failure, state.warning, state.trouble]);

export const advancePush = (
  record: PushRecord | undefined,
  { event, revision, id, metadata }: Decoded<PushEvent>,
): PushRecord => {
  const { occurredAt, correlationId, traceparent = null } = metadata;
  const before = record?.state ?? { kind: 'none' };
  const state = event ? evolvePush(before, event) : before;
  return {
    state,
    createdAt: record?.createdAt ?? occurredAt,
    updatedAt: occurredAt,
    since: record && standing(state) === standing(before) ? record.since : occurredAt,
    revision,
    lastEventId: id,
    correlationId,
    traceparent,
  };
};
