/** How our streams are named in a log that others use too (design, decision 31). */
export type LogNames = {
  inLog: (stream: string) => string;
  /** Our name of a stream of the log that has our prefix. */
  ofLog: (streamId: string) => string;
  /** What the server is asked for: streams of these categories; without categories all of ours but claims and the generation. */
  filterOf: (categories: readonly string[] | undefined) => LogFilter;
};

export type LogFilter = { prefixes: string[] } | { regex: string };

export const DEFAULT_PREFIX = 'tenure.';

/** It ends with a dot, so that no prefix begins another one's names; the category stays before the first `-`, where projections look for it. */
const WELL_FORMED = /^([A-Za-z0-9_]+\.)*$/;

export const isPrefix = (text: string) => WELL_FORMED.test(text);

export const namesWith = (prefix: string): LogNames => {
  if (!isPrefix(prefix))
    throw new Error(`${prefix} can't be a prefix of streams: expected letters, digits and _, with a dot at the end.`);
  const literal = prefix.replaceAll('.', '\\.');
  return {
    inLog: (stream) => prefix + stream,
    ofLog: (streamId) => streamId.slice(prefix.length),
    filterOf: (categories) =>
      categories
        ? { prefixes: categories.map((category) => `${prefix}${category}-`) }
        : { regex: `^${literal}(?!claims-|tenure-)[a-z]+-` },
  };
};
