import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dateExamples } from '../testing/expression-examples/date.examples.ts';
import { ada } from '../testing/expression-examples/examples.ts';
import { listExamples } from '../testing/expression-examples/list.examples.ts';
import { logicExamples } from '../testing/expression-examples/logic.examples.ts';
import { textExamples } from '../testing/expression-examples/text.examples.ts';
import { isStorable } from '@tenure/eventing';
import type { JsonObject } from '@tenure/scim';
import { entraSourceNames, sourceValue } from '../mapping/index.ts';
import { TooComplex, type Value, evaluate, functionNames, newBudget, parseExpression } from './index.ts';

const examples = { ...logicExamples, ...textExamples, ...listExamples, ...dateExamples };

describe('R37: the functions of the expression language', () => {
  it('have an example each', () => {
    expect(Object.keys(examples).toSorted()).toEqual(functionNames.toSorted());
  });

  it('are in the reference, as are all sources', () => {
    const reference = readFileSync(new URL('../../../../docs/reference/expressions.md', import.meta.url), 'utf8');
    const numbered = /^extensionAttribute([2-9]|1[0-4])$/;
    for (const name of [...functionNames, ...entraSourceNames].filter((each) => !numbered.test(each)))
      expect(reference).toContain(`\`${name}\``);
  });

  for (const [name, table] of Object.entries(examples)) {
    describe(name, () => {
      it.each(table)('%s gives %j', (text, value) => {
        expect(evaluate(parseExpression(text), (source) => ada[source] ?? null)).toEqual(value);
      });
    });
  }
});

const valueOf = (text: string, sources: Record<string, Value> = {}, budget = newBudget()) =>
  evaluate(parseExpression(text), (source) => sources[source] ?? null, budget);

const limitOf = (work: () => unknown): TooComplex['limit'] | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof TooComplex) return error.limit;
    throw error;
  }
};

describe('R96: a value above 64 KiB', () => {
  const long = 'x'.repeat(60_000);
  const list = Array.from({ length: 600 }, () => 'x'.repeat(100));

  it.each([
    ['Append([long], [long])', { long }],
    ['Join("-", [long], [long])', { long }],
    ['Join([long], "a", "b", "c")', { long }],
    ['Append([list], [long])', { long, list }],
    ['Replace([long], "x", , , "0123456789")', { long }],
    ['Replace("a.b.c", ".", , , [long])', { long }],
    ['Replace([long], "x", , , , , "xx")', { long }],
    ['Replace([short], , ".*", , [template])', { short: 'x'.repeat(900), template: '$&'.repeat(900) }],
    ['ConvertToUTF8Hex([long])', { long }],
    ['Trim([huge])', { huge: '東'.repeat(30_000) }],
    ['[huge]', { huge: list.map((value) => ({ value: value + value })) }],
  ])('%s is not made', (text, sources) => {
    expect(limitOf(() => valueOf(text, sources))).toBe('size');
  });
});

describe('R96: the steps of an evaluation', () => {
  it.each([
    ['a pattern that goes over and over a text', String.raw`Replace([text], , "(a|a|aa)*x", , "")`],
    ['a big pattern', 'Replace([text], , "(?:a{1,30}){1,30}c", , "")'],
    ['a class of many ranges', `Replace([text], , "[${'b-c'.repeat(1000)}]*z", , "")`],
    ['a text that is looked for in another', 'InStr([text], [half])'],
    ['a text that is replaced', 'Replace([text], [half], , , "")'],
    ['a text that is split', 'Split([text], [half])'],
  ])('are used up by %s', (_, expression) => {
    const sources = { text: 'a'.repeat(60_000), half: `b${'a'.repeat(30_000)}` };
    expect(limitOf(() => valueOf(expression, sources))).toBe('steps');
  });

  it('are shared by all expressions of it', () => {
    const budget = newBudget();
    const replace = () => valueOf('Replace([text], , "a+b", , "")', { text: 'a'.repeat(2000) }, budget);
    expect(limitOf(() => Array.from({ length: 1000 }, replace))).toBe('steps');
  });

  it('are the same whether or not the expression was worked out before', () => {
    const used = () => {
      let steps = 0;
      const spend = (more: number) => {
        steps += more;
      };
      valueOf('Replace("555-0100", , "(?<first>[0-9]{3})-x{400}", "first", "z")', {}, { spend, spendOn: spend });
      return steps;
    };
    expect(used()).toBe(used());
  });

  it('never run out over a date format, however its digits may be divided', () => {
    const format = 'dMHms'.repeat(60);
    const digits = `${'1'.repeat(450)}x`;
    expect(valueOf(`FormatDateTime([digits], , "${format}", "yyyy")`, { digits })).toBeNull();
  });
});

describe('R36 R96: characters', () => {
  it.each<[string, Value]>([
    ['Left([name], 3)', 'ab😀'],
    ['Right([name], 7)', '😀 Smith'],
    ['Mid([name], 3, 1)', '😀'],
    ['Mid([name], 4, 9)', ' Smith'],
    ['Len([name])', 9],
    ['InStr([name], "S")', 5],
    ['InStr([name], "S", 6)', 0],
    ['Word([name], 2, "😀")', ' Smith'],
    ['PCase("a😀b", "😀")', 'A😀B'],
    ['Replace([name], , "b.", , "-")', 'a- Smith'],
    ['Replace([name], , "[😀-😎]", , "!")', 'ab! Smith'],
    ['Replace([name], , "[^a-z]+", , "")', 'abmith'],
    ['Replace([name], , "x*", , "|")', '|a|b|😀| |S|m|i|t|h|'],
    [String.raw`Replace([name], , "\\bS", , "s")`, 'ab😀 smith'],
    ['Split([name], "😀")', ['ab', 'Smith']],
  ])('of %s are code points', (text, value) => {
    expect(valueOf(text, { name: 'ab😀 Smith' })).toEqual(value);
  });
});

/** Texts as they may come from anywhere: halves of pairs and NUL among them. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: fc.constantFrom('a', '\uD83D', '\uDE00', '😀', '\0', ' ', ',', '$&', '1'), maxLength: 12 }),
);

describe('R37: every example', () => {
  const text = fc.oneof(
    anyText,
    fc.constantFrom('2026-02-30', '12', '-1', '99999999999999', '$&', '9999-12-31T23:59:59Z', '129699324000000000'),
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

  it('R96: gives a value that can be stored, whatever a person’s attributes hold', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...expressions),
        value,
        value,
        fc.integer({ min: 0, max: 6 }),
        (expression, one, other, count) => {
          const resource = { one, other, count } as JsonObject;
          const person = { id: 'ada', resource: { [extension]: resource }, appRoles: ['ADMIN'] };
          const lookup = (source: string) =>
            sourceValue(
              person,
              `${extension}:${/num|length|count|start/i.test(source) ? 'count' : source.length % 2 ? 'one' : 'other'}`,
            );
          const given = evaluate(expression, lookup);
          expect(given).not.toBeUndefined();
          for (const each of JSON.stringify(given).match(/\\u[0-9a-f]{4}/gi) ?? [])
            expect(each).not.toMatch(/\\u(d[89a-f]|0000)/i);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('R96: cuts no text into something that can’t be stored', () => {
    const cutting = ['Left', 'Right'].map((name) => (count: number) => `${name}([one], ${count})`);
    const others = [
      (count: number) => `Mid([one], ${count}, 2)`,
      (count: number) => `Word([one], ${count}, [two])`,
      () => 'Replace([one], [two], , , "")',
      () => 'Replace([one], , ".", , "$&-")',
      () => 'Split([one], [two])',
      () => 'Join([two], Split([one], [two]))',
      () => 'Append([one], [two])',
      () => 'Item([list], 1)',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...cutting, ...others), fc.nat(12), anyText, anyText, (make, count, one, two) => {
        const person = { id: 'ada', resource: { [extension]: { one, two, list: [one, two] } }, appRoles: [] };
        const given = evaluate(parseExpression(make(count)), (source) => sourceValue(person, `${extension}:${source}`));
        for (const each of [given].flat()) expect(typeof each !== 'string' || isStorable(each)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

const extension = 'urn:acme:params:scim:schemas:2.0:Any';
