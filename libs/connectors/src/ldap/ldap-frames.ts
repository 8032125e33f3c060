/** A page of entries is far smaller. */
const LARGEST_MESSAGE = 16 * 1024 * 1024;

/** How long a message is, header included; undefined while its header isn't complete, `null` where it can't be one. */
const lengthOf = (bytes: Buffer): number | null | undefined => {
  if (bytes.length < 2) return bytes.length > 0 && bytes[0] !== 0x30 ? null : undefined;
  if (bytes[0] !== 0x30) return null;
  const first = bytes[1]!;
  if (first < 0x80) return 2 + first;
  const size = first & 0x7f;
  if (size === 0 || size > 4) return null;
  if (bytes.length < 2 + size) return undefined;
  const length = bytes.readUIntBE(2, size);
  return length > LARGEST_MESSAGE ? null : 2 + size + length;
};

/**
 * Cuts what a server sends into LDAP messages (RFC 4511 §5.1). ldapts' parser would join all chunks of a large message anew with each
 * one that comes, and take a message of any length.
 */
export const frames = (onMessage: (message: Buffer) => void) => {
  let chunks: Buffer[] = [];
  let held = 0;
  let wanted = 2;
  return {
    /** Something has come that isn't a whole message yet. */
    isHolding: () => held > 0,
    /** False: what came isn't LDAP. */
    take: (chunk: Buffer): boolean => {
      chunks.push(chunk);
      held += chunk.length;
      if (held < wanted) return true;
      let rest = Buffer.concat(chunks);
      for (;;) {
        const length = lengthOf(rest);
        if (length === null) return false;
        if (length === undefined || rest.length < length) {
          wanted = length ?? rest.length + 1;
          chunks = rest.length > 0 ? [rest] : [];
          held = rest.length;
          return true;
        }
        const message = rest.subarray(0, length);
        rest = rest.subarray(length);
        onMessage(message);
      }
    },
  };
};
