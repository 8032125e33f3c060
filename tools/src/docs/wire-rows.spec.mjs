import { describe, expect, it } from '@jest/globals';
import { excused, uncited, wireRows } from './wire-rows.mjs';
import { readText, testFiles } from './workspace.mjs';

const files = testFiles();
const texts = (ending) => files.filter((path) => path.endsWith(ending)).map(readText);

describe('each row of what RFCs demand and identity providers send', () => {
  const without = uncited({
    specs: texts('.spec.ts'),
    conversations: texts('.json').filter((text) => text.includes('"cites"')),
  });

  it('has a test that cites it, or docs/scim.md says why not', () => {
    expect(without.filter((row) => !excused(readText('docs/scim.md')).includes(row))).toEqual([]);
  });

  it('is not called untested where it is tested', () => {
    expect(excused(readText('docs/scim.md')).filter((row) => !without.includes(row))).toEqual([]);
  });

  it('is found by its whole name only, in names and citations only', () => {
    const tested = (line) => wireRows.filter((row) => !uncited({ specs: [line], conversations: [] }).includes(row));
    expect(tested("it('E1, 1.8 add-multi-valued: …'")).toEqual(['1.8 add-multi-valued', 'E1']);
    expect(tested("it('E12 and 11.8 remove-sub, 1.8 remove-subs'")).toEqual(['E12']);
    expect(tested("const of = 'E1';")).toEqual([]);
    expect(uncited({ specs: [], conversations: ['{"cites": "C3"}'] })).not.toContain('C3');
  });
});
