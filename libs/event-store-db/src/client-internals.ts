import type { EventStoreDBClient } from '@eventstore/db-client';
import type { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { CallOptions, Metadata } from '@grpc/grpc-js';

/**
 * What the client keeps for itself. It finds the leader of a cluster, reconnects and sends credentials; its own reads of `$all` ignore filters
 * and its own batch appends share one table per process, so those calls are made here, on its connection.
 */
export type ClientInternals = {
  GRPCStreamCreator: <T>(
    service: typeof StreamsClient,
    name: string,
    create: (client: StreamsClient) => T,
    cache?: WeakMap<StreamsClient, T>,
  ) => () => Promise<T>;
  callArguments: (base: { requiresLeader?: boolean }, options: CallOptions) => [Metadata, CallOptions];
};

export const internalsOf = (client: EventStoreDBClient): ClientInternals => client as unknown as ClientInternals;
