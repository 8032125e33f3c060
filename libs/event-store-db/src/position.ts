import { randomUUID } from 'node:crypto';
import { jsonEvent, NO_STREAM } from '@eventstore/db-client';
import { ForeignPosition, type Position } from '@tenure/eventing';
import { Conflict, type Connection, type LogMark } from './connection.ts';

/** Which store this is. Written once, by whoever opens it first; the last entry counts. */
const GENERATION_STREAM = 'tenure-generation';
const OPENING_DEADLINE_MS = 10_000;

export const positionAt = (generation: string, commit: bigint) => `${generation}/${commit}` as Position;

/** Throws `ForeignPosition`. */
export const commitOf = (generation: string, position: Position): bigint => {
  const [of, commit] = position.split('/');
  if (of !== generation || commit === undefined || !/^\d+$/.test(commit)) throw new ForeignPosition(position);
  return BigInt(commit);
};

/** Where a reader has looked, as it is kept with a checkpoint. */
export const markText = (generation: string, { commit, id }: LogMark) => `${generation}/${commit}/${id}`;

export const markFrom = (generation: string, text: string): LogMark | undefined => {
  const [of, commit, id] = text.split('/');
  if (of !== generation || id === undefined || !/^\d+$/.test(commit!)) return undefined;
  return { commit: BigInt(commit!), id };
};

const lastGeneration = async (connection: Connection): Promise<string | undefined> => {
  const [last] = await connection.read(GENERATION_STREAM, { maxCount: 1, backwards: true });
  return (last?.data as { generation: string } | undefined)?.generation;
};

const openGeneration = async (connection: Connection): Promise<string> => {
  const known = await lastGeneration(connection);
  if (known !== undefined) return known;
  const generation = randomUUID();
  const started = jsonEvent({ type: 'GenerationStarted', data: { generation } });
  try {
    await connection.append(GENERATION_STREAM, NO_STREAM, [started], Date.now() + OPENING_DEADLINE_MS);
    return generation;
  } catch (error) {
    const first = error instanceof Conflict ? await lastGeneration(connection) : undefined;
    if (first === undefined) throw error;
    return first;
  }
};

/** Asked once; a failure is not remembered. */
export const generationOf = (connection: Connection): (() => Promise<string>) => {
  let known: Promise<string> | undefined;
  return () => {
    known ??= openGeneration(connection).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
};
