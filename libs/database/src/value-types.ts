import pg from 'pg';

const INT8 = 20;
const DATE = 1082;
const TIMESTAMP = 1114;
const TIMESTAMPTZ = 1184;

/** A `bigint` is a number where that is exact; beyond it stays text rather than becoming a wrong number. */
const parseBigint = (text: string) => (Number.isSafeInteger(Number(text)) ? Number(text) : text);

/** As an `Instant`: UTC with milliseconds. `infinity` stays as it is. */
const parseInstant = (text: string) => (text.endsWith('infinity') ? text : new Date(text).toISOString());

const asText = (text: string) => text;

/** Dates and local times stay text: pg would read them in the time zone of the process. */
const parsers = new Map<number, (text: string) => unknown>([
  [INT8, parseBigint],
  [TIMESTAMPTZ, parseInstant],
  [DATE, asText],
  [TIMESTAMP, asText],
]);

/** How column values become JavaScript values, for pg's `types` option: of our connections only, not of the whole process. */
export const valueTypes = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    ((format !== 'binary' && parsers.get(oid)) || pg.types.getTypeParser(oid, format as 'text')) as (text: string) => unknown,
};
