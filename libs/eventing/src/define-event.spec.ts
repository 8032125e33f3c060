import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { defineEvent, ERASED } from './define-event.ts';

const RecipeWritten = defineEvent('RecipeWritten', {
  data: z.object({ title: z.string(), tags: z.array(z.string()) }),
  personal: z.object({ author: z.string() }),
  upcasts: [
    // 1 → 2: one tag became many
    ({ tag, ...rest }) => ({ ...rest, tags: tag ? [tag] : [] }),
    // 2 → 3: a recipe has a title
    ({ title = 'Untitled', ...rest }) => ({ ...rest, title }),
  ],
});

describe('an event', () => {
  it('has one version more than upcasts', () => {
    expect(RecipeWritten.schemaVersion).toBe(3);
  });

  it('reads as it is today, whatever version it was stored at', () => {
    const today = RecipeWritten({ title: 'Untitled', tags: ['sweet'] }, { author: 'ada' });
    expect(RecipeWritten.fromStored(1, { tag: 'sweet' }, { author: 'ada' })).toEqual(today);
    expect(RecipeWritten.fromStored(2, { tags: ['sweet'] }, { author: 'ada' })).toEqual(today);
    expect(RecipeWritten.fromStored(3, today.data, { author: 'ada' })).toEqual(today);
  });

  it('reads without its personal part once the person was erased', () => {
    expect(RecipeWritten.fromStored(1, {}, ERASED)).toEqual(RecipeWritten({ title: 'Untitled', tags: [] }, ERASED));
  });

  it('is refused where what is stored is of no known shape', () => {
    expect(() => RecipeWritten.fromStored(3, { title: 'Rye' }, { author: 'ada' })).toThrow(z.ZodError);
  });
});
