import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type Expression,
  ExpressionProblem,
  type Value,
  evaluate,
  expressionLimits,
  functionNames,
  parseExpression,
  printExpression,
} from './index.ts';
import { functionNamed } from './functions/catalogue.ts';

const problemOf = (text: string, options?: Parameters<typeof parseExpression>[1]) => {
  try {
    parseExpression(text, options);
  } catch (error) {
    if (error instanceof ExpressionProblem) return { position: error.position, message: error.message };
    throw error;
  }
  throw new Error(`no problem in ${text}`);
};

describe('R37: an expression', () => {
  it('is read into plain JSON', () => {
    const expression = parseExpression('Switch([country]="USA", , Left([mail], 3), 1.5)');
    expect(expression).toEqual({
      kind: 'call',
      name: 'Switch',
      arguments: [
        {
          kind: 'compare',
          operator: '=',
          left: { kind: 'source', name: 'country' },
          right: { kind: 'literal', value: 'USA' },
        },
        { kind: 'omitted' },
        {
          kind: 'call',
          name: 'Left',
          arguments: [
            { kind: 'source', name: 'mail' },
            { kind: 'literal', value: 3 },
          ],
        },
        { kind: 'literal', value: 1.5 },
      ],
    });
    expect(JSON.parse(JSON.stringify(expression))).toEqual(expression);
  });

  it('may be a single attribute, whose path may have a filter', () => {
    expect(parseExpression(' [emails[type eq "a]b"].value] ')).toEqual({
      kind: 'source',
      name: 'emails[type eq "a]b"].value',
    });
  });

  it('keeps quotes and backslashes of a text', () => {
    expect(parseExpression(String.raw`"Company: \"Contoso\" \\ co"`)).toEqual({
      kind: 'literal',
      value: String.raw`Company: "Contoso" \ co`,
    });
  });

  it('may use typographic quotes with straight ones within', () => {
    expect(parseExpression('“say "yes"”')).toEqual({ kind: 'literal', value: 'say "yes"' });
  });

  it('does not care about the case of function names', () => {
    expect(parseExpression('tolower([mail])')).toEqual(parseExpression('ToLower([mail])'));
  });
});

describe('R37: errors point at the character', () => {
  it.each<[string, number, string]>([
    ['', 0, 'Expected a function, an [attribute], a "text" or a number, not the end.'],
    ['Swich([a])', 0, 'There is no function Swich.'],
    ['ToLower(Swich([a]))', 8, 'There is no function Swich.'],
    ['ToLower [a]', 7, 'Expected ( after ToLower.'],
    ['ToLower([a]', 11, 'Expected , or ) in ToLower(source, culture?), not the end.'],
    ['ToLower([a] [b])', 12, 'Expected , or ) in ToLower(source, culture?), not [b].'],
    ['ToLower([a]) x', 13, 'Expected the end of the expression, not x.'],
    ['ToLower()', 8, 'Expected source: ToLower(source, culture?) takes at least 1 argument, not 0.'],
    ['Mid([a], 1)', 10, 'Expected length: Mid(source, start, length) takes 3 arguments, not 2.'],
    ['Mid([a], 1, 2, 3)', 15, 'Expected ): Mid(source, start, length) takes 3 arguments, not 4.'],
    ['Mid(, 1, 2)', 4, "Expected source: Mid(source, start, length) can't do without it."],
    ['Mid([a], "x", 2)', 9, 'Expected a whole number.'],
    [
      'Switch([a], "d", "k")',
      20,
      'Expected value: Switch(source, defaultValue?, key, value, …) takes at least 4 arguments, not 3.',
    ],
    [
      'Switch([a], "d", "k", "v", "k")',
      30,
      'Expected one more argument: Switch(source, defaultValue?, key, value, …) takes its last 2 together, and here are 5.',
    ],
    [
      'Switch([a], "d", "k", "v", , "w")',
      27,
      'Expected an argument: only those with a ? may be left out of Switch(source, defaultValue?, key, value, …).',
    ],
    ['Append([a], "b)', 12, 'Expected a closing quote: this text is not closed.'],
    ['Append([a, "b")', 7, 'Expected a closing ]: this attribute name is not closed.'],
    ['Append([ ], "b")', 7, 'Expected the name of an attribute between [ and ].'],
    [
      String.raw`Append([a], "\d")`,
      13,
      String.raw`Expected \\ or \" after a backslash: a backslash in a text is written twice.`,
    ],
    ['Append([a], #)', 12, 'Expected a function, an [attribute], a "text" or a number, not #.'],
    [
      'Append([a], country)',
      12,
      'Expected a function, an [attribute], a "text" or a number, not country: attributes stand in [ ], texts in " ".',
    ],
    [
      'Append([a], constructor)',
      12,
      'Expected a function, an [attribute], a "text" or a number, not constructor: attributes stand in [ ], texts in " ".',
    ],
    ['constructor([a])', 0, 'There is no function constructor.'],
    ['IIF([a]=[b]=[c],1,2)', 11, 'Expected , or ): a comparison has two sides. Nest IIF for more conditions.'],
    ['IIF([a]=,1,2)', 8, 'Expected a function, an [attribute], a "text" or a number, not ,.'],
    [
      'Guid()',
      0,
      'Guid is not offered: it gives another value each time, and an account must come out the same for the same person.',
    ],
    [
      'Append("a", CStr(Now()))',
      17,
      'Now is not offered: it gives another value each time, and an account must come out the same for the same person.',
    ],
    [
      'SelectUniqueValue([a], [b])',
      0,
      'SelectUniqueValue is not offered: it asks the target app, and an expression only knows the person.',
    ],
    ['ToLower([a], "??")', 13, 'Expected a culture such as "en-US", not "??".'],
    ['FormatDateTime([a], , "yyyyy", "d")', 22, 'Expected a date format: yyyyy is no part of one.'],
    ['FormatDateTime([a], , "yyyy", [b])', 30, 'Expected the date format as a text.'],
    [
      'FormatDateTime([a], "AssumeLocal", "yyyy", "d")',
      20,
      'Expected a style that does not depend on a machine, not "AssumeLocal".',
    ],
    ['DateAdd("x", 1, [a])', 8, 'Expected an interval, one of yyyy, m, d, ww, h, n, s.'],
    ['Replace([a], , "(", , "")', 15, 'Expected a regular expression: a ( is not closed.'],
    ['Replace([a], , "(?<n>a)", "m", "")', 26, 'Expected a group of the pattern: it has no group m.'],
    ['Replace([a], , [b], , "")', 15, 'Expected the pattern as a text.'],
  ])('%s', (text, position, message) => {
    expect(problemOf(text)).toEqual({ position, message });
  });

  it('of Replace without a known form of its arguments', () => {
    expect(problemOf('Replace([a], "b")')).toEqual({
      position: 8,
      message: expect.stringContaining('Replace needs one of'),
    });
  });

  it('at an attribute that is not known, where the caller knows which are', () => {
    expect(problemOf('Append([shoeSize], "x")', { knownSource: (name) => name === 'mail' })).toEqual({
      position: 7,
      message: expect.stringContaining('There is no attribute shoeSize.'),
    });
  });

  it('beyond the limits of length and nesting', () => {
    expect(problemOf(`"${'x'.repeat(expressionLimits.length)}"`)).toMatchObject({ position: expressionLimits.length });
    const nested = (depth: number) => 'Trim('.repeat(depth) + '[a]' + ')'.repeat(depth);
    expect(parseExpression(nested(expressionLimits.nesting))).toMatchObject({ kind: 'call' });
    expect(problemOf(nested(expressionLimits.nesting + 1))).toMatchObject({
      position: 'Trim('.length * expressionLimits.nesting,
    });
  });
});

const text = fc.string({
  unit: fc.constantFrom('a', 'B', '"', '\\', ' ', '“', '”', '[', ']', ')', ',', 'é', '😀', '\n'),
});
const literal = fc
  .oneof(
    text,
    fc.integer(),
    fc.boolean(),
    fc.integer().map((value) => value / 100),
  )
  .map((value): Expression => ({ kind: 'literal', value: Object.is(value, -0) ? 0 : value }));
const source = fc
  .constantFrom(
    'mail',
    'name.givenName',
    'emails[type eq "work"].value',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department',
  )
  .map((name): Expression => ({ kind: 'source', name }));

/** Those functions whose constants are not looked at more closely. */
const plainFunctions = functionNames.filter((name) => !functionNamed(name)!.check);

const { expression } = fc.letrec<{ expression: Expression; operand: Expression }>((tie) => ({
  operand: fc.oneof(
    { maxDepth: 4 },
    literal,
    source,
    fc.constantFrom(...plainFunctions).chain((name) => {
      const { parameters, repeating = 0 } = functionNamed(name)!;
      const fixed = parameters.map(({ optional }) =>
        optional ? fc.oneof(fc.constant<Expression>({ kind: 'omitted' }), tie('expression')) : tie('expression'),
      );
      const more = Array.from({ length: repeating * 2 }, () => tie('expression'));
      return fc.tuple(...fixed, ...more).map((given): Expression => ({ kind: 'call', name, arguments: given }));
    }),
  ),
  expression: fc.oneof(
    tie('operand'),
    fc
      .tuple(
        fc.constantFrom('=' as const, '<>' as const, '<' as const, '<=' as const, '>' as const, '>=' as const),
        tie('operand'),
        tie('operand'),
      )
      .map(([operator, left, right]): Expression => ({ kind: 'compare', operator, left, right })),
  ),
}));

const value: fc.Arbitrary<Value> = fc.oneof(
  text,
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.array(text),
  fc.array(fc.dictionary(fc.constantFrom('value', 'type'), text)),
);

describe('R37: any expression', () => {
  it('is the same after printing and reading', () => {
    fc.assert(
      fc.property(expression, (each) => {
        const printed = printExpression(each);
        fc.pre(printed.length <= expressionLimits.length);
        expect(parseExpression(printed)).toEqual(each);
      }),
      { numRuns: 500 },
    );
  });

  it('always gives a value, and the same one again', () => {
    fc.assert(
      fc.property(expression, fc.array(value, { minLength: 4, maxLength: 4 }), (each, values) => {
        const lookup = (name: string) => values[name.length % 4]!;
        const first = evaluate(each, lookup);
        expect(first).not.toBeUndefined();
        expect(evaluate(each, lookup)).toEqual(first);
      }),
      { numRuns: 500 },
    );
  });
});

describe('R37: any text', () => {
  const piece = fc.constantFrom(
    '[',
    ']',
    '(',
    ')',
    ',',
    '"',
    '“',
    '\\',
    '=',
    '<>',
    ' ',
    '[mail]',
    '"x"',
    '1',
    '-',
    '&H',
    'IIF(',
    'Switch(',
    'Replace(',
    'FormatDateTime(',
    '(?<a>',
    '+',
    '*',
    '{2}',
    '😀',
    '__proto__',
    'toString',
  );

  it('is an expression or an ExpressionProblem inside it, never anything else', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
        ),
        (each) => {
          try {
            parseExpression(each);
          } catch (error) {
            expect(error).toBeInstanceOf(ExpressionProblem);
            expect((error as ExpressionProblem).position).toBeGreaterThanOrEqual(0);
            expect((error as ExpressionProblem).position).toBeLessThanOrEqual(each.length);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
