import grpc from '@grpc/grpc-js';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import statuses from '@eventstore/db-client/generated/status_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { StreamIdentifier, UUID } from '@eventstore/db-client/generated/shared_pb.js';
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
  ReadResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import type { AppendOutcome, Expected, Proposed, Recorded } from './stand-in-log.ts';

/** Between EventStoreDB's messages and what the stand-in stores. */

type Refused = Exclude<AppendOutcome, { kind: 'appended' | 'repeated' }>;
type Taken = Exclude<AppendOutcome, Refused>;

export const isTaken = (outcome: AppendOutcome): outcome is Taken =>
  outcome.kind === 'appended' || outcome.kind === 'repeated';

export const nameOf = (id: StreamIdentifier | undefined) => Buffer.from(id!.getStreamName_asU8()).toString('utf8');

const identifier = (name: string) => new shared.StreamIdentifier().setStreamName(Buffer.from(name).toString('base64'));

export const uuidOf = (uuid: UUID | undefined): string => {
  if (uuid!.hasString()) return uuid!.getString();
  const { mostSignificantBits, leastSignificantBits } = uuid!.getStructured()!.toObject();
  const hex = [mostSignificantBits, leastSignificantBits]
    .map((bits) => BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0'))
    .join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

export const proposed = (message: AppendReq.ProposedMessage | BatchAppendReq.ProposedMessage): Proposed => ({
  id: uuidOf(message.getId()),
  type: message.getMetadataMap().get('type')!,
  contentType: message.getMetadataMap().get('content-type')!,
  data: message.getData_asU8(),
  metadata: message.getCustomMetadata_asU8(),
});

export const expectedOf = (options: AppendReq.Options | BatchAppendReq.Options): Expected => {
  if (options.hasNoStream()) return 'no_stream';
  if (options.hasStreamExists()) return 'stream_exists';
  if (options.hasAny()) return 'any';
  return Number('getRevision' in options ? options.getRevision() : options.getStreamPosition());
};

export const eventResponse = (event: Recorded): ReadResp => {
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent()
    .setId(new shared.UUID().setString(event.id))
    .setStreamIdentifier(identifier(event.stream))
    .setStreamRevision(String(event.revision))
    .setCommitPosition(String(event.position))
    .setPreparePosition(String(event.position))
    .setData(event.data)
    .setCustomMetadata(event.metadata);
  recorded
    .getMetadataMap()
    .set('type', event.type)
    .set('content-type', event.contentType)
    .set('created', String(event.createdTicks));
  return new streams.ReadResp().setEvent(
    new streams.ReadResp.ReadEvent().setEvent(recorded).setCommitPosition(String(event.position)),
  );
};

export const notFoundResponse = (stream: string): ReadResp =>
  new streams.ReadResp().setStreamNotFound(
    new streams.ReadResp.StreamNotFound().setStreamIdentifier(identifier(stream)),
  );

export const confirmationResponse = (id: string): ReadResp =>
  new streams.ReadResp().setConfirmation(new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId(id));

export const caughtUpResponse = (): ReadResp => new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp());

export const fellBehindResponse = (): ReadResp =>
  new streams.ReadResp().setFellBehind(new streams.ReadResp.FellBehind());

export const checkpointResponse = (position: number): ReadResp =>
  new streams.ReadResp().setCheckpoint(
    new streams.ReadResp.Checkpoint().setCommitPosition(String(position)).setPreparePosition(String(position)),
  );

/** An error as EventStoreDB sends it: what it is stands in the trailers. */
export const serviceError = (code: grpc.status, exception: string, trailers: Record<string, string> = {}) => {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries({ exception, ...trailers })) metadata.set(name, value);
  return Object.assign(new Error(exception), { code, details: exception, metadata });
};

export const deletedError = (stream: string) =>
  serviceError(grpc.status.FAILED_PRECONDITION, 'stream-deleted', { 'stream-name': stream });

export const appendResponse = (
  outcome: Taken | Extract<Refused, { kind: 'wrong' }>,
  expected: Expected,
): AppendResp => {
  if (outcome.kind === 'wrong') {
    const wrong = new streams.AppendResp.WrongExpectedVersion();
    if (outcome.current < 0) wrong.setCurrentNoStream(new shared.Empty());
    else wrong.setCurrentRevision(String(outcome.current));
    if (typeof expected === 'number') wrong.setExpectedRevision(String(expected));
    else if (expected === 'no_stream') wrong.setExpectedNoStream(new shared.Empty());
    else wrong.setExpectedStreamExists(new shared.Empty());
    return new streams.AppendResp().setWrongExpectedVersion(wrong);
  }
  const success = new streams.AppendResp.Success().setCurrentRevision(String(outcome.revision));
  if (outcome.kind === 'repeated') success.setNoPosition(new shared.Empty());
  else
    success.setPosition(
      new streams.AppendResp.Position()
        .setCommitPosition(String(outcome.position))
        .setPreparePosition(String(outcome.position)),
    );
  return new streams.AppendResp().setSuccess(success);
};

export const batchAppendResponse = (
  request: BatchAppendReq,
  stream: string,
  outcome: AppendOutcome,
  expected: Expected,
): BatchAppendResp => {
  const response = new streams.BatchAppendResp()
    .setCorrelationId(request.getCorrelationId())
    .setStreamIdentifier(identifier(stream));
  if (!isTaken(outcome))
    return response.setError(
      new statuses.Status().setMessage(outcome.kind).setDetails(refusalDetails(outcome, stream, expected)),
    );
  const success = new streams.BatchAppendResp.Success().setCurrentRevision(String(outcome.revision));
  if (outcome.kind === 'repeated') success.setNoPosition(new emptyPb.Empty());
  else
    success.setPosition(
      new shared.AllStreamPosition()
        .setCommitPosition(String(outcome.position))
        .setPreparePosition(String(outcome.position)),
    );
  return response.setSuccess(success);
};

/** The server can't tell: the first of two equal appends was still being committed when its patience with the second ended. */
export const COMMIT_TIMEOUT = 'Operation timed out: Commit phase timeout';

export const batchTimeoutResponse = (request: BatchAppendReq, stream: string): BatchAppendResp => {
  const details = new anyPb.Any();
  details.pack(new shared.Timeout().serializeBinary(), 'event_store.client.Timeout');
  return new streams.BatchAppendResp()
    .setCorrelationId(request.getCorrelationId())
    .setStreamIdentifier(identifier(stream))
    .setError(new statuses.Status().setMessage(COMMIT_TIMEOUT).setDetails(details));
};

const refusalDetails = (outcome: Refused, stream: string, expected: Expected) => {
  const details = new anyPb.Any();
  switch (outcome.kind) {
    case 'tombstoned':
      details.pack(
        new shared.StreamDeleted().setStreamIdentifier(identifier(stream)).serializeBinary(),
        'event_store.client.StreamDeleted',
      );
      return details;
    case 'too-large':
      details.pack(
        new shared.MaximumAppendSizeExceeded().setMaxappendsize(outcome.limit).serializeBinary(),
        'event_store.client.MaximumAppendSizeExceeded',
      );
      return details;
    case 'wrong': {
      const wrong = new shared.WrongExpectedVersion();
      if (outcome.current < 0) wrong.setCurrentNoStream(new emptyPb.Empty());
      else wrong.setCurrentStreamRevision(String(outcome.current));
      if (typeof expected === 'number') wrong.setExpectedStreamPosition(String(expected));
      else if (expected === 'no_stream') wrong.setExpectedNoStream(new emptyPb.Empty());
      else wrong.setExpectedStreamExists(new emptyPb.Empty());
      details.pack(wrong.serializeBinary(), 'event_store.client.WrongExpectedVersion');
      return details;
    }
  }
};

/** What a server of version 24.10 says it can do; without `batchappend`, clients append call by call. */
export const supportedMethods = (batchAppend: boolean) => {
  const response = new features.SupportedMethods().setEventStoreServerVersion('24.10.0');
  for (const method of ['read', 'append', 'delete', 'tombstone', ...(batchAppend ? ['batchappend'] : [])])
    response.addMethods(
      new features.SupportedMethod()
        .setMethodName(method)
        .setServiceName('event_store.client.streams.streams')
        .setFeaturesList(method === 'read' ? ['position', 'events'] : []),
    );
  return response;
};
