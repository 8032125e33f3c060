import { HASH_BYTES, type Hash } from './merkle.ts';

/** What a log says of itself at a size (C2SP tlog-checkpoint). */
export type Checkpoint = { origin: string; size: number; root: Hash };

/** The text that is signed. We add no extension lines. */
export const checkpointText = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${root.toString('base64')}\n`;

export const checkpointOf = (text: string): Checkpoint => {
  const [, origin, digits, encoded] = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([^\n]+)\n(?:[^\n]+\n)*$/.exec(text) ?? [];
  const root = Buffer.from(encoded ?? '', 'base64');
  const size = Number(digits);
  if (
    origin === undefined ||
    !Number.isSafeInteger(size) ||
    root.length !== HASH_BYTES ||
    root.toString('base64') !== encoded
  )
    throw new Error('Not a checkpoint: expected the lines origin, size and root hash.');
  return { origin, size, root };
};

/** C2SP tlog-proof: the index, the path, and the signed checkpoint as it is. */
export const tlogProof = (index: number, proof: readonly Hash[], note: string): string =>
  `c2sp.org/tlog-proof@v1\nindex ${index}\n${proof.map((hash) => `${hash.toString('base64')}\n`).join('')}\n${note}`;
