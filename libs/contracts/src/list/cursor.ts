import { isStorable, Rejected } from '@tenure/eventing';
import type { z } from 'zod';

/** Where a page ended, as a cursor. It tells no more than the page did, so it is not signed; a forged one only turns to another page of the same list. */
export const cursorsOf = <Key>(key: z.ZodType<Key>) => ({
  write: (value: Key): string => Buffer.from(JSON.stringify(value)).toString('base64url'),
  read: (cursor: string): Key => {
    try {
      const text = Buffer.from(cursor, 'base64url').toString('utf8');
      const read = key.parse(JSON.parse(text));
      if (Object.values(read as object).every((value) => typeof value !== 'string' || isStorable(value))) return read;
    } catch {
      // As if it were no cursor at all.
    }
    throw invalidCursor();
  },
});

export const invalidCursor = () =>
  new Rejected('invalid', 'cursor/invalid', 'Invalid cursor.', [
    { field: 'cursor', message: 'Must be the nextCursor of a previous page.' },
  ]);
