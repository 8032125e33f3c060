import { z } from 'zod';

/** ISO 8601 in weeks, days, hours, minutes and seconds. Months and years are refused: they have no fixed length. */
export type Duration = string;

const units = { W: 604_800_000, D: 86_400_000, H: 3_600_000, M: 60_000, S: 1000 } as const;
const shape = /^P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?$/;
const calendarShape = /^P(\d+Y|(\d+Y)?\d+M)/;

/** In milliseconds; a text tells what is wrong. */
const read = (duration: Duration): number | string => {
  if (calendarShape.test(duration))
    return 'Months and years are refused because their length varies: write weeks, days, hours, minutes or seconds, such as P21D.';
  const [, ...amounts] = shape.exec(duration) ?? [];
  if (amounts.every((amount) => amount === undefined))
    return 'Must be an ISO 8601 duration such as P1D, P3W, PT12H or PT0S.';
  const lengths = Object.values(units);
  return amounts.reduce((sum, amount, index) => sum + Number(amount ?? 0) * lengths[index]!, 0);
};

/** Of a checked duration; throws on any other text. */
export const millisecondsOf = (duration: Duration): number => {
  const length = read(duration);
  if (typeof length === 'string') throw new RangeError(`${duration}: ${length}`);
  return length;
};

/** Whether it is longer than nothing; no, where it is no duration. */
export const isPositive = (duration: Duration): boolean => {
  const length = read(duration);
  return typeof length === 'number' && length > 0;
};

/** Nothing that is checked after it meets a text that is none. */
export const durationSchema = z.string().superRefine((text, context) => {
  const length = read(text);
  if (typeof length === 'string') context.addIssue({ code: 'custom', message: length, continue: false });
});

/** An instant in UTC, to the millisecond. */
export const addDuration = (instant: string, duration: Duration): string =>
  new Date(Date.parse(instant) + millisecondsOf(duration)).toISOString();

/** Below zero when the first is shorter: `P1D` and `PT24H` are the same. */
export const compareDurations = (first: Duration, second: Duration): number =>
  millisecondsOf(first) - millisecondsOf(second);
