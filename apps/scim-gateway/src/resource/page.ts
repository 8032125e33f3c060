import type { Page, PageKey } from '@tenure/directory';
import { listResponse, type JsonObject, type ListQuery } from '@tenure/scim';

export const DEFAULT_PAGE = 100;
export const LARGEST_PAGE = 1000;

export const countOf = ({ count }: ListQuery) => Math.min(count ?? DEFAULT_PAGE, LARGEST_PAGE);

/** The page that a query wants: by index, or by cursor behind a key (RFC 9865), which counts the total only once. */
export const pageOf = (query: ListQuery, after: PageKey | undefined): Page => ({
  count: countOf(query),
  withTotal: !after,
  ...(query.cursor === undefined ? { startIndex: query.startIndex } : { ...(after && { after }) }),
});

export type Found = { resources: JsonObject[]; total?: number; nextCursor?: () => string };

/** RFC 7644 §3.4.2, and with a cursor RFC 9865 §2. */
export const pageResponse = ({ cursor, startIndex }: ListQuery, { resources, total, nextCursor }: Found) =>
  listResponse({
    resources,
    ...(total !== undefined && { totalResults: total }),
    ...(cursor === undefined ? { startIndex } : nextCursor && { nextCursor: nextCursor() }),
  });
