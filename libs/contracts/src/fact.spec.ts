import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ERASED } from '@tenure/eventing';
import { factEnvelope } from './fact.ts';
import { UserDeactivated } from './user/index.ts';

const stored: unknown = JSON.parse(readFileSync(new URL('./examples/fact.json', import.meta.url), 'utf8'));

describe('a fact on the wire', () => {
  it('reads as the stored event that it is, and its data as the event says', () => {
    const fact = factEnvelope.parse(stored);
    expect(fact).toEqual(stored);
    expect(UserDeactivated.fromStored(fact.schemaVersion, fact.data, ERASED)).toMatchObject({
      type: 'UserDeactivated',
      data: { changed: ['active'] },
    });
  });

  it('is refused without what every consumer needs', () => {
    for (const name of ['id', 'type', 'stream', 'revision', 'metadata']) {
      expect(factEnvelope.safeParse({ ...(stored as object), [name]: undefined }).success).toBe(false);
    }
  });
});
