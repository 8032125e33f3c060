import { Rejected } from '@tenure/eventing';
import { z } from 'zod';

/** `?limit=&cursor=` of the JSON APIs. */
export const pageQuery = { limit: z.coerce.number().int().min(1).max(1000).default(100), cursor: z.string().max(500).optional() };
export const pageRequest = z.strictObject(pageQuery);
export type PageRequest = z.output<typeof pageRequest>;
export type Page<Item> = { items: Item[]; nextCursor?: string };

/** Where a page ended: two values that the list is ordered by. */
type Key = [string, string];
const key = z.tuple([z.string(), z.string()]);

const keyIn = (cursor: string): Key => {
  try {
    return key.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    throw new Rejected('invalid', 'list/cursor', 'This cursor was not given by a list.', [{ field: 'cursor', message: 'is not a cursor' }]);
  }
};

export const pageBehind = ({ limit, cursor }: PageRequest): { limit: number; after?: Key } => ({ limit, ...(cursor !== undefined && { after: keyIn(cursor) }) });

/** Of one row more than is shown, which tells whether there is a next page. A cursor tells no more than the page did, so it is not signed. */
export const pageOf = <Row, Item>(rows: readonly Row[], limit: number, itemOf: (row: Row) => Item, keyOf: (row: Row) => Key): Page<Item> => {
  const shown = rows.slice(0, limit);
  return { items: shown.map(itemOf), ...(rows.length > limit && { nextCursor: Buffer.from(JSON.stringify(keyOf(shown.at(-1)!))).toString('base64url') }) };
};
