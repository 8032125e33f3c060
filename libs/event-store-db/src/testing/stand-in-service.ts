import { setTimeout as sleep } from 'node:timers/promises';
import grpc from '@grpc/grpc-js';
import type { IStreamsServer } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import type { Front } from './stand-in-front.ts';
import type { AppendOutcome, Expected, Proposed, StandInLog } from './stand-in-log.ts';
import {
  appendResponse,
  batchAppendResponse,
  batchTimeoutResponse,
  COMMIT_TIMEOUT,
  deletedError,
  expectedOf,
  nameOf,
  proposed,
  serviceError,
  uuidOf,
} from './stand-in-messages.ts';
import { read, type LogReadListener, type Subscriptions } from './stand-in-read.ts';

/** Calls by kind; each append counts, whether it had a call of its own. `writes` and `reads` are the streams that were appended to and read. */
export type Calls = {
  appends: number;
  streamReads: number;
  logReads: number;
  subscriptions: number;
  writes: string[];
  reads: string[];
};

export type StandInUser = { password: string; mayReadAll?: boolean };

export type Faults = {
  delayMs: number;
  commitTimeoutMs: number;
  outOfOrder: boolean;
  batches: Set<() => void>;
  subscriptions: Subscriptions;
  /** Told how many records the server looked at for a read of `$all`. */
  onLogRead: LogReadListener;
  dieAt?: { when: 'lost' | 'applied'; streamPrefix: string };
};

type Access = (call: { metadata: grpc.Metadata }, readsAll: boolean) => Error | undefined;

/** Anonymous or wrong credentials are refused, and who may not read `$all` is refused that. */
export const accessFor =
  (users: Record<string, StandInUser> | undefined): Access =>
  ({ metadata }, readsAll) => {
    if (!users) return undefined;
    const [header = ''] = metadata.get('authorization');
    const [name = '', password] = Buffer.from(String(header).replace(/^Basic /, ''), 'base64')
      .toString('utf8')
      .split(':');
    const user = users[name];
    if (user?.password !== password || !user)
      return header === ''
        ? serviceError(grpc.status.PERMISSION_DENIED, 'access-denied')
        : serviceError(grpc.status.UNAUTHENTICATED, 'Unauthenticated');
    return readsAll && user.mayReadAll === false
      ? serviceError(grpc.status.PERMISSION_DENIED, 'access-denied')
      : undefined;
  };

export const streamsService = (
  log: StandInLog,
  faults: Faults,
  calls: Calls,
  access: Access,
  front: () => Front,
): IStreamsServer => {
  /** Appends that are being committed, by what they append where. */
  const committing = new Set<string>();

  /** `undefined`: the server died over it. */
  const append = async (
    stream: string,
    expected: Expected,
    events: readonly Proposed[],
  ): Promise<AppendOutcome | 'timed-out' | undefined> => {
    calls.appends += 1;
    calls.writes.push(stream);
    const what = `${stream} ${String(expected)} ${events[0]?.id}`;
    if (committing.has(what)) {
      await sleep(faults.commitTimeoutMs);
      return 'timed-out';
    }
    committing.add(what);
    try {
      await (faults.delayMs > 0 ? sleep(faults.delayMs) : new Promise(setImmediate));
      return commit(stream, expected, events);
    } finally {
      committing.delete(what);
    }
  };

  const commit = (stream: string, expected: Expected, events: readonly Proposed[]): AppendOutcome | undefined => {
    const { dieAt } = faults;
    const dies = dieAt && stream.startsWith(dieAt.streamPrefix);
    if (!dies) return log.append(stream, expected, events);
    delete faults.dieAt;
    if (dieAt.when === 'applied') log.append(stream, expected, events);
    front().die();
    return undefined;
  };

  const appendOne = async (
    call: grpc.ServerReadableStream<AppendReq, AppendResp>,
    callback: grpc.sendUnaryData<AppendResp>,
  ) => {
    let options: AppendReq.Options | undefined;
    const events: Proposed[] = [];
    const denied = access(call, false);
    if (denied) return callback(denied as grpc.ServiceError);
    for await (const message of call as AsyncIterable<AppendReq>) {
      if (message.hasOptions()) options = message.getOptions();
      else events.push(proposed(message.getProposedMessage()!));
    }
    // To grpc-js a call that is cut half-way looks like one that ended: its first events alone would be appended. It may read it after the cut.
    if (!front().isConnected(call.getPeer())) return;
    const stream = nameOf(options!.getStreamIdentifier());
    const expected = expectedOf(options!);
    const outcome = await append(stream, expected, events);
    if (!outcome) return;
    if (outcome === 'timed-out') return callback(serviceError(grpc.status.ABORTED, COMMIT_TIMEOUT));
    if (outcome.kind === 'tombstoned') callback(deletedError(stream));
    else if (outcome.kind === 'too-large')
      callback(
        serviceError(grpc.status.INVALID_ARGUMENT, 'maximum-append-size-exceeded', {
          'maximum-append-size': String(outcome.limit),
        }),
      );
    else callback(null, appendResponse(outcome, expected));
  };

  type Batch = { options: BatchAppendReq.Options; events: Proposed[] };
  const appendBatch = async (last: BatchAppendReq, { options, events }: Batch) => {
    const stream = nameOf(options.getStreamIdentifier());
    const expected = expectedOf(options);
    const outcome = await append(stream, expected, events);
    if (outcome === 'timed-out') return batchTimeoutResponse(last, stream);
    return outcome && batchAppendResponse(last, stream, outcome, expected);
  };

  /** Answers as they come, or turned round where the test wants that: the real server answers appends of different streams in any order. */
  const answering = (call: grpc.ServerDuplexStream<BatchAppendReq, BatchAppendResp>) => {
    const held: BatchAppendResp[] = [];
    const flush = () => {
      for (const response of held.splice(0).toReversed()) if (!call.cancelled) call.write(response);
    };
    return (response: BatchAppendResp | undefined) => {
      if (!response) return;
      held.push(response);
      if (!faults.outOfOrder) flush();
      else setTimeout(flush, 5);
    };
  };

  return {
    read: (call) => {
      const options = call.request.getOptions()!;
      const denied = access(call, options.hasAll());
      if (options.hasSubscription()) calls.subscriptions += 1;
      else if (options.hasAll()) calls.logReads += 1;
      else {
        calls.streamReads += 1;
        calls.reads.push(nameOf(options.getStream()!.getStreamIdentifier()));
      }
      if (denied) return void call.emit('error', denied);
      void sleep(faults.delayMs).then(() => read(log, call, faults));
    },
    append: (call, callback) => {
      // It throws where the client goes away while it sends.
      appendOne(call, callback).catch(() => undefined);
    },
    batchAppend: (call) => {
      const denied = access(call, false);
      if (denied) return void call.emit('error', denied);
      const open = new Map<string, Batch>();
      const answer = answering(call);
      let broken = false;
      const end = () => {
        broken = true;
        call.destroy(serviceError(grpc.status.UNKNOWN, 'Exception was thrown by handler.'));
      };
      faults.batches.add(end);
      call.on('data', (message: BatchAppendReq) => {
        const id = uuidOf(message.getCorrelationId());
        const batch = open.get(id) ?? { options: message.getOptions()!, events: [] };
        open.set(id, batch);
        batch.events.push(...message.getProposedMessagesList().map(proposed));
        if (!message.getIsFinal()) return;
        open.delete(id);
        void appendBatch(message, batch).then((response) => broken || answer(response));
      });
      for (const over of ['error', 'close', 'cancelled']) call.on(over, () => faults.batches.delete(end));
      call.on('end', () => call.end());
    },
    delete: (call, callback) => {
      log.softDelete(nameOf(call.request.getOptions()!.getStreamIdentifier()));
      callback(null, new streams.DeleteResp());
    },
    tombstone: (call, callback) => {
      log.tombstone(nameOf(call.request.getOptions()!.getStreamIdentifier()));
      callback(null, new streams.TombstoneResp());
    },
  };
};
