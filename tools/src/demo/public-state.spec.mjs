import { describe, expect, it } from '@jest/globals';
import { differences } from './public-state.mjs';

const ada = { id: 'ada', resource: { title: 'Baker', emails: [{ value: 'ada@plum.example' }] }, active: true };

describe('a comparison of two states', () => {
  it('finds none between equal ones, whatever the order of their members', () => {
    expect(
      differences(
        [ada],
        [{ active: true, resource: { emails: [{ value: 'ada@plum.example' }], title: 'Baker' }, id: 'ada' }],
      ),
    ).toEqual([]);
  });

  it('names what differs, deep inside too', () => {
    expect(differences([ada], [{ ...ada, resource: { ...ada.resource, title: 'Cook' } }])).toEqual([
      '0.resource.title: "Baker" → "Cook"',
    ]);
  });

  it('misses nothing that only one of them has', () => {
    expect(differences([ada], [])).toHaveLength(1);
    expect(differences([], [ada])).toHaveLength(1);
    expect(differences([ada], [{ ...ada, resource: undefined }])).toHaveLength(1);
    expect(differences({ counts: {} }, { counts: { made: 1 } })).toEqual(['counts.made: undefined → 1']);
  });
});
