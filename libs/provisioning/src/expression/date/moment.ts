/** A point in time, in UTC where its offset was known. `fraction` has seven digits, as .NET counts. */
export type Moment = { instant: number; fraction: string; zoned: boolean };

type Written = {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  fraction: string;
  offset: number | null;
};

/** `null` for what is no date, such as February 30th. */
export const momentOf = ({ year, month, day, hour, minute, second, fraction, offset }: Written): Moment | null => {
  const date = utcDate(year, month - 1, day);
  const isDay = year >= 1 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  date.setUTCHours(hour, minute, second);
  if (!isDay || hour > 23 || minute > 59 || second > 59) return null;
  return {
    instant: date.getTime() - (offset ?? 0) * 60_000,
    fraction: fraction.padEnd(7, '0'),
    zoned: offset !== null,
  };
};

/** `Date.UTC` takes the years up to 99 for those of the last century. */
const utcDate = (year: number, month: number, day: number): Date => {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date;
};

export const intervals = ['yyyy', 'm', 'd', 'ww', 'h', 'n', 's'] as const;
export type Interval = (typeof intervals)[number];

const milliseconds = { d: 86_400_000, ww: 604_800_000, h: 3_600_000, n: 60_000, s: 1000 };
const [earliest, latest] = [utcDate(1, 0, 1).getTime(), utcDate(10_000, 0, 1).getTime()];

/** Whether it is in the years 1 to 9999. */
export const isInCalendar = (instant: number): boolean => instant >= earliest && instant < latest;

/** `null` beyond the years 1 to 9999. Of a month that is too short for the day, the last day. */
export const addInterval = (moment: Moment, interval: Interval, count: number): Moment | null => {
  const instant =
    interval === 'yyyy' || interval === 'm'
      ? addMonths(moment.instant, interval === 'm' ? count : count * 12)
      : moment.instant + count * milliseconds[interval];
  return isInCalendar(instant) ? { ...moment, instant } : null;
};

const addMonths = (instant: number, count: number): number => {
  const date = new Date(instant);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + count];
  const lastDay = utcDate(year, month + 1, 0).getUTCDate();
  return (
    utcDate(year, month, Math.min(date.getUTCDate(), lastDay)).getTime() +
    (instant - utcDate(year, date.getUTCMonth(), date.getUTCDate()).getTime())
  );
};

/** As Visual Basic counts: years, months and weeks by the calendar, the others by whole units that have passed. */
export const intervalsBetween = (first: Moment, second: Moment, interval: Interval): number => {
  const [from, to] = [new Date(first.instant), new Date(second.instant)];
  const years = to.getUTCFullYear() - from.getUTCFullYear();
  if (interval === 'yyyy') return years;
  if (interval === 'm') return years * 12 + to.getUTCMonth() - from.getUTCMonth();
  const shift = interval === 'ww' ? (from.getUTCDay() - to.getUTCDay()) * milliseconds.d : 0;
  return Math.trunc((second.instant - first.instant + shift) / milliseconds[interval]) + 0;
};
