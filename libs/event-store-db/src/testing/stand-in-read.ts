import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import grpc from '@grpc/grpc-js';
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { Recorded, StandInLog } from './stand-in-log.ts';
import {
  caughtUpResponse,
  checkpointResponse,
  confirmationResponse,
  deletedError,
  eventResponse,
  fellBehindResponse,
  nameOf,
  notFoundResponse,
  serviceError,
} from './stand-in-messages.ts';

/** Held back, subscriptions send nothing; released, they say that they fell behind and go on. */
export type Subscriptions = { heldBack: boolean; released: Set<() => Promise<void>> };

/** Told how many records the server looked at for a read of `$all`, and what it was asked. */
export type LogReadListener = (records: number, asked: ReadReq.Options.AsObject) => void;

type Call = grpc.ServerWritableStream<ReadReq, ReadResp>;

/** Events that a filtered subscription looks at between two checkpoints; the real server's window is 32 too. */
const SEARCH_WINDOW = 32;

const matcher = (filter: ReadReq.Options.FilterOptions | undefined): ((event: Recorded) => boolean) => {
  if (!filter) return () => true;
  const expression = filter.hasStreamIdentifier() ? filter.getStreamIdentifier()! : filter.getEventType()!;
  const subject = (event: Recorded) => (filter.hasStreamIdentifier() ? event.stream : event.type);
  if (expression.getRegex()) {
    const regex = new RegExp(expression.getRegex());
    return (event) => regex.test(subject(event));
  }
  return (event) => expression.getPrefixList().some((prefix) => subject(event).startsWith(prefix));
};

/** First index whose value is not below `target`, in a list that ascends. */
const lowerBound = (list: readonly Recorded[], valueOf: (event: Recorded) => number, target: number) => {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (valueOf(list[middle]!) < target) low = middle + 1;
    else high = middle;
  }
  return low;
};

const send = async (call: Call, response: ReadResp) => {
  if (call.write(response) || call.cancelled) return;
  const waiting = new AbortController();
  const first = (event: string) => once(call, event, { signal: waiting.signal }).catch(() => undefined);
  await Promise.race(['drain', 'cancelled', 'close'].map(first));
  waiting.abort();
};

/** Where a read begins: `list` is asked again by subscriptions, for it grows. */
type Range = { list: () => readonly Recorded[]; start: number };

const rangeOf = (log: StandInLog, options: ReadReq.Options): Range | { missing: string } | { deleted: string } => {
  const backwards = options.getReadDirection() === 1;
  const subscription = options.hasSubscription();
  /** Reads include the given place (a backwards read of $all does not), subscriptions begin behind it. */
  const from = (
    list: readonly Recorded[],
    valueOf: (event: Recorded) => number,
    at: number,
    exclusiveBackwards: boolean,
  ) => {
    if (subscription) return lowerBound(list, valueOf, at + 1);
    if (!backwards) return lowerBound(list, valueOf, at);
    return lowerBound(list, valueOf, exclusiveBackwards ? at : at + 1) - 1;
  };
  const end = (list: readonly Recorded[]) => list.length - (backwards ? 1 : 0);

  if (options.hasStream()) {
    const asked = options.getStream()!;
    const stream = nameOf(asked.getStreamIdentifier());
    if (log.isTombstoned(stream)) return { deleted: stream };
    const list = () => log.visible(stream) ?? [];
    if (!subscription && log.visible(stream) === undefined) return { missing: stream };
    const start = asked.hasStart()
      ? 0
      : asked.hasEnd()
        ? end(list())
        : from(list(), ({ revision }) => revision, Number(asked.getRevision()), false);
    return { list, start };
  }
  const asked = options.getAll()!;
  const list = () => log.all;
  const commit = Number(asked.getPosition()?.getCommitPosition() ?? 0);
  return {
    list,
    start: asked.hasStart()
      ? 0
      : asked.hasEnd()
        ? end(log.all)
        : from(log.all, ({ position }) => position, commit, true),
  };
};

export const read = async (
  log: StandInLog,
  call: Call,
  { subscriptions, onLogRead }: { subscriptions: Subscriptions; onLogRead: LogReadListener },
): Promise<void> => {
  const options = call.request.getOptions()!;
  const range = rangeOf(log, options);
  if ('deleted' in range) return void call.destroy(deletedError(range.deleted));
  if ('missing' in range) {
    call.write(notFoundResponse(range.missing));
    return void call.end();
  }
  if (options.hasSubscription()) return follow(log, call, options, range, subscriptions);

  const step = options.getReadDirection() === 1 ? -1 : 1;
  const matches = matcher(options.getFilter());
  let wanted = options.hasCount() ? Number(options.getCount()) : Infinity;
  if (wanted === 0) return void call.destroy(serviceError(grpc.status.INVALID_ARGUMENT, 'bad-request'));
  const list = [...range.list()];
  let looked = 0;
  for (let index = range.start; wanted > 0 && index >= 0 && index < list.length && !call.cancelled; index += step) {
    const event = list[index]!;
    looked += 1;
    if (!matches(event)) continue;
    wanted--;
    await send(call, eventResponse(event));
  }
  if (options.hasAll()) onLogRead(looked, options.toObject());
  call.end();
};

/** A subscription: what is there, `caughtUp` once, then what comes. Filtered ones send checkpoints of what they have looked at, matching or not. */
const follow = async (
  log: StandInLog,
  call: Call,
  options: ReadReq.Options,
  { list, start }: Range,
  subscriptions: Subscriptions,
): Promise<void> => {
  const filter = options.getFilter();
  const matches = matcher(filter);
  const window =
    (filter?.hasMax() ? filter.getMax() : SEARCH_WINDOW) * (filter?.getCheckpointintervalmultiplier() || 1);
  let next = start;
  let looked = 0;
  let running = false;
  let caughtUp = false;

  const pump = async () => {
    if (running || subscriptions.heldBack) return;
    running = true;
    while (next < list().length && !call.cancelled) {
      const event = list()[next++]!;
      if (matches(event)) await send(call, eventResponse(event));
      if (filter && ++looked % window === 0) await send(call, checkpointResponse(event.position));
    }
    if (!caughtUp && !call.cancelled) await send(call, caughtUpResponse());
    caughtUp = true;
    running = false;
  };

  const fallBehind = async () => {
    if (caughtUp) await send(call, fellBehindResponse());
    caughtUp = false;
    await pump();
  };
  subscriptions.released.add(fallBehind);
  const stopHearing = log.onAppended(() => void pump());
  const stop = () => {
    stopHearing();
    subscriptions.released.delete(fallBehind);
  };
  for (const end of ['cancelled', 'close', 'error']) call.on(end, stop);
  await send(call, confirmationResponse(randomUUID()));
  await pump();
};
