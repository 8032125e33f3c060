import type { AnyDefinition, Decoded, DomainEvent, StreamName } from '@tenure/eventing';
import type { TenantTypes } from '../schema/tenant-types.ts';

/** The events of one stream in a batch, in order. */
export type StreamEvents<Event extends DomainEvent = DomainEvent> = {
  stream: StreamName;
  tenantId: string;
  id: string;
  events: readonly Decoded<Event>[];
};

/** How the resource of a stream is to be read: as its tenant's schemas were when its events were written, or later (R71). */
export type TypesOf = (stream: Pick<StreamEvents, 'stream'>) => TenantTypes;

/**
 * A slice's tables in the directory's view. Its SQL function `apply_{name}(changes jsonb, ready jsonb)` gets what `changesOf` made of a
 * batch, and as `ready` the streams that may be applied with the head they stand at: it skips what is of another stream or not above its head.
 */
export type ViewPart = {
  /** Part of the name of its SQL function. */
  name: string;
  category: string;
  events: readonly AnyDefinition[];
  /** The statements that make its tables and its function in `schema`. */
  create: (schema: string) => string;
  /** Its indexes beside the keys, made when the view is built: a row costs half while it is. */
  indexes: (schema: string) => readonly string[];
  changesOf: (streams: readonly StreamEvents[], typesOf: TypesOf) => unknown;
};

/** For parts whose changes are of their own events. */
export const viewPart = <Event extends DomainEvent>(
  part: Omit<ViewPart, 'changesOf'> & {
    changesOf: (streams: readonly StreamEvents<Event>[], typesOf: TypesOf) => unknown;
  },
): ViewPart => part as ViewPart;
