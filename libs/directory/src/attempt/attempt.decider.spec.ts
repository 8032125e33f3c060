import { describe, expect, it } from '@jest/globals';
import { AttemptsSuppressed, RequestNoted, RequestRefused } from '@tenure/contracts';
import { given } from '@tenure/eventing/testing';
import { attemptDecider } from './attempt.decider.ts';
import { attemptRate, ATTEMPTS_PER_WINDOW, WINDOW_MS } from './attempt-rate.ts';

const attempts = given(attemptDecider);
const resourceId = '5b6f9a52-1c0e-4a53-9f0e-0d0b7f3c2a11';
const locked = {
  code: 'user/token-issuer',
  operation: 'PATCH /Users/{id}',
  status: 409,
  resourceType: 'User',
  resourceId,
  attributes: ['active'],
};

describe('an attempt (R70)', () => {
  it('is written down by code, names of attributes and ids', () => {
    attempts().when({ type: 'Record', kind: 'refused', attempt: locked }).then(RequestRefused(locked));
    attempts().when({ type: 'Record', kind: 'noted', attempt: locked }).then(RequestNoted(locked));
  });

  it('holds nothing that a client put where a name or an id belongs (decision 10)', () => {
    attempts()
      .when({
        type: 'Record',
        kind: 'refused',
        attempt: {
          ...locked,
          resourceId: 'ada@plum.example',
          attributes: ['Ada Holt', 'name.givenName', 'ada@plum.example'],
        },
      })
      .then(
        RequestRefused({
          code: locked.code,
          operation: locked.operation,
          status: 409,
          resourceType: 'User',
          attributes: ['name.givenName'],
        }),
      );
  });

  it('that was only counted is told by code', () => {
    attempts()
      .when({ type: 'Suppress', counts: { 'token/unknown': 940 } })
      .then(AttemptsSuppressed({ counts: { 'token/unknown': 940 } }));
    attempts().when({ type: 'Suppress', counts: {} }).thenNothing();
  });
});

describe('the rate of attempts', () => {
  it('lets so many of one who asks through in a minute and counts the rest', () => {
    let now = 0;
    const rate = attemptRate(() => now);
    const burst = (asker: string, times: number) =>
      Array.from({ length: times }, () => rate.admit(asker, 'token/unknown')).filter(Boolean).length;
    expect(burst('t/entra', 1000)).toBe(ATTEMPTS_PER_WINDOW);
    expect(burst('t/okta', 10)).toBe(10);
    expect(rate.takeSuppressed()).toEqual([]);
    now = WINDOW_MS;
    expect(rate.takeSuppressed()).toEqual([
      { asker: 't/entra', counts: { 'token/unknown': 1000 - ATTEMPTS_PER_WINDOW } },
    ]);
    expect(rate.takeSuppressed()).toEqual([]);
    expect(burst('t/entra', 3)).toBe(3);
  });

  it('loses no count when the window ends before it is taken', () => {
    let now = 0;
    const rate = attemptRate(() => now);
    for (let n = 0; n < ATTEMPTS_PER_WINDOW + 5; n++) rate.admit('t/entra', 'a');
    now = WINDOW_MS + 1;
    rate.admit('t/entra', 'a');
    expect(rate.takeSuppressed()).toEqual([{ asker: 't/entra', counts: { a: 6 } }]);
  });
});
