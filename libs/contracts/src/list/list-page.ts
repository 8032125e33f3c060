import { isStorable } from '@tenure/eventing';
import { z } from 'zod';
import { cursorsOf } from './cursor.ts';

/** `?limit=&cursor=` of the JSON APIs. */
export const listPageQuery = {
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(500).optional(),
};
export const listPageRequest = z.strictObject(listPageQuery);
export type ListPageRequest = z.output<typeof listPageRequest>;

/** `?search=` of the JSON APIs: the beginnings of the words of names and addresses. */
export const searchText = z
  .string()
  .trim()
  .min(1, { error: 'must not be empty' })
  .max(200, { error: 'must not be longer than 200 characters' })
  .refine(isStorable, { error: 'must be well-formed Unicode without NUL' });

/** What a list of such items answers. */
export const listReply = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), nextCursor: z.string().optional() });
export type ListPage<Item> = { items: Item[]; nextCursor?: string };

/** What a list is ordered by: a value, and the id where that is the same. */
type Key = [string, string];

const pagesBy = (value: z.ZodType<string>) => {
  const cursors = cursorsOf<Key>(z.tuple([value, z.string()]));
  return {
    /** What to ask for, and behind what. Ask for one row more: it tells whether there is a next page. */
    behind: ({ limit, cursor }: ListPageRequest): { limit: number; after?: Key } => ({
      limit,
      ...(cursor !== undefined && { after: cursors.read(cursor) }),
    }),
    of: <Row, Item>(
      rows: readonly Row[],
      limit: number,
      itemOf: (row: Row) => Item,
      keyOf: (row: Row) => Key,
    ): ListPage<Item> => {
      const shown = rows.slice(0, limit);
      return {
        items: shown.map(itemOf),
        ...(rows.length > limit && { nextCursor: cursors.write(keyOf(shown.at(-1)!)) }),
      };
    },
  };
};

/** Pages of a list that is ordered by an instant. */
export const pagesByInstant = pagesBy(z.iso.datetime());
/** Pages of a list that is ordered by a name. */
export const pagesByName = pagesBy(z.string());
