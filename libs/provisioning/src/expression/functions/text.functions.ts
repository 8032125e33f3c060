import type { Budget } from '../budget.ts';
import { countPoints, slicePoints } from '../code-points.ts';
import type { Expression } from '../expression.ts';
import { toNumber, toText, toTexts } from '../values.ts';
import { type Argument, type FunctionDefinition, eachText, joined, parametersOf, spendOnSearch } from './definition.ts';

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
const withoutDiacritics = (text: string, budget: Budget): string => {
  if (isAscii(text)) return text;
  budget.spend(text.length);
  return text
    .normalize('NFD')
    .replaceAll(/(\p{Script=Latin})[\u0300-\u036f]+/gu, '$1')
    .normalize('NFC')
    .replaceAll(/[æÆøØœŒßłŁıđĐ]/g, (letter) => undecomposed[letter]!);
};

const isAscii = (text: string): boolean => !/[\u0080-\uFFFF]/.test(text);

/** Where a word ends unless the expression says otherwise: not at an apostrophe, as in .NET's ToTitleCase. */
const isDefaultSeparator = (character: string) => !/[\p{L}\p{M}\p{N}'’]/u.test(character);

const properCase = (text: string, isSeparator: (character: string) => boolean, budget: Budget): string => {
  budget.spend(text.length);
  let startsWord = true;
  let result = '';
  for (const character of text) {
    result += startsWord ? character.toUpperCase() : character.toLowerCase();
    startsWord = isSeparator(character);
  }
  return result;
};

/** Places count from 1, as in Visual Basic; 0 is nowhere. */
const instr = ([value, wanted, start, compareType]: Argument[], budget: Budget): number => {
  const ignoresCase = toText(compareType).toLowerCase() === 'vbtextcompare';
  const [haystack, needle] = [value, wanted].map((each) =>
    ignoresCase ? toText(each).toLowerCase() : toText(each),
  ) as [string, string];
  spendOnSearch(haystack, needle, budget);
  const skipped = slicePoints(haystack, 0, Math.max(1, wholeNumber(start, 1)) - 1);
  const at = haystack.indexOf(needle, skipped.length);
  return at < 0 ? 0 : countPoints(haystack.slice(0, at)) + 1;
};

const wordOf = ([source, number, delimiters]: Argument[]): string => {
  const separators = new Set(toText(delimiters));
  const wanted = wholeNumber(number, 0);
  let [count, word] = [0, ''];
  for (const character of toText(source)) {
    if (!separators.has(character)) {
      if (word === '') count += 1;
      word += character;
    } else if (count === wanted) {
      break;
    } else {
      word = '';
    }
  }
  return count === wanted ? word : '';
};

const left = (text: string, count: number): string => (count < 0 ? text : slicePoints(text, 0, count));
const right = (text: string, count: number): string =>
  count < 0 ? text : slicePoints(text, Math.max(0, countPoints(text) - count));

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
    run: ([source, count]) => left(toText(source), wholeNumber(count, 0)),
  },
  {
    name: 'Right',
    parameters: parametersOf('string', 'numChars'),
    check: checkNumber(1),
    run: ([source, count]) => right(toText(source), wholeNumber(count, 0)),
  },
  // The first character has the index 1.
  {
    name: 'Mid',
    parameters: parametersOf('source', 'start', 'length'),
    check: checkNumber(1, 2),
    run: eachText((text, [, start, length]) => {
      const from = Math.max(1, wholeNumber(start, 1)) - 1;
      return slicePoints(text, from, from + Math.max(0, wholeNumber(length, 0)));
    }),
  },
  { name: 'Len', parameters: parametersOf('string'), run: ([source]) => countPoints(toText(source)) },
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
    run: (given, budget) => {
      const [, separators] = given;
      const named = new Set(toText(separators));
      const isSeparator = separators === undefined ? isDefaultSeparator : (character: string) => named.has(character);
      return eachText((text) => properCase(text, isSeparator, budget))(given, budget);
    },
  },
  {
    name: 'NormalizeDiacritics',
    parameters: parametersOf('source'),
    run: eachText((text, _given, budget) => withoutDiacritics(text, budget)),
  },
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
