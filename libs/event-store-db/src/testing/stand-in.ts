import grpc from '@grpc/grpc-js';
import serverFeatures from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import type { IServerFeaturesServer } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { listen as listenInFront } from './stand-in-front.ts';
import { LARGEST_APPEND, standInLog, type StandInLog } from './stand-in-log.ts';
import { supportedMethods } from './stand-in-messages.ts';
import type { LogReadListener } from './stand-in-read.ts';
import { accessFor, streamsService, type Calls, type Faults, type StandInUser } from './stand-in-service.ts';

/** A server that speaks EventStoreDB's protocol and breaks on demand. A test tool: it keeps everything in memory. */
export type EventStoreDbStandIn = {
  readonly connectionString: string;
  readonly log: StandInLog;
  /** Closes every connection and refuses new ones. */
  die: () => void;
  /** Listens again on the same port, with the same data. */
  restart: () => Promise<void>;
  /** Accepts connections and answers nothing, not even a ping. */
  mute: () => void;
  /** Ends `mute`: what was connected meanwhile is cut. */
  unmute: () => void;
  /** Lets every append and read wait before it is carried out. */
  slowDown: (delayMs: number) => void;
  /** Answers appends of a batch stream in the opposite order of their coming, a few at a time. */
  answerOutOfOrder: () => void;
  /** Ends every stream of batch appends with an error and keeps the connections. What was sent on them is applied, and not answered. */
  breakBatches: () => void;
  /** Subscriptions send nothing until they are released; then they say that they fell behind. */
  holdSubscriptions: () => void;
  releaseSubscriptions: () => void;
  /** How often clients called, since the last `forgetCalls`. */
  readonly calls: Calls;
  forgetCalls: () => void;
  /** Calls `listen` with how many records each read of `$all` made the server look at. */
  onLogRead: (listen: LogReadListener) => void;
  /** Dies at the next append to a stream that begins so: before it is applied, or after, but before the answer. */
  dieAtAppend: (when: 'lost' | 'applied', streamPrefix?: string) => void;
  close: () => Promise<void>;
};

export type StandInOptions = {
  batchAppend?: boolean;
  maxAppendSize?: number;
  /** PEM. With it clients need `tls=true`. */
  tls?: { key: string; certificate: string };
  /** With them anonymous clients may do nothing. */
  users?: Record<string, StandInUser>;
  /** How long the server waits for the commit of an append that another one repeats. */
  commitTimeoutMs?: number;
};

const MAX_MESSAGE_BYTES = 17 * 1024 * 1024;

const noCalls = (): Calls => ({ appends: 0, streamReads: 0, logReads: 0, subscriptions: 0, writes: [], reads: [] });

export const startStandIn = async ({
  batchAppend = true,
  maxAppendSize = LARGEST_APPEND,
  tls,
  users,
  commitTimeoutMs = 2000,
}: StandInOptions = {}): Promise<EventStoreDbStandIn> => {
  if (maxAppendSize > LARGEST_APPEND) throw new Error(`MaxAppendSize exceeded ${LARGEST_APPEND} bytes.`);
  const log = standInLog(maxAppendSize);
  const faults: Faults = {
    delayMs: 0,
    commitTimeoutMs,
    outOfOrder: false,
    batches: new Set(),
    onLogRead: () => undefined,
    subscriptions: { heldBack: false, released: new Set() },
  };
  const calls = noCalls();
  const server = new grpc.Server({ 'grpc.max_receive_message_length': MAX_MESSAGE_BYTES });
  server.addService(
    streamsGrpc.StreamsService,
    streamsService(log, faults, calls, accessFor(users), () => front),
  );
  const featuresService: IServerFeaturesServer = {
    getSupportedMethods: (_call, callback) => callback(null, supportedMethods(batchAppend)),
  };
  server.addService(serverFeatures.ServerFeaturesService, featuresService);
  const innerPort = await new Promise<number>((resolve, reject) => {
    const credentials = tls
      ? grpc.ServerCredentials.createSsl(null, [
          { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.certificate) },
        ])
      : grpc.ServerCredentials.createInsecure();
    server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error ? reject(error) : resolve(port)));
  });
  const front = await listenInFront(innerPort);

  return {
    connectionString: `esdb://127.0.0.1:${front.port}?tls=${tls !== undefined}`,
    log,
    calls,
    ...front,
    answerOutOfOrder: () => {
      faults.outOfOrder = true;
    },
    breakBatches: () => {
      for (const end of faults.batches) end();
    },
    holdSubscriptions: () => {
      faults.subscriptions.heldBack = true;
    },
    releaseSubscriptions: () => {
      faults.subscriptions.heldBack = false;
      for (const release of faults.subscriptions.released) void release();
    },
    onLogRead: (listen) => {
      faults.onLogRead = listen;
    },
    forgetCalls: () => void Object.assign(calls, noCalls()),
    slowDown: (delayMs) => {
      faults.delayMs = delayMs;
    },
    dieAtAppend: (when, streamPrefix = '') => {
      faults.dieAt = { when, streamPrefix };
    },
    close: async () => {
      front.die();
      server.forceShutdown();
    },
  };
};
