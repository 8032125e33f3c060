import type { Database } from '@tenure/database';
import { startFollower, type EventStore, type Follower, type Leases } from '@tenure/eventing';
import type { FactBatch } from './transport.ts';

export type ForwardOptions = {
  name: string;
  store: EventStore;
  /** Holds the checkpoint, in `{schema}.checkpoints`. */
  database: Database;
  schema: string;
  leases: Leases;
  categories: readonly string[];
  /** Resolves once the batch is durable where it goes. */
  publish: (facts: FactBatch) => Promise<void>;
  onFailure?: (error: unknown) => void;
};

/** Publishes what a store holds, in its order, one awaited batch after the other; one process per store at a time (design, decision 9). A batch may be published twice. */
export const forwardFacts = ({ publish, ...follower }: ForwardOptions): Follower =>
  startFollower({ ...follower, before: publish });
