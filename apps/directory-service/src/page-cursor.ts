import { cursorsOf, instant } from '@tenure/contracts';
import type { PageKey } from '@tenure/directory';
import { z } from 'zod';

const pageKey: z.ZodType<PageKey> = z.object({
  sortedBy: z.string().nullable().optional(),
  createdAt: instant,
  id: z.string(),
});

export const { write: nextCursorOf, read: pageKeyIn } = cursorsOf(pageKey);
