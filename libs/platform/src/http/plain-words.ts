import { Rejected } from '@tenure/eventing';
import { z } from 'zod';

type Issue = z.core.$ZodRawIssue;
type PathPart = PropertyKey | { readonly key: PropertyKey };
/** An issue of a standard schema; one of zod has more, of which a union's branches matter here. */
export type SchemaIssue = {
  readonly message: string;
  readonly path?: readonly PathPart[] | undefined;
  readonly code?: string;
  readonly errors?: readonly (readonly SchemaIssue[])[];
};

const kinds: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};
const formats: Readonly<Record<string, string>> = {
  datetime: 'an instant such as 2026-01-05T09:00:00Z',
  date: 'a date such as 2026-01-05',
  email: 'an e-mail address',
  url: 'a URL',
  uuid: 'a UUID',
};

const quoted = (values: readonly unknown[]) => values.map((value) => JSON.stringify(value)).join(', ');
const amount = (limit: number | bigint, of: string) =>
  `${limit.toLocaleString('en')} ${of}${Number(limit) === 1 ? '' : 's'}`;
const units: Readonly<Record<string, string>> = { string: 'character', array: 'element', set: 'element' };

const bound = (origin: string, word: 'most' | 'least', limit: number | bigint, inclusive = true): string => {
  const unit = units[origin];
  if (unit !== undefined) {
    if (word === 'least' && Number(limit) === 1) return 'Must not be empty.';
    return `Must have at ${word} ${amount(limit, unit)}.`;
  }
  if (!inclusive) return `Must be ${word === 'most' ? 'less' : 'more'} than ${limit}.`;
  return `Must be at ${word} ${limit}.`;
};

/** What a schema found wrong, as a person would say it (style.md, Voice). */
export const inPlainWords = (issue: Issue): string => {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'Required.';
      return `Must be ${kinds[issue.expected] ?? issue.expected}.`;
    case 'invalid_value':
      if (issue.input === undefined) return 'Required.';
      return issue.values.length === 1 ? `Must be ${quoted(issue.values)}.` : `Must be one of ${quoted(issue.values)}.`;
    case 'too_big':
      return bound(issue.origin, 'most', issue.maximum, issue.inclusive);
    case 'too_small':
      return bound(issue.origin, 'least', issue.minimum, issue.inclusive);
    case 'not_multiple_of':
      return `Must be a multiple of ${issue.divisor}.`;
    case 'invalid_format':
      return formats[issue.format] === undefined ? 'Has the wrong format.' : `Must be ${formats[issue.format]}.`;
    case 'unrecognized_keys': {
      const keys = issue.keys.slice(0, 10).map((key) => key.slice(0, 100));
      return `${issue.keys.length === 1 ? 'Unknown field' : 'Unknown fields'}: ${quoted(keys)}.`;
    }
    case 'invalid_union':
      return issue.input === undefined ? 'Required.' : 'Has none of the allowed forms.';
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      return 'Is not allowed.';
  }
};

z.config({ customError: inPlainWords });

const MOST_ERRORS = 50;

/** Of a union the branch that came closest says what is wrong. */
const plain = (issues: readonly SchemaIssue[], before: readonly PathPart[] = []): SchemaIssue[] =>
  issues.flatMap((issue) => {
    const path = [...before, ...(issue.path ?? [])];
    const [closest] = [...(issue.errors ?? [])]
      .filter((branch) => branch.length > 0)
      .sort((a, b) => a.length - b.length);
    return issue.code === 'invalid_union' && closest ? plain(closest, path) : [{ message: issue.message, path }];
  });

/** What a body, query or parameter did wrong, field by field. */
export const refusalOf = (issues: readonly SchemaIssue[]): Rejected => {
  const found = plain(issues.slice(0, MOST_ERRORS))
    .slice(0, MOST_ERRORS)
    .map(({ message, path = [] }) => ({ field: fieldName(path), message }));
  // Of what is no list it isn't told that it is too long as well.
  const errors = found.filter(({ field }, at) => found.findIndex((one) => one.field === field) === at);
  return new Rejected(
    'invalid',
    'request/invalid',
    errors.map(({ field, message }) => (field ? `${field}: ${message}` : bodyMessage(message))).join(' '),
    errors,
  );
};

/** Of a body as a whole. */
const bodyMessage = (message: string) => (message === 'Required.' ? 'A JSON body is required.' : message);

const fieldName = (path: readonly PathPart[]) =>
  path
    .map((part) => (typeof part === 'object' ? part.key : part))
    .reduce<string>(
      (name, key) =>
        typeof key === 'number' ? `${name}[${key}]` : name === '' ? String(key) : `${name}.${String(key)}`,
      '',
    );
