import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import grpc from '@grpc/grpc-js';
import serverFeatures from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import type { IServerFeaturesServer } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { IStreamsServer } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import {
  LARGEST_APPEND,
  standInLog,
  type AppendOutcome,
  type Expected,
  type Proposed,
  type StandInLog,
} from './stand-in-log.ts';
import {
  appendResponse,
  batchAppendResponse,
  deletedError,
  expectedOf,
  nameOf,
  proposed,
  serviceError,
  supportedMethods,
  uuidOf,
} from './stand-in-messages.ts';
import { read } from './stand-in-read.ts';

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
  /** Dies at the next append to a stream that begins so: before it is applied, or after, but before the answer. */
  dieAtAppend: (when: 'lost' | 'applied', streamPrefix?: string) => void;
  close: () => Promise<void>;
};

const MAX_MESSAGE_BYTES = 17 * 1024 * 1024;

type Faults = { delayMs: number; dieAt?: { when: 'lost' | 'applied'; streamPrefix: string } };

export const startStandIn = async ({
  batchAppend = true,
  maxAppendSize = LARGEST_APPEND,
} = {}): Promise<EventStoreDbStandIn> => {
  if (maxAppendSize > LARGEST_APPEND) throw new Error(`MaxAppendSize exceeded ${LARGEST_APPEND} bytes.`);
  const log = standInLog(maxAppendSize);
  const faults: Faults = { delayMs: 0 };
  const server = new grpc.Server({ 'grpc.max_receive_message_length': MAX_MESSAGE_BYTES });
  server.addService(
    streamsGrpc.StreamsService,
    streamsService(log, faults, () => front),
  );
  const featuresService: IServerFeaturesServer = {
    getSupportedMethods: (_call, callback) => callback(null, supportedMethods(batchAppend)),
  };
  server.addService(serverFeatures.ServerFeaturesService, featuresService);
  const innerPort = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
  const front = await listen(innerPort);

  return {
    connectionString: `esdb://127.0.0.1:${front.port}?tls=false`,
    log,
    ...front,
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

/** The port that clients connect to. It stands before the gRPC server, so that a dead or mute server is one on the level of TCP. */
const listen = async (innerPort: number) => {
  const sockets = new Set<Socket>();
  let muted = false;
  /** The ports from which the gRPC server hears of clients that are there. */
  const peers = new Set<number>();
  const cut = () => {
    peers.clear();
    for (const socket of sockets) socket.destroy();
  };
  const accept = (client: Socket) => {
    const inner = connect(innerPort, '127.0.0.1');
    let peer: number | undefined;
    inner.once('connect', () => peers.add((peer = inner.localPort)!));
    inner.once('close', () => peer !== undefined && peers.delete(peer));
    for (const [from, to] of [
      [client, inner],
      [inner, client],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (chunk) => void (muted || to.destroyed || to.write(chunk)));
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  };
  const open = async (port: number) => {
    const server = createServer(accept);
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
    return server;
  };

  let listening = await open(0);
  const { port } = listening.address() as AddressInfo;
  /** A connection that somebody tries to make may have the port for a moment. */
  const reopen = async () => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await open(port);
      } catch (error) {
        if (attempt === 100) throw error;
      }
      await sleep(50);
    }
  };
  return {
    port,
    /** Whether the gRPC server's peer is a client whose connection was not cut. */
    isConnected: (peer: string) => peers.has(Number(peer.split(':').at(-1))),
    die: () => {
      listening.close();
      cut();
    },
    restart: async () => {
      listening = await reopen();
    },
    mute: () => {
      muted = true;
    },
    unmute: () => {
      muted = false;
      cut();
    },
  };
};

type Front = Awaited<ReturnType<typeof listen>>;

const streamsService = (log: StandInLog, faults: Faults, front: () => Front): IStreamsServer => {
  /** `undefined`: the server died over it. */
  const append = async (
    stream: string,
    expected: Expected,
    events: readonly Proposed[],
  ): Promise<AppendOutcome | undefined> => {
    if (faults.delayMs > 0) await sleep(faults.delayMs);
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
  const appendBatch = async (
    call: grpc.ServerDuplexStream<BatchAppendReq, BatchAppendResp>,
    last: BatchAppendReq,
    { options, events }: Batch,
  ) => {
    const stream = nameOf(options.getStreamIdentifier());
    const expected = expectedOf(options);
    const outcome = await append(stream, expected, events);
    if (outcome && !call.cancelled) call.write(batchAppendResponse(last, stream, outcome, expected));
  };

  return {
    read: (call) => void sleep(faults.delayMs).then(() => read(log, call)),
    append: (call, callback) => {
      // It throws where the client goes away while it sends.
      appendOne(call, callback).catch(() => undefined);
    },
    batchAppend: (call) => {
      const open = new Map<string, Batch>();
      call.on('data', (message: BatchAppendReq) => {
        const id = uuidOf(message.getCorrelationId());
        const batch = open.get(id) ?? { options: message.getOptions()!, events: [] };
        open.set(id, batch);
        batch.events.push(...message.getProposedMessagesList().map(proposed));
        if (!message.getIsFinal()) return;
        open.delete(id);
        void appendBatch(call, message, batch);
      });
      call.on('error', () => undefined);
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
