import { defineEvent, type Aggregate, type EventOf } from '@tenure/eventing';
import { z } from 'zod';

/** A small aggregate that shows what happened to it: a number that is set. Setting it to what it is, is a no-op. */
export const TallySet = defineEvent('TallySet', { data: z.object({ value: z.number() }) });
const events = [TallySet] as const;

export type SetTally = { value: number };
export type Tally = { value: number | null };

export const tallyAggregate: Aggregate<Tally, SetTally, EventOf<typeof events>> = {
  category: 'tally',
  events,
  stateVersion: 1,
  exists: ({ value }) => value !== null,
  decider: {
    initial: { value: null },
    decide: ({ value }, tally) => (tally.value === value ? [] : [TallySet({ value })]),
    evolve: (_, { data }) => ({ value: data.value }),
  },
};
