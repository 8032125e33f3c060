import { describe, expect, it } from '@jest/globals';
import type { ConnectorTarget } from '../connector/index.ts';
import { isSameValue } from './compare.ts';

const target = (parts: Partial<ConnectorTarget> = {}): ConnectorTarget => ({
  name: 'x',
  type: 'string',
  multiValued: false,
  mandatory: false,
  write: 'always',
  read: true,
  compare: 'exact',
  matchable: false,
  ...parts,
});

describe('R88: two values are the same', () => {
  it.each([
    ['of any spelling where the target ignores case', target({ compare: 'ignoreCase' }), 'Ada@X', 'ada@x', true],
    ['only as they are spelled where it does not', target(), 'Ada', 'ada', false],
    ['as distinguished names', target({ compare: 'dn' }), 'cn=Ada, dc=x', 'CN=ada,DC=x', true],
    ['empty in whatever form', target(), null, '', true],
    ['empty as a list', target({ multiValued: true }), null, [], true],
    ['not where one is empty', target(), 'Ada', null, false],
    ['at the same instant', target({ type: 'instant' }), '2026-01-05T09:00:00Z', '2026-01-05T10:00:00+01:00', true],
    ['as numbers', target({ type: 'integer' }), 42, '42', true],
    ['as truth', target({ type: 'boolean' }), true, 'True', true],
    ['as sets', target({ multiValued: true }), ['a', 'b'], ['b', 'a'], true],
    ['not with one element more', target({ multiValued: true }), ['a'], ['a', 'b'], false],
    [
      'in the parts that were sent',
      target({ type: 'complex', multiValued: true }),
      [{ value: 'a' }],
      [{ value: 'a', primary: true }],
      true,
    ],
    [
      'not in another part',
      target({ type: 'complex', multiValued: true }),
      [{ value: 'a', type: 'work' }],
      [{ value: 'a', type: 'home' }],
      false,
    ],
  ] as const)('%s', (_, of, sent, shown, is) => {
    expect(isSameValue(of, sent, shown)).toBe(is);
  });

  it('in a list that Tenure only adds to, whatever others added', () => {
    const list = target({ multiValued: true });
    expect(isSameValue(list, ['a'], ['a', 'b'], true)).toBe(true);
    expect(isSameValue(list, ['a'], ['b'], true)).toBe(false);
  });
});
