import type { Page, PageKey } from '@tenure/directory';
import {
  compareBy,
  findAttribute,
  invalidValue,
  parseFilter,
  parseProjection,
  parseSort,
  tooMany,
  type JsonObject,
  type ListQuery,
  type ResourceType,
  type Sort,
} from '@tenure/scim';
import type { ScimContext } from '../connection/scim-context.ts';
import type { Cursors } from '../resource/cursor.ts';
import { countOf, pageResponse, type Found } from '../resource/page.ts';
import { present } from '../resource/present.ts';
import { withoutUrls } from '../resource/reference-filters.ts';
import { isEmpty, type ScimEndpoint } from '../resource/scim-endpoint.ts';

/** Sorted pages across types are merged in memory; nobody reads deeper by index. */
const DEEPEST_SORTED = 10_000;

/** Where a page begins: in which type, behind which resource. */
type ListCursor = { type: number; after?: PageKey };

type Item = { resource: JsonObject; show: () => JsonObject };
type Listed = { items: Item[]; total: number; next?: PageKey };

/** A type with what a query means for it. */
type Listing = { list: (page: Page) => Promise<Listed> };

/** A list over several types: those of the first before those of the next unless it is sorted, so that pages are as stable as each type's. */
export const listAll = async (
  endpoints: readonly ScimEndpoint[],
  cursors: Cursors,
  context: ScimContext,
  query: ListQuery,
) => {
  const readable = endpoints.filter((endpoint) => !isEmpty(endpoint, context));
  const sort = parseSort(
    readable.map(({ type }) => type),
    query,
  );
  const listings = readable.map((endpoint) => listingOf(endpoint, context, query));
  return pageResponse(
    query,
    await (query.cursor !== undefined
      ? byCursor(listings, cursors, context, query, sort)
      : sort
        ? sorted(listings, query, sort)
        : byIndex(listings, query)),
  );
};

const listingOf = (endpoint: ScimEndpoint, context: ScimContext, query: ListQuery): Listing => {
  const { type } = endpoint;
  const projection = parseProjection(query, type);
  // An attribute that the type doesn't have has no value in its resources (RFC 7644 §3.4.2.1).
  const filter =
    query.filter === undefined
      ? undefined
      : withoutUrls(
          parseFilter(query.filter, type, { ...context.policy.settings, unknownFilterAttribute: 'empty' }),
          context,
          type,
        );
  const sort = knows(type, query.sortBy) ? parseSort(type, query) : undefined;
  return {
    list: async (page) => {
      const { items, total = 0, next } = await endpoint.list(context, { filter, sort, page }, projection);
      return {
        items: items.map((shown) => ({
          resource: shown.resource,
          show: () => present(context, type, shown, projection),
        })),
        total,
        ...(next && { next }),
      };
    },
  };
};

const knows = (type: ResourceType, name: string | undefined) =>
  name !== undefined && findAttribute(type, name, { lenient: true }) !== undefined;

const shownOf = (items: readonly Item[]) => items.map(({ show }) => show());

const byIndex = async (listings: readonly Listing[], query: ListQuery): Promise<Found> => {
  const count = countOf(query);
  const items: Item[] = [];
  let total = 0;
  for (const { list } of listings) {
    const page = await list({
      count: count - items.length,
      startIndex: Math.max(1, query.startIndex - total),
      withTotal: true,
    });
    items.push(...page.items);
    total += page.total;
  }
  return { resources: shownOf(items), total };
};

const sorted = async (listings: readonly Listing[], query: ListQuery, sort: Sort): Promise<Found> => {
  const first = query.startIndex - 1;
  const last = first + countOf(query);
  if (last > DEEPEST_SORTED) throw tooMany(`Sorted lists of several types end at ${DEEPEST_SORTED} resources.`);
  const pages = await Promise.all(listings.map(({ list }) => list({ count: last, startIndex: 1, withTotal: true })));
  const compare = compareBy(sort);
  const items = pages.flatMap((page) => page.items).sort((a, b) => compare(a.resource, b.resource));
  return { resources: shownOf(items.slice(first, last)), total: sum(pages) };
};

const sum = (pages: readonly Listed[]) => pages.reduce((all, { total }) => all + total, 0);

const ROOT = '/';

const byCursor = async (
  listings: readonly Listing[],
  cursors: Cursors,
  context: ScimContext,
  query: ListQuery,
  sort: Sort | undefined,
): Promise<Found> => {
  if (sort) throw invalidValue('A list of several types is either sorted or read by cursor.');
  const total = query.cursor
    ? {}
    : { total: sum(await Promise.all(listings.map(({ list }) => list({ count: 0, withTotal: true })))) };
  const count = countOf(query);
  const from: ListCursor = query.cursor ? cursors.read<ListCursor>(context, ROOT, query, query.cursor) : { type: 0 };
  if (count === 0) return { resources: [], ...total };
  const items: Item[] = [];
  let next: ListCursor | undefined = from;
  while (next && items.length < count) {
    const { type, after }: ListCursor = next;
    const page: Listed = await listings[type]!.list({
      count: count - items.length,
      withTotal: false,
      ...(after && { after }),
    });
    items.push(...page.items);
    const following = type + 1 < listings.length ? { type: type + 1 } : undefined;
    next = page.next ? { type, after: page.next } : following;
  }
  const place = next;
  return {
    resources: shownOf(items),
    ...total,
    ...(place && { nextCursor: () => cursors.sign(context, ROOT, query, place) }),
  };
};
