import { describe, expect, it } from '@jest/globals';
import { fakeKind, fakeKindsRequiring } from '../testing/fake-kind.ts';
import { attributeValue, validateAttributes } from './mapping.ts';
import { referralsIn, resolvedAttributes } from './references.ts';

const MANAGER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager';
const { readTarget } = fakeKind;

describe('R90: a target that refers to somebody', () => {
  it('holds a reference in a plan, in the form that the target has', () => {
    expect(attributeValue(readTarget, MANAGER, 'grace')).toEqual({ value: { ref: 'grace' } });
    expect(attributeValue(readTarget, `${MANAGER}.value`, 'grace')).toEqual({ ref: 'grace' });
    expect(attributeValue(readTarget, MANAGER, '')).toBeNull();
    const several = (name: string) =>
      ({ ...(readTarget(`${MANAGER}.value`) as object), name, multiValued: true }) as never;
    expect(attributeValue(several, 'secretary', ['grace', 'linus', 'grace'])).toEqual([
      { ref: 'grace' },
      { ref: 'linus' },
    ]);
  });

  it('says so in a plan where the app requires it', () => {
    const { scim } = fakeKindsRequiring(MANAGER);
    expect(attributeValue(scim.readTarget, MANAGER, 'grace')).toEqual({ value: { ref: 'grace', mandatory: true } });
  });

  it('is resolved to ids of the app, and to nothing where there is none: an id of the directory is never left', () => {
    const plan = { userName: 'ada', [MANAGER]: { value: { ref: 'grace' } }, secretary: [{ ref: 'linus' }] };
    expect(referralsIn(plan)).toEqual([
      { target: MANAGER, userId: 'grace', mandatory: false },
      { target: 'secretary', userId: 'linus', mandatory: false },
    ]);
    expect(resolvedAttributes(plan, { grace: '42' })).toEqual({
      userName: 'ada',
      [MANAGER]: { value: '42' },
      secretary: null,
    });
    expect(resolvedAttributes({ [MANAGER]: { ref: '__proto__' } }, {})).toEqual({ [MANAGER]: null });
  });

  it('finds no accounts: the app knows nobody by the id that the directory has', () => {
    const matching = [{ source: 'manager', target: MANAGER }];
    expect(validateAttributes({ matching, mappings: [] }, [], readTarget)).toMatchObject([
      { code: 'mapping/matching', field: 'matching[0].target' },
    ]);
  });
});
