export const listResponseSchema = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

export type ListPage<T> = {
  resources: T[];
  /** Omitted only with cursors, where it may be unknown (RFC 9865 §2.2). */
  totalResults?: number;
  startIndex?: number;
  itemsPerPage?: number;
  nextCursor?: string;
  previousCursor?: string;
};

/** RFC 7644 §3.4.2 and RFC 9865 §2: counts are always sent and `Resources` even when empty, since clients expect them (Okta, Entra). */
export const listResponse = <T>({
  resources,
  totalResults,
  startIndex,
  itemsPerPage = resources.length,
  nextCursor,
  previousCursor,
}: ListPage<T>) => ({
  schemas: [listResponseSchema],
  ...(totalResults !== undefined && { totalResults }),
  ...(startIndex !== undefined && { startIndex }),
  itemsPerPage,
  ...(previousCursor !== undefined && { previousCursor }),
  ...(nextCursor !== undefined && { nextCursor }),
  Resources: resources,
});
