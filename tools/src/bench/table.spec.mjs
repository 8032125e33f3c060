import { describe, expect, it } from '@jest/globals';
import { tableOf } from './table.mjs';
import { targets } from './targets.mjs';

describe('the table', () => {
  it('shows each figure beside its limit, and whether the target is met', () => {
    const rows = [
      {
        name: 'get',
        measured: { value: 1500, unit: '/s', p50: 0.61, p95: 12.34 },
        limit: { value: 2000, unit: '/s', p50: 0.4, p95: 1 },
        ratio: 0.75,
        target: targets.standaloneRead(0.75),
      },
      { name: 'idle memory', measured: { value: 412.4, unit: 'MB' }, target: targets.idleMemory(412.4) },
    ];
    expect(tableOf(rows)).toBe(
      [
        '| what        | measured                        | limit in the same run           | ratio | target              | met |',
        '|-------------|---------------------------------|---------------------------------|-------|---------------------|-----|',
        '| get         | 1,500/s (p50 0.61, p95 12.3 ms) | 2,000/s (p50 0.40, p95 1.00 ms) | 0.75  | ≥ 75 % of the limit | yes |',
        '| idle memory | 412 MB                          |                                 |       | < 400 MB            | NO  |',
      ].join('\n'),
    );
  });
});
