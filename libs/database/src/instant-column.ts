import type { ValueTransformer } from 'typeorm';

/** An entity's `timestamptz` as an instant in text, as everywhere else; TypeORM makes a `Date` of it. */
export const instantColumn: ValueTransformer = {
  to: (instant: string | null | undefined) => instant,
  from: (value: Date | null) => (value === null ? null : value.toISOString()),
};
