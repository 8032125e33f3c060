import type { Sql } from '@tenure/database';
import type { Decoded } from './codec.ts';
import type { AnyDefinition, DomainEvent } from './define-event.ts';
import type { Revision, StreamName } from './event.ts';

/** A stream of which a view lacks events: it stands at `head` and was handed later ones. */
export type Gap = { stream: StreamName; head: Revision };

/**
 * Tables built from events, disposable. A changed view is a new name (`directory_v4`), built from the first event.
 * All its tables live in a schema of that name, beside `heads(stream primary key, revision)`, which guards them.
 */
export type View<Event extends DomainEvent = DomainEvent> = {
  name: string;
  categories: readonly string[];
  events: readonly AnyDefinition[];
  /** The statements that make its tables and functions in the schema `name`, which exists and has `heads`. */
  create: (sql: Sql) => Promise<void>;
  /** Statements that make what only readers need, indexes above all, when the view has been built and before anybody reads it. May run again. */
  finish?: readonly string[];
  /**
   * Applies events, each stream's in order of revision, in the transaction of `sql` or, where `sql` is the pool, as one statement.
   * Per stream: locks its head, skips revisions up to it, applies the rest and moves it; where the first one is not head + 1, changes nothing
   * and reports a gap ("skip older, apply newer" loses data: design, decision 7). A deletion keeps its head.
   */
  apply(sql: Sql, events: readonly Decoded<Event>[]): Promise<Gap[]>;
};
