import pg from 'pg';

const INT8 = 20;
const DATE = 1082;
const TIMESTAMP = 1114;
const TIMESTAMPTZ = 1184;

/** A `bigint` is a number where that is exact; beyond it stays text rather than becoming a wrong number. */
const parseBigint = (text: string) => (Number.isSafeInteger(Number(text)) ? Number(text) : text);

/** What PostgreSQL sends where its time zone is UTC, as with the embedded one. */
const UTC = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00$/;

/** As an `Instant`: UTC with milliseconds. `infinity` stays as it is. Each row has some, so the usual form is not worth a `Date`. */
const parseInstant = (text: string) => {
  const [, day, time, fraction = ''] = UTC.exec(text) ?? [];
  if (day) return `${day}T${time}.${fraction.slice(0, 3).padEnd(3, '0')}Z`;
  return text.endsWith('infinity') ? text : new Date(text).toISOString();
};

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
    ((format !== 'binary' && parsers.get(oid)) || pg.types.getTypeParser(oid, format as 'text')) as (
      text: string,
    ) => unknown,
};
