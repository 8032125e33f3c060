import { type FormatPart, formatDate, formatPartsOf, parseDate } from '../date/date-format.ts';
import { fileTimeOf, momentOfFileTime } from '../date/file-time.ts';
import { type Interval, type Moment, addInterval, intervals, intervalsBetween } from '../date/moment.ts';
import type { Expression, Value } from '../expression.ts';
import type { Budget } from '../budget.ts';
import { remembered } from '../remembered.ts';
import { isEmpty, toNumber, toText } from '../values.ts';
import { type Argument, type FunctionDefinition, parametersOf } from './definition.ts';

const partsOf = remembered(500, (format: string): FormatPart[] => {
  const parts = formatPartsOf(format);
  return typeof parts === 'string' ? [] : parts;
});

/** What `CDate` gives, and with it what `DateAdd` and `DateDiff` take. */
const plainFormat = partsOf('M/d/yyyy h:mm:ss tt');

const understoodFormats = [
  'M/d/yyyy h:mm:ss tt',
  'M/d/yyyy',
  'yyyy-MM-ddK',
  'yyyy-MM-ddTHH:mmK',
  'yyyy-MM-ddTHH:mm:ssK',
  'yyyy-MM-ddTHH:mm:ss.FFFFFFFK',
  'yyyy-MM-dd HH:mm:ssK',
].map(partsOf);

const dateOf = (given: Argument): Moment | null => {
  const text = toText(given);
  for (const parts of understoodFormats) {
    const moment = parseDate(text, parts);
    if (moment) return moment;
  }
  return null;
};

// All dates are UTC here, so the styles that say so change nothing; the one that asks for the machine's own time zone is refused.
const styles =
  'none roundtripkind allowleadingwhite allowtrailingwhite allowinnerwhite allowwhitespaces assumeuniversal adjusttouniversal'.split(
    ' ',
  );

const checkFormats = (expressions: Expression[]) => {
  const style = expressions[1];
  const isHarmless = (name: string) => styles.includes(name.replace('DateTimeStyles.', '').trim().toLowerCase());
  if (style?.kind === 'literal' && style.value !== '' && !String(style.value).split(/[,|]/).every(isHarmless)) {
    return { argument: 1, message: `Expected a style that does not depend on a machine, not "${style.value}".` };
  }
  for (const argument of [2, 3]) {
    const format = expressions[argument];
    if (format?.kind !== 'literal') return { argument, message: 'Expected the date format as a text.' };
    const parts = formatPartsOf(String(format.value));
    if (typeof parts === 'string') return { argument, message: parts };
  }
  return undefined;
};

const checkInterval = ([interval]: Expression[]) =>
  interval?.kind === 'literal' && intervalOf(interval.value) === undefined
    ? { argument: 0, message: `Expected an interval, one of ${intervals.join(', ')}.` }
    : undefined;

const intervalOf = (given: Argument): Interval | undefined => intervals.find((interval) => interval === toText(given));

const formatDateTime = ([source, , inputFormat, outputFormat]: Argument[], budget: Budget): Value => {
  // A part of a format costs much more than a character of a text.
  budget.spend(10 * (1 + toText(inputFormat).length + toText(outputFormat).length));
  const moment = isEmpty(source) ? null : parseDate(toText(source), partsOf(toText(inputFormat)));
  return moment && formatDate(moment, partsOf(toText(outputFormat)));
};

/** Reading a date in one of several forms is worth many steps. */
const paid =
  (run: (given: Argument[]) => Value): FunctionDefinition['run'] =>
  (given, budget) => {
    budget.spend(300);
    return run(given);
  };

const dateAdd = ([intervalText, count, date]: Argument[]): Value => {
  const [interval, number, moment] = [intervalOf(intervalText), toNumber(count), dateOf(date)];
  const later = interval && number !== null && moment && addInterval(moment, interval, Math.trunc(number));
  return later ? formatDate(later, plainFormat) : null;
};

const dateDiff = ([intervalText, first, second]: Argument[]): Value => {
  const [interval, from, to] = [intervalOf(intervalText), dateOf(first), dateOf(second)];
  return interval && from && to ? intervalsBetween(from, to, interval) : null;
};

export const dateFunctions: FunctionDefinition[] = [
  {
    name: 'FormatDateTime',
    parameters: parametersOf('source', 'dateTimeStyles?', 'inputFormat', 'outputFormat'),
    check: checkFormats,
    run: formatDateTime,
  },
  {
    name: 'CDate',
    parameters: parametersOf('expression'),
    run: paid(([source]) => {
      const moment = dateOf(source);
      return moment && formatDate(moment, plainFormat);
    }),
  },
  {
    name: 'DateAdd',
    parameters: parametersOf('interval', 'value', 'dateTime'),
    check: checkInterval,
    run: paid(dateAdd),
  },
  {
    name: 'DateDiff',
    parameters: parametersOf('interval', 'date1', 'date2'),
    check: checkInterval,
    run: paid(dateDiff),
  },
  // As Active Directory counts: a hundred nanoseconds at a time, from 1601.
  {
    name: 'DateFromNum',
    parameters: parametersOf('value'),
    run: paid(([value]) => {
      const moment = momentOfFileTime(toText(value).trim());
      return moment && formatDate(moment, plainFormat);
    }),
  },
  {
    name: 'NumFromDate',
    parameters: parametersOf('value'),
    run: paid(([value]) => {
      const moment = dateOf(value);
      return moment && fileTimeOf(moment);
    }),
  },
];
