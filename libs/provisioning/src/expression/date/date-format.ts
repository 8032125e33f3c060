import { type Moment, momentOf } from './moment.ts';

export type FormatPart = { kind: 'literal'; text: string } | { kind: 'field'; field: string };

/** .NET's formats of one letter that name a whole format, as the invariant culture has them. */
const standard: Partial<Record<string, string>> = {
  d: 'MM/dd/yyyy',
  s: 'yyyy-MM-ddTHH:mm:ss',
  o: 'yyyy-MM-ddTHH:mm:ss.fffffffK',
  O: 'yyyy-MM-ddTHH:mm:ss.fffffffK',
};

const fields = new Set('yyyy yy MMMM MMM MM M dddd ddd dd d HH H hh h mm m ss s tt t zzz zz z K'.split(' '));
const isField = (field: string) => fields.has(field) || /^(f{1,7}|F{1,7})$/.test(field);

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const short = (name: string) => name.slice(0, 3);

/** Reads a .NET date and time format; a text tells what is wrong with it. */
export const formatPartsOf = (format: string): FormatPart[] | string => {
  const text = standard[format] ?? format;
  if (text === '') return 'Expected a date format such as "yyyy-MM-dd".';
  const parts: FormatPart[] = [];
  const piece = /'([^']*)'|"([^"]*)"|\\(.)|%(?=.)|([A-Za-z])\4*|([^'"\\%A-Za-z]+)/gsy;
  while (piece.lastIndex < text.length) {
    const [written, single, double, escaped, letter, other] = piece.exec(text) ?? [];
    if (written === undefined)
      return 'Expected a closing quote, or a character after a backslash or %, in the date format.';
    if (letter !== undefined && 'yMdHhmsfFtzKg'.includes(letter)) {
      if (!isField(written)) return `Expected a date format: ${written} is no part of one.`;
      parts.push({ kind: 'field', field: written });
    } else {
      parts.push({ kind: 'literal', text: single ?? double ?? escaped ?? other ?? (letter ? written : '') });
    }
  }
  return parts;
};

const digits = (least: number, most: number) => new RegExp(String.raw`\d{${least},${most}}`, 'y');
const anyOf = (...options: string[]) => new RegExp(options.join('|'), 'iy');

const shapes = new Map<string, RegExp>([
  ['yyyy', digits(4, 4)],
  ['MMMM', anyOf(...months)],
  ['MMM', anyOf(...months.map(short))],
  ['dddd', anyOf(...days)],
  ['ddd', anyOf(...days.map(short))],
  ['tt', anyOf('AM', 'PM')],
  ['t', anyOf('A', 'P')],
  ['zzz', /[+-]\d{2}:\d{2}/y],
  ['zz', /[+-]\d{2}/y],
  ['z', /[+-]\d{1,2}/y],
  ['K', /Z|[+-]\d{2}:\d{2}|/iy],
  ...Array.from({ length: 7 }, (_, index): [string, RegExp] => ['f'.repeat(index + 1), digits(index + 1, index + 1)]),
  ...Array.from({ length: 7 }, (_, index): [string, RegExp] => ['F'.repeat(index + 1), digits(0, index + 1)]),
]);
const shapeOf = (field: string): RegExp => shapes.get(field) ?? (field.length === 2 ? twoDigits : oneOrTwoDigits);
const [twoDigits, oneOrTwoDigits] = [digits(2, 2), digits(1, 2)];

/**
 * What a text has in place of each field of a format, from left to right and never back, as .NET reads dates: each field takes as
 * many digits as it can. `null` where the text is not of this form.
 */
const readFields = (text: string, parts: FormatPart[]): { field: string; value: string }[] | null => {
  const fields: { field: string; value: string }[] = [];
  let at = 0;
  for (const part of parts) {
    if (part.kind === 'literal') {
      const end = at + part.text.length;
      if (text.slice(at, end).toLowerCase() !== part.text.toLowerCase()) return null;
      at = end;
      continue;
    }
    const shape = shapeOf(part.field);
    shape.lastIndex = at;
    const found = shape.exec(text);
    if (!found) return null;
    fields.push({ field: part.field, value: found[0] });
    at += found[0].length;
  }
  return at === text.length ? fields : null;
};

/** Reads a date; one with an offset becomes UTC, one without is taken as it stands. */
export const parseDate = (text: string, parts: FormatPart[]): Moment | null => {
  const written = readFields(text.trim(), parts);
  if (!written) return null;
  const value = (...names: string[]) => written.find(({ field }) => names.includes(field))?.value;
  const number = (...names: string[]) => (value(...names) === undefined ? undefined : Number(value(...names)));
  const named = (names: string[], wanted: string | undefined) => {
    const index = names.findIndex(
      (name) => wanted !== undefined && short(name).toLowerCase() === short(wanted).toLowerCase(),
    );
    return index < 0 ? undefined : index + 1;
  };

  const yearOfCentury = number('yy');
  const half = value('tt', 't')?.[0]?.toUpperCase();
  const hour = number('HH', 'H') ?? hourOf(number('hh', 'h') ?? 0, half);
  return momentOf({
    // .NET's turn of the century.
    year: number('yyyy') ?? (yearOfCentury === undefined ? 1 : yearOfCentury + (yearOfCentury < 50 ? 2000 : 1900)),
    month: number('MM', 'M') ?? named(months, value('MMMM', 'MMM')) ?? 1,
    day: number('dd', 'd') ?? 1,
    hour,
    minute: number('mm', 'm') ?? 0,
    second: number('ss', 's') ?? 0,
    fraction: written.find(({ field }) => /^[fF]/.test(field))?.value ?? '',
    offset: offsetOf(value('zzz', 'zz', 'z', 'K')),
  });
};

const hourOf = (hour: number, half: string | undefined): number =>
  half === undefined ? hour : (hour % 12) + (half === 'P' ? 12 : 0);

/** In minutes; `null` where none is written. */
const offsetOf = (written: string | undefined): number | null => {
  if (!written) return null;
  if (written.toUpperCase() === 'Z') return 0;
  const [hours = '0', minutes = '0'] = written.slice(1).split(':');
  return (Number(hours) * 60 + Number(minutes)) * (written.startsWith('-') ? -1 : 1);
};

export const formatDate = (moment: Moment, parts: FormatPart[]): string =>
  parts.map((part) => (part.kind === 'literal' ? part.text : fieldOf(moment, part.field))).join('');

const fieldOf = ({ instant, fraction, zoned }: Moment, field: string): string => {
  if (field.startsWith('f')) return fraction.slice(0, field.length);
  if (field.startsWith('F')) return fraction.slice(0, field.length).replace(/0+$/, '');
  const date = new Date(instant);
  const hour = date.getUTCHours();
  const padded = (value: number) => String(value).padStart(field.length, '0');
  switch (field) {
    case 'yyyy':
      return padded(date.getUTCFullYear());
    case 'yy':
      return padded(date.getUTCFullYear() % 100);
    case 'MMMM':
      return months[date.getUTCMonth()]!;
    case 'MMM':
      return short(months[date.getUTCMonth()]!);
    case 'MM':
    case 'M':
      return padded(date.getUTCMonth() + 1);
    case 'dddd':
      return days[date.getUTCDay()]!;
    case 'ddd':
      return short(days[date.getUTCDay()]!);
    case 'dd':
    case 'd':
      return padded(date.getUTCDate());
    case 'HH':
    case 'H':
      return padded(hour);
    case 'hh':
    case 'h':
      return padded(hour % 12 || 12);
    case 'mm':
    case 'm':
      return padded(date.getUTCMinutes());
    case 'ss':
    case 's':
      return padded(date.getUTCSeconds());
    case 'tt':
      return hour < 12 ? 'AM' : 'PM';
    case 't':
      return hour < 12 ? 'A' : 'P';
    case 'K':
      return zoned ? 'Z' : '';
    case 'zzz':
      return '+00:00';
    case 'zz':
      return '+00';
  }
  return '+0';
};
