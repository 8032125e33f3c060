import { Rejected } from '@tenure/eventing';
import { z } from 'zod';

/** `?limit=&cursor=` of the JSON APIs. */
export const listPageQuery = { limit: z.coerce.number().int().min(1).max(1000).default(100), cursor: z.string().max(500).optional() };
export const listPageRequest = z.strictObject(listPageQuery);
export type ListPageRequest = z.output<typeof listPageRequest>;

/** What a list of such items answers. */
export const listReply = <Item extends z.ZodType>(item: Item) => z.object({ items: z.array(item), nextCursor: z.string().optional() });
export type ListPage<Item> = { items: Item[]; nextCursor?: string };

type Key = { createdAt: string; id: string };

const key = z.tuple([z.iso.datetime(), z.string()]);

/** A cursor tells no more than the page that came with it did, so it is not signed; a forged one only turns to another page of the same list. */
const cursorOf = ({ created_at, id }: { created_at: string; id: string }) => Buffer.from(JSON.stringify([created_at, id])).toString('base64url');

const keyIn = (cursor: string): Key => {
  try {
    const [createdAt, id] = key.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    return { createdAt, id };
  } catch {
    throw new Rejected('invalid', 'list/cursor', 'This cursor was not given by a list.', [{ field: 'cursor', message: 'is not a cursor' }]);
  }
};

/** What to ask for: one row more than is shown tells whether there is a next page. */
export const pageBehind = ({ limit, cursor }: ListPageRequest): { limit: number; after?: Key } => ({ limit, ...(cursor !== undefined && { after: keyIn(cursor) }) });

export const pageOf = <Row extends { created_at: string; id: string }, Item>(rows: readonly Row[], limit: number, itemOf: (row: Row) => Item): ListPage<Item> => {
  const shown = rows.slice(0, limit);
  return { items: shown.map(itemOf), ...(rows.length > limit && { nextCursor: cursorOf(shown.at(-1)!) }) };
};
