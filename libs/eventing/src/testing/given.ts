import { expect } from '@jest/globals';
import type { Decider } from '../decider.ts';

/** `given(userDecider)(...history).when(command).then(...events)`; no store, no clock, no mocks. */
export const given =
  <State, Command, Event>({ initial, decide, evolve }: Decider<State, Command, Event>) =>
  (...history: Event[]) => ({
    when: (command: Command) => {
      const run = () => decide(command, history.reduce(evolve, initial));
      return {
        then: (...events: Event[]) => expect(run()).toEqual(events),
        thenNothing: () => expect(run()).toEqual([]),
        thenRejected: (code: string) => expect(run).toThrow(expect.objectContaining({ code })),
      };
    },
  });
