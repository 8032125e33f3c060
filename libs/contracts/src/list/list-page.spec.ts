import { describe, expect, it } from '@jest/globals';
import { Rejected } from '@tenure/eventing';
import fc from 'fast-check';
import { pagesByInstant, pagesByName } from './list-page.ts';

type Row = { name: string; id: string };
const compare = (a: string, b: string) => Number(a > b) - Number(a < b);
const inOrder = (a: Row, b: Row) => compare(a.name, b.name) || compare(a.id, b.id);

describe('the pages of a list', () => {
  it('show every row once, in order, however many fit on a page', () => {
    const rowsOf = fc.uniqueArray(fc.record({ name: fc.constantFrom('Plum', 'Fig', 'Łódź', ''), id: fc.uuid() }), {
      selector: ({ id }) => id,
      maxLength: 30,
    });
    fc.assert(
      fc.property(rowsOf, fc.integer({ min: 1, max: 7 }), (rows, limit) => {
        const all = rows.toSorted(inOrder);
        const shown: Row[] = [];
        for (let cursor: string | undefined, pages = 0; pages <= rows.length; pages++) {
          const { after } = pagesByName.behind({ limit, ...(cursor !== undefined && { cursor }) });
          const behind = all
            .filter((row) => after === undefined || inOrder(row, { name: after[0], id: after[1] }) > 0)
            .slice(0, limit + 1);
          const page = pagesByName.of(
            behind,
            limit,
            (row) => row,
            ({ name, id }) => [name, id],
          );
          shown.push(...page.items);
          cursor = page.nextCursor;
          if (cursor === undefined) break;
        }
        expect(shown).toEqual(all);
      }),
    );
  });

  it('refuse a cursor that no list gave, also one whose instant is none', () => {
    const forged = Buffer.from('["today","id"]').toString('base64url');
    for (const cursor of ['', 'mine', Buffer.from('[1,2]').toString('base64url'), forged]) {
      expect(() => pagesByInstant.behind({ limit: 1, cursor })).toThrow(Rejected);
    }
    expect(pagesByName.behind({ limit: 1, cursor: forged }).after).toEqual(['today', 'id']);
  });
});
