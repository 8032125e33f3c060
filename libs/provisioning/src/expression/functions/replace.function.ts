import { type Expression, type Value, limits } from '../expression.ts';
import { compilePattern, matchesOf, type Match, type Pattern } from '../pattern/matcher.ts';
import { PatternProblem } from '../pattern/pattern-problem.ts';
import { isEmpty, toText } from '../values.ts';
import { type Argument, type FunctionDefinition, joined, parametersOf } from './definition.ts';

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
    const { groups } = compilePattern(pattern.value);
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

const replaceAll = (text: string, old: string, replacement: string): string | null =>
  old === '' ? text : joined(text.split(old), replacement);

const replaceMatches = (pattern: Pattern, text: string, replacementOf: (match: Match) => string): string | null => {
  const matches = matchesOf(pattern, text);
  if (!matches) return null;
  let behind = 0;
  let result = '';
  for (const match of matches) {
    result += text.slice(behind, match.start) + replacementOf(match);
    behind = match.end;
    if (result.length > limits.value) return null;
  }
  return result + text.slice(behind);
};

/** `${name}`, `$1`, `$&` and `$0` stand for what was matched, `$$` for a $. */
const filledIn = (template: string, { groups }: Pattern, text: string, match: Match): string =>
  template.replaceAll(
    /\$(?:(\$)|(&|0(?!\d))|(\d{1,3})|\{(\w{1,64})\})/g,
    (written, dollar?: string, whole?: string, number?: string, name?: string) => {
      if (dollar) return '$';
      if (whole) return text.slice(match.start, match.end);
      const group = groupIndex(groups, (number ?? name)!);
      if (group === undefined) return written;
      const span = match.groups[group];
      return span ? text.slice(span.start, span.end) : '';
    },
  );

const replace = ([source, old, patternText, groupName, replacement, attribute, template]: Argument[]): Value => {
  const text = toText(source);
  if (patternText === undefined) {
    if (isEmpty(source)) return null;
    return template === undefined
      ? replaceAll(text, toText(old), toText(replacement))
      : replaceAll(toText(template), toText(old), text);
  }

  const pattern = compilePattern(toText(patternText));
  const group = groupName === undefined ? undefined : groupIndex(pattern.groups, toText(groupName));
  if (attribute !== undefined && group !== undefined) {
    if (!isEmpty(source)) return text;
    const other = toText(attribute);
    const span = matchesOf(pattern, other)?.[0]?.groups[group];
    return span ? other.slice(span.start, span.end) : null;
  }

  if (isEmpty(source)) return null;
  return replaceMatches(pattern, text, (match) => {
    if (group === undefined) return filledIn(toText(replacement), pattern, text, match);
    const span = match.groups[group];
    return span
      ? text.slice(match.start, span.start) + toText(replacement) + text.slice(span.end, match.end)
      : text.slice(match.start, match.end);
  });
};

export const replaceFunction: FunctionDefinition = { name: 'Replace', parameters, check, run: replace };
