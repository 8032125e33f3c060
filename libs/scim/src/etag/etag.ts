/** The ETag and `meta.version` of a revision: weak, as the RFC's own (RFC 7644 §3.14). */
export const etagOf = (revision: number | bigint): string => `W/"${revision}"`;

const opaque = (tag: string): string => tag.trim().replace(/^W\//i, '');

/** Whether an `If-Match` or `If-None-Match` names the revision: one of a list, or `*`. Compared weakly, since SCIM's tags are weak. */
export const etagMatches = (header: string, revision: number | bigint): boolean =>
  header.trim() === '*' ||
  (header.match(/(?:W\/)?"[^"]*"|[^\s,"]+/gi) ?? []).some(
    (tag) => opaque(tag).replaceAll('"', '') === String(revision),
  );
