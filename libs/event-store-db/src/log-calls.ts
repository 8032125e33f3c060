import { START, type RecordedEvent } from '@eventstore/db-client';
import { convertGrpcRecord, convertToCommandError } from '@eventstore/db-client/dist/utils/index.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams, { type ReadReq, type ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ClientReadableStream } from '@grpc/grpc-js';
import type { ClientInternals } from './client-internals.ts';
import type { LogFilter } from './log-names.ts';

export type LogRange = { from: bigint | typeof START | 'end'; backwards?: boolean; filter?: LogFilter };

/** Records that the server looks at before it tells how far it is, in reads and in subscriptions. */
const SEARCH_WINDOW = 1000;

const baseOf = ({ from, backwards = false, filter }: LogRange): ReadReq.Options => {
  const all = new streams.ReadReq.Options.AllOptions();
  if (from === START) all.setStart(new shared.Empty());
  else if (from === 'end') all.setEnd(new shared.Empty());
  else
    all.setPosition(
      new streams.ReadReq.Options.Position().setCommitPosition(String(from)).setPreparePosition(String(from)),
    );
  const options = new streams.ReadReq.Options()
    .setAll(all)
    .setReadDirection(backwards ? 1 : 0)
    .setResolveLinks(false)
    .setUuidOption(new streams.ReadReq.Options.UUIDOption().setString(new shared.Empty()));
  return filter ? options.setFilter(filterOptions(filter)) : options.setNoFilter(new shared.Empty());
};

const filterOptions = (filter: LogFilter) => {
  const expression = new streams.ReadReq.Options.FilterOptions.Expression();
  if ('prefixes' in filter) expression.setPrefixList(filter.prefixes);
  else expression.setRegex(filter.regex);
  return new streams.ReadReq.Options.FilterOptions()
    .setStreamIdentifier(expression)
    .setMax(SEARCH_WINDOW)
    .setCheckpointintervalmultiplier(1);
};

export const readRequest = (range: LogRange, maxCount: number): ReadReq =>
  new streams.ReadReq().setOptions(baseOf(range).setCount(String(maxCount)));

export const subscribeRequest = (range: LogRange): ReadReq =>
  new streams.ReadReq().setOptions(baseOf(range).setSubscription(new streams.ReadReq.Options.SubscriptionOptions()));

/** A call that answers with a stream of responses, on the client's current connection. */
export const startCall = (
  client: ClientInternals,
  request: ReadReq,
  deadline: number,
): Promise<ClientReadableStream<ReadResp>> =>
  client.GRPCStreamCreator(streamsGrpc.StreamsClient, 'read', (grpc) => {
    const call = grpc.read(request, ...client.callArguments({ requiresLeader: true }, { deadline }));
    // It may break before anybody listens.
    call.on('error', () => undefined);
    return call;
  })();

/** All that a call answers. A call that ends without saying that it is complete is a failure, not a short answer. */
export const allOf = (call: ClientReadableStream<ReadResp>): Promise<ReadResp[]> =>
  new Promise((resolve, reject) => {
    const responses: ReadResp[] = [];
    let [ended, complete] = [false, false];
    const settle = () => ended && complete && resolve(responses);
    call.on('data', (response: ReadResp) => responses.push(response));
    call.on('error', (error: Error) => reject(convertToCommandError(error)));
    call.on('end', () => {
      ended = true;
      settle();
    });
    call.on('status', ({ code }) => {
      complete = code === 0;
      settle();
    });
  });

/** The event of a response, if it is one that an application wrote: the server's own, such as a deletion, begin with `$`. */
export const eventOf = (response: ReadResp): RecordedEvent | undefined => {
  const recorded = response.getEvent()?.getEvent();
  if (!recorded || (recorded.getMetadataMap().get('type') ?? '$').startsWith('$')) return undefined;
  return convertGrpcRecord(recorded) as RecordedEvent;
};

/** Where in the log the record of a response stands, whoever wrote it. */
export const recordOf = (response: ReadResp): { commit: bigint; id: string } | undefined => {
  const event = response.getEvent();
  const recorded = event?.getEvent() ?? event?.getLink();
  return recorded && { commit: BigInt(recorded.getCommitPosition()), id: recorded.getId()!.getString() };
};
