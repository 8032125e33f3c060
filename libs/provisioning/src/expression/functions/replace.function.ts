import type { Budget } from '../budget.ts';
import type { Expression, Value } from '../expression.ts';
import { compiledPattern, matchesOf, type Match, type Pattern } from '../pattern/matcher.ts';
import { PatternProblem } from '../pattern/pattern-problem.ts';
import { isEmpty, toText } from '../values.ts';
import {
  type Argument,
  type FunctionDefinition,
  joined,
  parametersOf,
  spendOnSearch,
  textCollector,
} from './definition.ts';

const parameters = parametersOf(
  'source',
  'oldValue?',
  'regexPattern?',
  'regexGroupName?',
  'replacementValue?',
  'replacementAttributeName?',
  'template?',
);

const forms =
  'Replace needs one of: oldValue and replacementValue; oldValue and template; regexPattern and replacementValue; ' +
  'regexPattern, regexGroupName and replacementValue; regexPattern, regexGroupName and replacementAttributeName.';

const check = (expressions: Expression[]) => {
  const isGiven = (index: number) => expressions[index] !== undefined && expressions[index].kind !== 'omitted';
  const [old, pattern, group, value, attribute, template] = [1, 2, 3, 4, 5, 6].map(isGiven);
  const isForm = old
    ? !pattern && !group && !attribute && value !== template
    : pattern && !template && (value ? !attribute : group && attribute);
  return isForm ? (pattern ? checkPattern(expressions) : undefined) : { argument: 0, message: forms };
};

/** A pattern is a constant, so that a wrong one is refused when it is written and not for one person in a thousand. */
const checkPattern = ([, , pattern, group]: Expression[]) => {
  if (pattern?.kind !== 'literal' || typeof pattern.value !== 'string')
    return { argument: 2, message: 'Expected the pattern as a text.' };
  if (group && group.kind !== 'omitted' && group.kind !== 'literal')
    return { argument: 3, message: 'Expected the name of the group as a text.' };
  try {
    const { groups } = compiledPattern(pattern.value);
    if (group?.kind === 'literal' && groupIndex(groups, String(group.value)) === undefined) {
      return { argument: 3, message: `Expected a group of the pattern: it has no group ${group.value}.` };
    }
    return undefined;
  } catch (error) {
    if (error instanceof PatternProblem)
      return { argument: 2, message: `Expected a regular expression: ${error.message}.` };
    throw error;
  }
};

/** .NET numbers the groups without a name first, from 1. */
const groupIndex = (groups: (string | null)[], wanted: string): number | undefined => {
  const byName = groups.indexOf(wanted);
  if (byName >= 0) return byName;
  if (!/^[1-9]\d{0,2}$/.test(wanted)) return undefined;
  const indexes = groups.map((_, index) => index);
  return [...indexes.filter((index) => groups[index] === null), ...indexes.filter((index) => groups[index] !== null)][
    Number(wanted) - 1
  ];
};

const replaceAll = (text: string, old: string, replacement: string, budget: Budget): string => {
  if (old === '') return text;
  spendOnSearch(text, old, budget);
  const parts = text.split(old);
  budget.spend(parts.length);
  return joined(parts, replacement);
};

const replaceMatches = (
  pattern: Pattern,
  text: string,
  replacementsOf: (match: Match) => string[],
  budget: Budget,
): string => {
  const result = textCollector();
  let behind = 0;
  for (const match of matchesOf(pattern, text, budget)) {
    const replacements = replacementsOf(match);
    budget.spend(10 + replacements.length);
    for (const part of [text.slice(behind, match.start), ...replacements]) result.add(part);
    behind = match.end;
  }
  result.add(text.slice(behind));
  return result.texts.join('');
};

type Piece = string | { group: number | 'whole' };

/** `${name}`, `$1`, `$&` and `$0` stand for what was matched, `$$` for a $. */
const piecesOf = (template: string, { groups }: Pattern): Piece[] => {
  const pieces: Piece[] = [];
  let behind = 0;
  for (const found of template.matchAll(/\$(?:(\$)|(&|0(?!\d))|(\d{1,3})|\{(\w{1,64})\})/g)) {
    const [written, dollar, whole, number, name] = found;
    const group = whole ? 'whole' : groupIndex(groups, number ?? name ?? '');
    pieces.push(template.slice(behind, found.index), dollar ? '$' : group === undefined ? written : { group });
    behind = found.index + written.length;
  }
  return [...pieces, template.slice(behind)];
};

const filledIn = (pieces: readonly Piece[], text: string, match: Match): string[] =>
  pieces.map((piece) => {
    if (typeof piece === 'string') return piece;
    const span = piece.group === 'whole' ? match : match.groups[piece.group];
    return span ? text.slice(span.start, span.end) : '';
  });

const replace = (
  [source, old, patternText, groupName, replacement, attribute, template]: Argument[],
  budget: Budget,
): Value => {
  const text = toText(source);
  if (patternText === undefined) {
    if (isEmpty(source)) return null;
    return template === undefined
      ? replaceAll(text, toText(old), toText(replacement), budget)
      : replaceAll(toText(template), toText(old), text, budget);
  }

  const pattern = compiledPattern(toText(patternText));
  // Also where it is remembered: what one person's evaluation may take doesn't depend on who came before.
  budget.spend(2 * pattern.program.length);
  const group = groupName === undefined ? undefined : groupIndex(pattern.groups, toText(groupName));
  if (attribute !== undefined && group !== undefined) {
    if (!isEmpty(source)) return text;
    const other = toText(attribute);
    const span = matchesOf(pattern, other, budget)[0]?.groups[group];
    return span ? other.slice(span.start, span.end) : null;
  }

  if (isEmpty(source)) return null;
  const replacementText = toText(replacement);
  if (group !== undefined) {
    const withGroup = (match: Match): string[] => {
      const span = match.groups[group];
      return span
        ? [text.slice(match.start, span.start), replacementText, text.slice(span.end, match.end)]
        : [text.slice(match.start, match.end)];
    };
    return replaceMatches(pattern, text, withGroup, budget);
  }
  const pieces = piecesOf(replacementText, pattern);
  budget.spend(pieces.length);
  return replaceMatches(pattern, text, (match) => filledIn(pieces, text, match), budget);
};

export const replaceFunction: FunctionDefinition = { name: 'Replace', parameters, check, run: replace };
