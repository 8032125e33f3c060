import { randomUUID } from 'node:crypto';
import {
  AccessDeniedError,
  NO_STREAM,
  StreamDeletedError,
  type EventData,
  type JSONEventData,
} from '@eventstore/db-client';
import { convertToCommandError, parseUUID } from '@eventstore/db-client/dist/utils/index.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { Status } from '@eventstore/db-client/generated/status_pb.js';
import streamsGrpc, { type StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams, { type BatchAppendReq, type BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import timestampPb from 'google-protobuf/google/protobuf/timestamp_pb.js';
import type { ClientInternals } from './client-internals.ts';
import { Conflict, NoAnswer, TooLarge, type Appended, type Deadline, type LogRevision } from './connection-errors.ts';

/** One long-lived call that carries appends, and those whose answers it owes. */
type Carrier = {
  call: ClientDuplexStream<BatchAppendReq, BatchAppendResp>;
  owed: Map<string, Owed>;
  /** Since when it owes answers and has given none; undefined while it owes nothing. */
  silentSince: number | undefined;
};
type Owed = { stream: string; resolve: (appended: Appended) => void; reject: (error: Error) => void };

const SILENT_MS = 2000;

/**
 * Appends over one long-lived call (three times cheaper than a call for each: 0.16 against 0.48 ms of CPU with 16 at once, on a real server).
 * Each call has its own table of what it owes, so a call that dies fails its own appends and no others; each append has its own deadline.
 */
export const batchAppends = (client: ClientInternals) => {
  const carriers = new WeakMap<object, Carrier>();

  const open = (grpc: StreamsClient) => {
    const call = grpc.batchAppend(...client.callArguments({ requiresLeader: true }, { deadline: Infinity }));
    const carrier: Carrier = { call, owed: new Map(), silentSince: undefined };
    const end = (reason: string, cause?: unknown) => {
      cache.delete(grpc);
      carriers.delete(call);
      for (const { stream, reject } of carrier.owed.values())
        reject(new NoAnswer(`EventStoreDB did not answer the append to ${stream}: ${reason}`, { cause }));
      carrier.owed.clear();
    };
    call.on('data', (response: BatchAppendResp) => {
      carrier.silentSince = Date.now();
      const id = parseUUID(response.getCorrelationId())!;
      const owed = carrier.owed.get(id);
      // It may come after its deadline.
      if (!owed) return;
      carrier.owed.delete(id);
      if (carrier.owed.size === 0) carrier.silentSince = undefined;
      if (response.hasError()) owed.reject(refusalOf(response.getError()!, owed.stream));
      else owed.resolve(appendedOf(response.getSuccess()!));
    });
    call.on('error', (error: Error) => end(convertToCommandError(error).message, error));
    call.on('end', () => end('the stream of appends ended'));
    carriers.set(call, carrier);
    return call;
  };
  const cache = new WeakMap<StreamsClient, Carrier['call']>();
  const current = client.GRPCStreamCreator(streamsGrpc.StreamsClient, 'batchAppend', open, cache);

  const carrierNow = async (): Promise<Carrier> => {
    for (let attempt = 1; ; attempt++) {
      const carrier = carriers.get(await current());
      if (carrier) return carrier;
      if (attempt === 3) throw new NoAnswer('EventStoreDB ended the stream of appends.');
    }
  };

  return async (
    stream: string,
    expected: LogRevision,
    events: readonly EventData[],
    deadline: Deadline,
  ): Promise<Appended> => {
    const carrier = await carrierNow();
    const id = randomUUID();
    return new Promise<Appended>((resolve, reject) => {
      const late = setTimeout(
        () => {
          carrier.owed.delete(id);
          // Nothing at all was answered for long: whatever else waits on it waits for nothing.
          if (Date.now() - (carrier.silentSince ?? Date.now()) >= SILENT_MS) carrier.call.cancel();
          reject(new NoAnswer(`EventStoreDB did not answer the append to ${stream} in time.`));
        },
        Math.max(1, deadline - Date.now()),
      );
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          clearTimeout(late);
          settle(value);
        };
      carrier.silentSince ??= Date.now();
      carrier.owed.set(id, { stream, resolve: settled(resolve), reject: settled(reject) });
      carrier.call.write(requestOf(id, stream, expected, events, deadline));
    });
  };
};

const requestOf = (
  id: string,
  stream: string,
  expected: LogRevision,
  events: readonly EventData[],
  deadline: Deadline,
): BatchAppendReq => {
  const options = new streams.BatchAppendReq.Options()
    .setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(stream, 'utf8')))
    .setDeadline(timestampPb.Timestamp.fromDate(new Date(deadline)));
  if (expected === NO_STREAM) options.setNoStream(new emptyPb.Empty());
  else options.setStreamPosition(String(expected));
  return new streams.BatchAppendReq()
    .setCorrelationId(new shared.UUID().setString(id))
    .setOptions(options)
    .setProposedMessagesList(events.map((event) => messageOf(event as JSONEventData)))
    .setIsFinal(true);
};

const messageOf = ({ id, type, data, metadata }: JSONEventData) => {
  const message = new streams.BatchAppendReq.ProposedMessage()
    .setId(new shared.UUID().setString(id))
    .setData(Buffer.from(JSON.stringify(data), 'utf8'));
  message.getMetadataMap().set('type', type).set('content-type', 'application/json');
  if (metadata !== undefined) message.setCustomMetadata(Buffer.from(JSON.stringify(metadata), 'utf8'));
  return message;
};

const appendedOf = (success: BatchAppendResp.Success): Appended => {
  const position = success.getPosition();
  return {
    revision: BigInt(success.getCurrentRevision()),
    ...(position && { commit: BigInt(position.getCommitPosition()) }),
  };
};

const TOO_LARGE = 'event_store.client.MaximumAppendSizeExceeded';

const refusalOf = (status: Status, stream: string): Error => {
  const details = status.getDetails();
  const kind = details?.getTypeName();
  if (kind === 'event_store.client.WrongExpectedVersion') return new Conflict(`${stream} is at another revision.`);
  if (kind === 'event_store.client.StreamDeleted') return StreamDeletedError.fromStreamName(stream);
  if (kind === 'event_store.client.AccessDenied')
    return new AccessDeniedError(undefined as never, `EventStoreDB denied the append to ${stream}.`);
  if (kind === TOO_LARGE) {
    const exceeded = details!.unpack((bytes) => shared.MaximumAppendSizeExceeded.deserializeBinary(bytes), TOO_LARGE);
    return new TooLarge(exceeded?.getMaxappendsize());
  }
  return new NoAnswer(
    `EventStoreDB leaves open whether it appended to ${stream}: ${status.getMessage() || kind || 'unknown'}`,
    { answered: true },
  );
};
