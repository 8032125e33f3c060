import { createHash } from 'node:crypto';
import type { Fact } from '@tenure/messaging';
import { canonicalJson } from './canonical-json.ts';
import { LONGEST_LEAF } from './tiles.ts';

const hex = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

export const dataHash = (data: unknown): string => hex(canonicalJson(data));
/** Of the sealed bytes themselves, not of their base64. */
export const personalHash = (personal: string): string => hex(Buffer.from(personal, 'base64'));

/** An entry from before there was a log: its leaf says what it was when it was taken in. */
export type Legacy = { seq: number; hash: string };

/**
 * What the log holds of a fact: RFC 8785 JSON of who, what, when and why, with hashes of the data and of the sealed bytes, which are
 * kept elsewhere and may go. Its form is for ever; another one is another `v`.
 */
export const leafOf = (fact: Fact, legacy?: Legacy): string => {
  const { metadata, personId, personal } = fact;
  const leaf = canonicalJson({
    v: legacy ? 0 : 1,
    ...legacy,
    id: fact.id,
    type: fact.type,
    schemaVersion: fact.schemaVersion,
    stream: fact.stream,
    revision: fact.revision,
    at: metadata.occurredAt,
    recordedAt: fact.recordedAt,
    actor: metadata.actor,
    connectionId: metadata.connectionId,
    commandId: metadata.commandId,
    correlationId: metadata.correlationId,
    causationId: metadata.causationId,
    personId,
    data: dataHash(fact.data),
    personal: personal === undefined ? undefined : personalHash(personal),
  });
  const bytes = Buffer.byteLength(leaf);
  if (bytes > LONGEST_LEAF)
    throw new RangeError(`The leaf of ${fact.stream}@${fact.revision} has ${bytes} bytes, more than ${LONGEST_LEAF}.`);
  return leaf;
};
