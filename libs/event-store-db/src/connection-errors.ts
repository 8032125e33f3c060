import type { NO_STREAM } from '@eventstore/db-client';

/** EventStoreDB's own revision of a stream: its first event is 0. */
export type LogRevision = bigint | typeof NO_STREAM;

/** Real time (ms since the epoch) after which an answer comes too late. */
export type Deadline = number;

/** `commit` is missing where the server recognised a repeated append and has no position at hand. */
export type Appended = { revision: bigint; commit?: bigint };

/** The stream was not at the expected revision. */
export class Conflict extends Error {
  override readonly name = 'Conflict';
}

/** The server refused an append for its size. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
  constructor(readonly limit?: number) {
    super('EventStoreDB refused an append for its size.');
  }
}

/** The server did not answer, or answered that it can't tell: what was asked may have happened or not. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  /** The server is there and left it open, so asking again tells. */
  readonly answered: boolean;
  constructor(message: string, { answered = false, cause }: { answered?: boolean; cause?: unknown } = {}) {
    super(message, { cause });
    this.answered = answered;
  }
}
