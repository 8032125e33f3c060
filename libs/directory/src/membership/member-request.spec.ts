import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { memberRequest, type ResolvedChange } from './member-request.ts';

const ids = fc.array(fc.constantFrom('ada', 'bob', 'cy', 'nobody'), { maxLength: 4 });
const changes: fc.Arbitrary<ResolvedChange[]> = fc.array(
  fc.oneof(
    fc.record({ op: fc.constantFrom('add' as const, 'remove' as const, 'replace' as const), ids }),
    fc.constant<ResolvedChange>({ op: 'removeAll' }),
  ),
  { maxLength: 6 },
);

/** RFC 7644 §3.5.2: one after the other. */
const oneByOne = (members: ReadonlySet<string>, change: ResolvedChange): ReadonlySet<string> => {
  if (change.op === 'removeAll') return new Set();
  if (change.op === 'replace') return new Set(change.ids);
  return change.op === 'add'
    ? new Set([...members, ...change.ids])
    : new Set([...members].filter((id) => !change.ids.includes(id)));
};

describe('changes of members, taken together', () => {
  it('come to what they come to one after the other', () => {
    fc.assert(
      fc.property(ids, changes, (before, list) => {
        const { others, add, remove } = memberRequest(list);
        const kept = others === 'keep' ? before : [];
        const together = new Set([...kept.filter((id) => !remove.includes(id)), ...add]);
        expect(together).toEqual(list.reduce(oneByOne, new Set(before)));
        expect(add.filter((id) => remove.includes(id))).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });
});
