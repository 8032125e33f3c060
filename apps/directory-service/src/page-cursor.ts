import type { PageKey } from '@tenure/directory';
import { Rejected } from '@tenure/eventing';
import { z } from 'zod';

const pageKey = z.object({ sortedBy: z.string().nullable().optional(), createdAt: z.iso.datetime(), id: z.string() });

/** Where a page ended, as a cursor. It tells no more than the page did, so it is not signed. */
export const nextCursorOf = (key: PageKey) => Buffer.from(JSON.stringify(key)).toString('base64url');

export const pageKeyIn = (cursor: string): PageKey => {
  try {
    return pageKey.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    throw new Rejected('invalid', 'list/cursor', 'This cursor was not given by a list.', [{ field: 'cursor', message: 'is not a cursor' }]);
  }
};
