import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseJson } from './parse-json.ts';

const parse = (text: string) => parseJson(Buffer.from(text));

describe('the body of a request', () => {
  it('is what JSON.parse makes of it, whatever is in it', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), fc.constantFrom('', '\n ', '\uFEFF'), (text, before) => {
        const hostile = /__proto__|constructor|prototype/.test(text);
        if (!hostile) expect(parse(before + text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('is undefined where there is none', () => {
    expect(parse('')).toBeUndefined();
    expect(parse(' \n')).toBeUndefined();
  });

  it.each(['{"a":1,"a":2}', '{"a":1,"b":[{"c":1, "c" :2}]}', '{"userName":1,"user\\u004eame":2}'])(
    'is refused with a name twice in one object: %s',
    (text) => {
      expect(() => parse(text)).toThrow('stands twice');
    },
  );

  it.each([
    '[{"a":1},{"a":2}]',
    '{"a":{"a":{"a":"a"}}}',
    '{"a":["a","a","a"]}',
    '{"x":"\\"a\\":1,\\"a\\":2"}',
    '{"a":"b","b":"a"}',
  ])('may have a name once in each of several objects: %s', (text) => {
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it.each(['{"__proto__":{}}', '{"a":{"constructor":1}}', '{"a":[{"prototype":1}]}', '{"__proto\\u005f_":1}'])(
    'is refused with a name that reaches a prototype: %s',
    (text) => {
      expect(() => parse(text)).toThrow('is not allowed in a body');
    },
  );

  it('may say such a name in a value', () => {
    expect(parse('{"a":"__proto__"}')).toEqual({ a: '__proto__' });
  });

  it('is refused when nested beyond reason, before anything recursive sees it', () => {
    expect(() => parse('['.repeat(5_000_000))).toThrow('nested more than 64');
    expect(parse(`${'['.repeat(64)}${']'.repeat(64)}`)).toBeDefined();
  });

  it('is refused where it is no JSON or no UTF-8', () => {
    for (const text of ['{', '{"a"', '"', '{"a":"\\', '{"a\\":1}', 'undefined', '{a:1}', ']]]]', '{"\\x":1}'])
      expect(() => parse(text)).toThrow('The body is not JSON');
    expect(() => parseJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow('The body is not UTF-8');
  });
});
