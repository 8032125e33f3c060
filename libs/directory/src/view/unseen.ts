/** What is there, behind a wall: nothing to who asks, and worth an auditor's look (decision 14, R70). */
export type Unseen = 'unseen';

/** What of it is shown. */
export const seen = <T extends object>(found: T | Unseen | undefined): T | undefined =>
  found === 'unseen' ? undefined : found;
