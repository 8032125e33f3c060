import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dateExamples } from '../testing/expression-examples/date.examples.ts';
import { ada } from '../testing/expression-examples/examples.ts';
import { listExamples } from '../testing/expression-examples/list.examples.ts';
import { logicExamples } from '../testing/expression-examples/logic.examples.ts';
import { textExamples } from '../testing/expression-examples/text.examples.ts';
import { evaluate, functionNames, parseExpression } from './index.ts';

const examples = { ...logicExamples, ...textExamples, ...listExamples, ...dateExamples };

describe('R37: the functions of the expression language', () => {
  it('have an example each', () => {
    expect(Object.keys(examples).toSorted()).toEqual(functionNames.toSorted());
  });

  for (const [name, table] of Object.entries(examples)) {
    describe(name, () => {
      it.each(table)('%s gives %j', (text, value) => {
        expect(evaluate(parseExpression(text), (source) => ada[source] ?? null)).toEqual(value);
      });
    });
  }
});

describe('R37: a value that grows too long', () => {
  it('is no value, wherever it comes from', () => {
    const lookup = (source: string) => (source === 'huge' ? 'x'.repeat(20_000) : null);
    expect(evaluate(parseExpression('Coalesce([huge], "fallback")'), lookup)).toBe('fallback');
  });
});

describe('R37: every example', () => {
  it('gives a value whatever its attributes hold', () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom('2026-02-30', '12', '-1', '99999999999999', '$&', '9999-12-31T23:59:59Z'),
    );
    const value = fc.oneof(
      text,
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.array(text),
      fc.array(fc.record({ value: text })),
    );
    const expressions = Object.values(examples).flatMap((table) => table.map(([each]) => parseExpression(each)));
    fc.assert(
      fc.property(fc.constantFrom(...expressions), value, value, (expression, one, other) => {
        expect(evaluate(expression, (source) => (source.length % 2 ? one : other))).not.toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });
});
