import { describe, expect, it } from '@jest/globals';
import { typesFor, type TypeQueries } from './kept-types.ts';
import { builtInTypes } from './tenant-types.ts';

describe('the types by which a command is decided (R71)', () => {
  const asked: (number | 'now')[] = [];
  const types: TypeQueries = {
    now: async () => (asked.push('now'), builtInTypes),
    at: async (_, version) => (asked.push(version), builtInTypes),
  };
  const askedFor = async (
    ...given: [policy: { schemasVersion: number } | undefined, ...versions: (number | undefined)[]]
  ) => {
    await typesFor(types, 'acme', ...given);
    return asked.pop();
  };

  it('are those of whoever is ahead: the kept policy, who read the request, or the resource as it is', async () => {
    expect(await askedFor({ schemasVersion: 0 }, undefined, undefined)).toBe(0);
    expect(await askedFor({ schemasVersion: 3 }, 2, undefined)).toBe(3);
    expect(await askedFor({ schemasVersion: 0 }, 2, undefined)).toBe(2);
    expect(await askedFor({ schemasVersion: 0 }, undefined, 4)).toBe(4);
  });

  it('are the latest for what is written here', async () => {
    expect(await askedFor(undefined, undefined, undefined)).toBe('now');
  });
});
