import type { Database, Sql } from '@tenure/database';
import type { EventStore } from '@tenure/eventing';
import type { Fact, Transport } from '../transport.ts';

/** What an adapter gives the contract: a place where several instances of a transport meet. */
export type TransportWorld = {
  commandTopic: string;
  /** Has the events of the category `tally` of `store`. */
  factTopic: string;
  store: EventStore;
  database: Database;
  /** Another instance of the transport, as another process would have. In process they are one. */
  join: () => Promise<Transport>;
  /** After how long a silent instance is given up. */
  sessionMs: number;
  /** The broker between them, where there is one that may be stopped. */
  broker?: { stop: () => Promise<void>; kill: () => Promise<void>; start: () => Promise<void> };
  close: () => Promise<void>;
};

/** A command as a handler saw it; `endedAt` is 0 while it runs. */
export type Run = { replica: string; key: string; commandId: string; startedAt: number; endedAt: number };

/** What all replicas of the contract's service share: what they did, and on which facts they choke. */
export type Journal = { runs: Run[]; poison: Set<string> };

export const prepareSeen = async (database: Database): Promise<void> => {
  await database.query(
    'create table seen (n bigint generated always as identity, stream text not null, revision int not null)',
  );
};

/** The view of the contract's service: each application of a fact leaves a row, so that a doubled one shows. */
export const see = async (sql: Sql, { stream, revision }: Fact): Promise<void> => {
  await sql.query({ text: 'insert into seen (stream, revision) values ($1, $2)', values: [stream, revision] });
};

export const seenOf = async (database: Database, stream: string): Promise<number[]> =>
  (
    await database.query<{ revision: number }>({
      text: 'select revision from seen where stream = $1 order by n',
      values: [stream],
    })
  ).map(({ revision }) => revision);
