import { Rejected } from '@tenure/eventing';
import type { z } from 'zod';

/** Where a page ended, as a cursor. It tells no more than the page did, so it is not signed; a forged one only turns to another page of the same list. */
export const cursorsOf = <Key>(key: z.ZodType<Key>) => ({
  write: (value: Key): string => Buffer.from(JSON.stringify(value)).toString('base64url'),
  read: (cursor: string): Key => {
    try {
      return key.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    } catch {
      throw new Rejected('invalid', 'list/cursor', 'This cursor was not given by a list.', [
        { field: 'cursor', message: 'is not a cursor' },
      ]);
    }
  },
});
