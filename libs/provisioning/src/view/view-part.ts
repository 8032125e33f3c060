import type { Sql } from '@tenure/database';
import type { AnyDefinition, Decoded, DomainEvent, Revision, StreamName } from '@tenure/eventing';

/** New events of one stream, in order. `head` is the revision before the first; the stream's head is locked. */
export type StreamEvents<Event extends DomainEvent = DomainEvent> = {
  stream: StreamName;
  tenantId: string;
  id: string;
  head: Revision;
  events: readonly [Decoded<Event>, ...Decoded<Event>[]];
};

/** A slice's tables in the provisioning view. */
export type ViewPart<Event extends DomainEvent = DomainEvent> = {
  category: string;
  events: readonly AnyDefinition[];
  /** The statements that make its tables in `schema`. */
  create: (schema: string) => string;
  /** Applies what is new, in the transaction that moves the heads. */
  apply: (sql: Sql, schema: string, streams: readonly StreamEvents<Event>[]) => Promise<void>;
};

/** A part as a list of them is typed: it is only handed the events of its own category. */
export const viewPart = <Event extends DomainEvent>(part: ViewPart<Event>): ViewPart => part as unknown as ViewPart;
