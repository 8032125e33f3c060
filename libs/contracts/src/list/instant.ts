import { z } from 'zod';

/** PostgreSQL, and everybody who compares instants as text, need a year of four digits. */
const canBeStored = (text: string) => /^(?!0000)\d{4}-/.test(text);

/** An instant of a query or a body, with any offset; in UTC with milliseconds, so that instants compare as text. */
export const instant = z.iso
  .datetime({ offset: true, error: 'Must be an instant such as 2026-01-05T09:00:00Z.' })
  .transform((text, context): string => {
    const at = new Date(text);
    if (!Number.isNaN(at.getTime()) && canBeStored(at.toISOString())) return at.toISOString();
    context.addIssue({ code: 'custom', message: 'Must be an instant of the years 1 to 9999.' });
    return z.NEVER;
  });

type Period = { from?: string | undefined; to?: string | undefined };
/** For the filters `from` and `to`. */
export const isPeriod = ({ from, to }: Period) => from === undefined || to === undefined || from <= to;
export const notAPeriod = { path: ['from'], message: 'Must not be after to.' };
