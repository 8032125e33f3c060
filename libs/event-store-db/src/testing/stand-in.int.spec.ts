import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  ANY,
  BACKWARDS,
  END,
  EventStoreDBClient,
  jsonEvent,
  NO_STREAM,
  START,
  STREAM_EXISTS,
  streamNameFilter,
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import grpc from '@grpc/grpc-js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import { startStandIn, type EventStoreDbStandIn } from './stand-in.ts';

const event = (n: number) => jsonEvent({ type: 'Counted', data: { n, text: 'é' }, metadata: { n } });
const collect = async <T>(reading: AsyncIterable<T>) => {
  const found: T[] = [];
  for await (const one of reading) found.push(one);
  return found;
};

/** What EventStoreDB's own client sees of the stand-in, whichever way it appends. */
describe.each([true, false])('the stand-in, with batch appends: %s', (batchAppend) => {
  let server: EventStoreDbStandIn;
  let client: EventStoreDBClient;
  const start = async () => {
    server = await startStandIn({ batchAppend });
    client = EventStoreDBClient.connectionString(server.connectionString);
    await client.appendToStream('s-1', [event(0), event(1), event(2)], { expectedRevision: NO_STREAM });
  };
  afterEach(async () => {
    await client.dispose();
    await server.close();
  });

  it('appends at the expected revision only', async () => {
    await start();
    expect((await client.appendToStream('s-1', event(3), { expectedRevision: 2n })).nextExpectedRevision).toBe(3n);
    for (const expectedRevision of [NO_STREAM, 1n, 9n] as const)
      await expect(client.appendToStream('s-1', event(9), { expectedRevision })).rejects.toBeInstanceOf(
        WrongExpectedVersionError,
      );
    await expect(client.appendToStream('none', event(9), { expectedRevision: STREAM_EXISTS })).rejects.toBeInstanceOf(
      WrongExpectedVersionError,
    );
  });

  it('answers a repeated append as the first time, at the same place only', async () => {
    await start();
    const [three, four] = [event(3), event(4)];
    await client.appendToStream('s-1', [three, four], { expectedRevision: 2n });
    expect((await client.appendToStream('s-1', [three, four], { expectedRevision: 2n })).nextExpectedRevision).toBe(4n);
    expect((await client.appendToStream('s-1', three, { expectedRevision: 2n })).nextExpectedRevision).toBe(3n);
    expect((await client.appendToStream('s-1', four, { expectedRevision: ANY })).nextExpectedRevision).toBe(4n);
    await expect(client.appendToStream('s-1', [three, event(5)], { expectedRevision: 2n })).rejects.toBeInstanceOf(
      WrongExpectedVersionError,
    );
    await expect(client.appendToStream('s-1', four, { expectedRevision: 2n })).rejects.toBeInstanceOf(
      WrongExpectedVersionError,
    );
    // The server looks for repetitions only behind the expected revision.
    expect((await client.appendToStream('s-1', four, { expectedRevision: 4n })).nextExpectedRevision).toBe(5n);
  });

  it('reads streams and the log in both directions, from any place', async () => {
    await start();
    const revisions = async (options: Parameters<typeof client.readStream>[1]) =>
      (await collect(client.readStream('s-1', options))).map((resolved) => Number(resolved.event?.revision));
    expect(await revisions({})).toEqual([0, 1, 2]);
    expect(await revisions({ fromRevision: 1n, maxCount: 1 })).toEqual([1]);
    expect(await revisions({ fromRevision: 7n })).toEqual([]);
    expect(await revisions({ direction: BACKWARDS, fromRevision: END, maxCount: 2 })).toEqual([2, 1]);
    expect(await revisions({ direction: BACKWARDS, fromRevision: 1n })).toEqual([1, 0]);
    const all = await collect(client.readAll());
    const from = all[1]!.event!.position!;
    expect(
      (await collect(client.readAll({ fromPosition: from }))).map(({ event: found }) => Number(found!.revision)),
    ).toEqual([1, 2]);
    expect(
      (await collect(client.readAll({ fromPosition: from, direction: BACKWARDS }))).map(({ event: found }) =>
        Number(found!.revision),
      ),
    ).toEqual([0]);
    expect(all[0]!.event).toMatchObject({
      data: { n: 0, text: 'é' },
      metadata: { n: 0 },
      type: 'Counted',
      streamId: 's-1',
    });
    await expect(collect(client.readStream('none'))).rejects.toBeInstanceOf(StreamNotFoundError);
  });

  it('keeps as many events as the metadata says', async () => {
    await start();
    await client.setStreamMetadata('s-1', { maxCount: 1 });
    expect((await collect(client.readStream('s-1'))).map(({ event: found }) => found!.revision)).toEqual([2n]);
    expect((await client.appendToStream('s-1', event(3), { expectedRevision: 2n })).nextExpectedRevision).toBe(3n);
    expect((await client.getStreamMetadata('s-1')).metadata).toEqual({ maxCount: 1 });
  });

  it('follows a filtered log behind a place, with checkpoints of what did not match', async () => {
    await start();
    await client.appendToStream(
      'noise',
      Array.from({ length: 40 }, (_, n) => event(n)),
    );
    const checkpoints: bigint[] = [];
    const checkpointReached = async (_: unknown, { commit }: { commit: bigint }) => void checkpoints.push(commit);
    const subscription = client.subscribeToAll({
      fromPosition: START,
      filter: streamNameFilter({ prefixes: ['s-'], checkpointReached }),
    });
    let caughtUp = 0;
    subscription.on('caughtUp', () => {
      caughtUp++;
      void client.appendToStream('s-2', event(7));
    });
    const seen: string[] = [];
    for await (const { event: found } of subscription) {
      seen.push(`${found!.streamId}@${found!.revision}`);
      if (found!.streamId === 's-2') break;
    }
    await subscription.unsubscribe();
    expect(seen).toEqual(['s-1@0', 's-1@1', 's-1@2', 's-2@0']);
    expect([caughtUp, checkpoints.length]).toEqual([1, 1]);
  });

  it('deletes streams, for now or for good', async () => {
    await start();
    await client.deleteStream('s-1');
    await expect(collect(client.readStream('s-1'))).rejects.toBeInstanceOf(StreamNotFoundError);
    expect((await client.appendToStream('s-1', event(9), { expectedRevision: NO_STREAM })).nextExpectedRevision).toBe(
      3n,
    );
    expect((await collect(client.readStream('s-1'))).map(({ event: found }) => found!.revision)).toEqual([3n]);
    await client.tombstoneStream('s-1');
    await expect(client.appendToStream('s-1', event(9))).rejects.toBeInstanceOf(StreamDeletedError);
  });
});

describe('a stand-in that dies while an append is being sent', () => {
  it.each(Array.from({ length: 40 }, (_, turns) => turns))(
    'has appended nothing of it, wherever the half of it was (%i turns of the event loop)',
    async (turns) => {
      const server = await startStandIn();
      const client = new streamsGrpc.StreamsClient(
        /127[^?]*/.exec(server.connectionString)![0],
        grpc.credentials.createInsecure(),
      );
      await new Promise<void>((resolve, reject) =>
        client.waitForReady(Date.now() + 10_000, (error) => (error ? reject(error) : resolve())),
      );
      const options = new streams.AppendReq.Options()
        .setNoStream(new emptyPb.Empty())
        .setStreamIdentifier(new shared.StreamIdentifier().setStreamName('s-1'));
      const first = new streams.AppendReq.ProposedMessage().setId(new shared.UUID().setString('one of two'));
      const answer = new Promise<grpc.ServiceError | null>((resolve) => {
        const call = client.append((error) => resolve(error));
        call.write(new streams.AppendReq().setOptions(options));
        call.write(new streams.AppendReq().setProposedMessage(first));
      });
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      server.die();
      await server.restart();
      expect(await answer).toMatchObject({ code: grpc.status.UNAVAILABLE });
      await sleep(50);
      expect(server.log.all).toEqual([]);
      client.close();
      await server.close();
    },
  );
});
