import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LONGEST_STRING, parseJson, USUAL_JSON } from './parse-json.ts';

const parse = (text: string, limits = USUAL_JSON) => parseJson(Buffer.from(text), limits);
const refusal = (field: string, message: string) => ({
  code: 'request/invalid',
  message: expect.stringContaining(message),
  errors: [{ field, message: expect.stringContaining(message) }],
});

describe('the body of a request', () => {
  it('is what JSON.parse makes of it, whatever is in it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 8 }), fc.constantFrom('', '\n ', '\uFEFF'), async (text, before) => {
        const hostile = /__proto__|constructor|prototype|\\u/.test(text);
        if (!hostile) expect(await parse(before + text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('is refused where JSON.parse refuses it, and nowhere else', async () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"b"',
      '1',
      '-',
      '.5',
      'e1',
      'true',
      'null',
      ' ',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 9 }), async (pieces) => {
        const text = pieces.join('');
        if (text.trim() === '') return;
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          return expect(parse(text)).rejects.toThrow(/isn't JSON|Duplicate key/);
        }
        if ((text.match(/"a":/g) ?? []).length + (text.match(/"b":/g) ?? []).length < 2)
          expect(await parse(text)).toEqual(expected);
      }),
    );
  });

  it('is the same when it is large and parsed in slices', async () => {
    const large = {
      members: Array.from({ length: 20_000 }, (_, index) => ({ value: `user-${index}`, display: 'Ä "quoted" \\ 😀' })),
    };
    const text = JSON.stringify(large);
    expect(text.length).toBeGreaterThan(1024 * 1024 * 0.9);
    expect(await parse(text, { list: 20_000, values: 100_000 })).toEqual(large);
  });

  it('is undefined where there is none', async () => {
    expect(await parse('')).toBeUndefined();
    expect(await parse(' \n')).toBeUndefined();
  });

  it.each(['{"a":1,"a":2}', '{"a":1,"b":[{"c":1, "c" :2}]}', '{"userName":1,"user\\u004eame":2}'])(
    'is refused with a name twice in one object: %s',
    async (text) => {
      await expect(parse(text)).rejects.toThrow('Duplicate key');
    },
  );

  it.each([
    '[{"a":1},{"a":2}]',
    '{"a":{"a":{"a":"a"}}}',
    '{"a":["a","a","a"]}',
    '{"x":"\\"a\\":1,\\"a\\":2"}',
    '{"a":"b","b":"a"}',
  ])('may have a name once in each of several objects: %s', async (text) => {
    expect(await parse(text)).toEqual(JSON.parse(text));
  });

  it.each(['{"__proto__":{}}', '{"a":{"constructor":1}}', '{"a":[{"prototype":1}]}', '{"__proto\\u005f_":1}'])(
    'is refused with a name that reaches a prototype: %s',
    async (text) => {
      await expect(parse(text)).rejects.toThrow("isn't allowed in a request body");
    },
  );

  it('may say such a name in a value', async () => {
    expect(await parse('{"a":"__proto__"}')).toEqual({ a: '__proto__' });
  });

  it('is refused when nested beyond reason, before anything recursive sees it', async () => {
    await expect(parse('['.repeat(5_000_000))).rejects.toThrow('nested more than 64');
    expect(await parse(`${'['.repeat(64)}${']'.repeat(64)}`)).toBeDefined();
  });

  it('is refused where it is no JSON or no UTF-8', async () => {
    for (const text of [
      '{',
      '{"a"',
      '"',
      '{"a":"\\',
      '{"a\\":1}',
      'undefined',
      '{a:1}',
      ']]]]',
      '{"\\x":1}',
      '1 2',
      '01',
    ])
      await expect(parse(text)).rejects.toThrow("isn't JSON");
    await expect(parseJson(Buffer.from([0x22, 0xff, 0x22]))).rejects.toThrow("isn't UTF-8");
  });
});

describe('R96: what a body may not hold, by the name of the field', () => {
  it.each([
    ['{"name":{"first":"\\u0000"}}', 'name.first', 'NUL'],
    ['{"emails":[{"value":"a"},{"value":"\\ud83d"}]}', 'emails[1].value', 'surrogate'],
    ['["\\udc00"]', '[0]', 'surrogate'],
    ['{"a":{"\\u0000":1}}', 'a', 'NUL'],
    ['{"percent":1e400}', 'percent', 'too large a number'],
    ['{"list":[[-1e400]]}', 'list[0][0]', 'too large a number'],
  ])('%s', async (text, field, message) => {
    await expect(parse(text)).rejects.toMatchObject(refusal(field, message));
  });

  it('strings that are too long, in characters as they are meant', async () => {
    const longest = 'x'.repeat(LONGEST_STRING);
    expect(await parse(`{"a":"${longest}"}`)).toEqual({ a: longest });
    expect(await parse(`{"a":"${'\\u0041'.repeat(LONGEST_STRING)}"}`)).toEqual({ a: 'A'.repeat(LONGEST_STRING) });
    for (const text of [longest, '\\n'.repeat(LONGEST_STRING), 'x'.repeat(5_000_000)])
      await expect(parse(`{"a":{"b":"x${text}"}}`)).rejects.toMatchObject(refusal('a.b', 'at most 65,536 characters'));
    await expect(parse(`{"a":{"${'k'.repeat(1001)}":1}}`)).rejects.toMatchObject(refusal('a', 'at most 1,000 char'));
  });

  it('lists that are too long, and more values than a request needs', async () => {
    const list = (length: number) => `{"a":{"emails":[${Array(length).fill('1').join()}]}}`;
    expect(await parse(list(1000))).toBeDefined();
    await expect(parse(list(1001))).rejects.toMatchObject(refusal('a.emails', 'at most 1,000 elements'));
    const full = `[${Array(1000).fill('1').join()}]`;
    await expect(parse(`[${Array(60).fill(full).join()}]`)).rejects.toMatchObject({ status: 413 });
  });

  it('more whitespace in a row than anybody writes', async () => {
    await expect(parse(' '.repeat(5_000_000))).rejects.toThrow('whitespace');
  });
});
