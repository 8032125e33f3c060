/** The revisions that an `If-Match` or `If-None-Match` names: `W/"3"`, `"3"`, a list of them, or `*`; what a tag says after the revision is not of interest. A tag that is none of ours matches nothing. */
export const ifMatchOf = (header: string | undefined): '*' | number[] | undefined => {
  if (header === undefined) return undefined;
  if (header.trim() === '*') return '*';
  return header
    .split(',')
    .map((tag) => Number(/^\s*(?:W\/)?"?(\d+)(?:-[\w-]+)?"?\s*$/i.exec(tag)?.[1] ?? Number.NaN))
    .filter(Number.isSafeInteger);
};

/** The ETag of a version, weak as SCIM's are. */
export const versionTag = (version: number) => `W/"${version}"`;
