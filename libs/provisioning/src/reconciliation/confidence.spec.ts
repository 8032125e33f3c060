import { describe, expect, it } from '@jest/globals';
import { propose, ranked } from './confidence.ts';

const ada = { userName: ['ada@plum.example'], email: ['ada@plum.example'], name: ['ada'], employeeNumber: ['7'] };

describe('R88: how likely an account is somebody’s', () => {
  it.each([
    ['by our mark', {}, 'ada', 1],
    ['by employee number', { employeeNumber: ['7'] }, null, 0.95],
    ['by user name', { userName: ['ada@plum.example'] }, null, 0.9],
    ['by work e-mail', { email: ['ada@plum.example'] }, null, 0.8],
    ['by name', { name: ['ada'] }, null, 0.4],
    ['by two that say the same', { userName: ['ada@plum.example'], name: ['ada'] }, null, 0.94],
    [
      'by user name where the employee number says somebody else',
      { userName: ['ada@plum.example'], employeeNumber: ['8'] },
      null,
      0.4,
    ],
    ['by our mark, whatever else says', { employeeNumber: ['8'] }, 'ada', 1],
    ['by nothing', { userName: ['bob@plum.example'] }, null, undefined],
  ])('%s', (_, remote, marked, confidence) => {
    expect(propose(remote, marked, 'ada', ada)?.confidence).toBe(confidence);
  });

  it('is ambiguous where two people are about as likely', () => {
    const of = (userId: string, confidence: number) => ({ userId, confidence, by: [] });
    expect(ranked([of('bob', 0.85), of('ada', 0.9)])).toMatchObject({
      proposals: [{ userId: 'ada' }, {}],
      isAmbiguous: true,
    });
    expect(ranked([of('bob', 0.4), of('ada', 0.9)]).isAmbiguous).toBe(false);
    expect(ranked([]).isAmbiguous).toBe(false);
  });
});
