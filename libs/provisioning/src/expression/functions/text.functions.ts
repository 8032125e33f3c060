import type { Expression } from '../expression.ts';
import { toNumber, toText, toTexts } from '../values.ts';
import { type Argument, type FunctionDefinition, eachText, joined, parametersOf } from './definition.ts';

const isCulture = (culture: string): boolean => {
  try {
    return Intl.getCanonicalLocales(culture).length === 1;
  } catch {
    return false;
  }
};

const cultureOf = (given: Argument): string | undefined => {
  const culture = toText(given);
  return isCulture(culture) ? culture : undefined;
};

const checkCulture = ([, culture]: Expression[]) =>
  culture?.kind === 'literal' && !isCulture(String(culture.value))
    ? { argument: 1, message: `Expected a culture such as "en-US", not "${culture.value}".` }
    : undefined;

const checkNumber =
  (...places: number[]) =>
  (expressions: Expression[]) => {
    const argument = places.find((place) => {
      const expression = expressions[place];
      return expression?.kind === 'literal' && !Number.isInteger(toNumber(expression.value));
    });
    return argument === undefined ? undefined : { argument, message: 'Expected a whole number.' };
  };

const wholeNumber = (given: Argument, fallback: number): number => Math.trunc(toNumber(given) ?? fallback);

/** The letters that Unicode does not decompose, as Entra's reference tables them. */
const undecomposed: Record<string, string> = {
  æ: 'ae',
  Æ: 'AE',
  ø: 'oe',
  Ø: 'OE',
  œ: 'oe',
  Œ: 'OE',
  ß: 'ss',
  ł: 'l',
  Ł: 'L',
  ı: 'i',
  đ: 'd',
  Đ: 'D',
};

/** Only marks on Latin letters go: й, か゛ and ά are letters of their own. */
const withoutDiacritics = (text: string): string =>
  text
    .normalize('NFD')
    .replaceAll(/(\p{Script=Latin})[\u0300-\u036f]+/gu, '$1')
    .normalize('NFC')
    .replaceAll(/[æÆøØœŒßłŁıđĐ]/g, (letter) => undecomposed[letter]!);

/** Where a word ends unless the expression says otherwise: not at an apostrophe, as in .NET's ToTitleCase. */
const isDefaultSeparator = (character: string) => !/[\p{L}\p{M}\p{N}'’]/u.test(character);

const properCase = (text: string, isSeparator: (character: string) => boolean): string => {
  let startsWord = true;
  let result = '';
  for (const character of text) {
    result += startsWord ? character.toUpperCase() : character.toLowerCase();
    startsWord = isSeparator(character);
  }
  return result;
};

const instr = ([value, wanted, start, compareType]: Argument[]): number => {
  const ignoresCase = toText(compareType).toLowerCase() === 'vbtextcompare';
  const [haystack, needle] = [value, wanted].map((each) =>
    ignoresCase ? toText(each).toLowerCase() : toText(each),
  ) as [string, string];
  return haystack.indexOf(needle, Math.max(1, wholeNumber(start, 1)) - 1) + 1;
};

const wordOf = ([source, number, delimiters]: Argument[]): string => {
  const separators = toText(delimiters);
  const words: string[] = [''];
  for (const character of toText(source)) {
    if (separators.includes(character)) words.push('');
    else words[words.length - 1] += character;
  }
  return words.filter((word) => word !== '')[wholeNumber(number, 0) - 1] ?? '';
};

export const textFunctions: FunctionDefinition[] = [
  {
    name: 'Append',
    parameters: parametersOf('source', 'suffix'),
    run: eachText((text, [, suffix]) => joined([text, toText(suffix)], '')),
  },
  // Entra's own example `Join(", ", "", [surname], [givenName])` gives "Doe, John": empty values are passed over.
  {
    name: 'Join',
    parameters: parametersOf('separator', 'source'),
    repeating: 1,
    run: ([separator, ...sources]) =>
      joined(
        sources.flatMap(toTexts).filter((text) => text !== ''),
        toText(separator),
      ),
  },
  // Entra: a negative count gives the text itself, no text the empty one.
  {
    name: 'Left',
    parameters: parametersOf('string', 'numChars'),
    check: checkNumber(1),
    run: ([source, count]) =>
      wholeNumber(count, 0) < 0 ? toText(source) : toText(source).slice(0, wholeNumber(count, 0)),
  },
  {
    name: 'Right',
    parameters: parametersOf('string', 'numChars'),
    check: checkNumber(1),
    run: ([source, count]) =>
      wholeNumber(count, 0) < 0
        ? toText(source)
        : toText(source).slice(Math.max(0, toText(source).length - wholeNumber(count, 0))),
  },
  // The first character has the index 1.
  {
    name: 'Mid',
    parameters: parametersOf('source', 'start', 'length'),
    check: checkNumber(1, 2),
    run: eachText((text, [, start, length]) => {
      const from = Math.max(1, wholeNumber(start, 1)) - 1;
      return text.slice(from, from + Math.max(0, wholeNumber(length, 0)));
    }),
  },
  { name: 'Len', parameters: parametersOf('string'), run: ([source]) => toText(source).length },
  {
    name: 'InStr',
    parameters: parametersOf('value1', 'value2', 'start?', 'compareType?'),
    check: checkNumber(2),
    run: instr,
  },
  { name: 'Trim', parameters: parametersOf('source'), run: eachText((text) => text.trim()) },
  { name: 'StripSpaces', parameters: parametersOf('source'), run: eachText((text) => text.replaceAll(' ', '')) },
  {
    name: 'ToLower',
    parameters: parametersOf('source', 'culture?'),
    check: checkCulture,
    run: eachText((text, [, culture]) => lower(text, cultureOf(culture))),
  },
  {
    name: 'ToUpper',
    parameters: parametersOf('source', 'culture?'),
    check: checkCulture,
    run: eachText((text, [, culture]) => upper(text, cultureOf(culture))),
  },
  {
    name: 'PCase',
    parameters: parametersOf('source', 'wordSeparators?'),
    run: eachText((text, [, separators]) =>
      properCase(
        text,
        separators === undefined ? isDefaultSeparator : (character) => toText(separators).includes(character),
      ),
    ),
  },
  { name: 'NormalizeDiacritics', parameters: parametersOf('source'), run: eachText(withoutDiacritics) },
  { name: 'Word', parameters: parametersOf('string', 'wordNumber', 'delimiters'), check: checkNumber(1), run: wordOf },
  {
    name: 'ConvertToBase64',
    parameters: parametersOf('source'),
    run: eachText((text) => Buffer.from(text, 'utf16le').toString('base64')),
  },
  {
    name: 'ConvertToUTF8Hex',
    parameters: parametersOf('source'),
    run: eachText((text) => Buffer.from(text, 'utf8').toString('hex').toUpperCase()),
  },
];

// Without a culture: the invariant rules, which do not depend on the machine.
const lower = (text: string, culture: string | undefined) =>
  culture === undefined ? text.toLowerCase() : text.toLocaleLowerCase(culture);
const upper = (text: string, culture: string | undefined) =>
  culture === undefined ? text.toUpperCase() : text.toLocaleUpperCase(culture);
