import { afterEach, beforeEach, describe } from '@jest/globals';
import type { EventStore } from '../event-store.ts';
import type { Position } from '../event.ts';
import { appendContract } from './event-store/append.contract.ts';
import { claimsContract } from './event-store/claims.contract.ts';
import { feedContract } from './event-store/feed.contract.ts';
import { benchOf, type Bench } from './event-store/kit.ts';
import { subscribeContract } from './event-store/subscribe.contract.ts';
import { warmContract } from './event-store/warm.contract.ts';

/** A store that is open for one test; others may append to it meanwhile. */
export type OpenedStore = {
  store: EventStore;
  /** Another connection to the same events, as after a restart. Without it the same store stands in. */
  reopen?: () => Promise<EventStore>;
  /** Breaks the store's connections to its server. */
  interrupt?: () => Promise<void>;
  /** A position of another store. Without it one is taken from another `open()`, which then has to be another store. */
  foreignPosition?: () => Promise<Position>;
  close: () => Promise<void>;
};

/** What every event store promises. An adapter's spec is one line: `eventStoreContract('PostgreSQL', open)`. */
export const eventStoreContract = (name: string, open: () => Promise<OpenedStore>): void =>
  describe(`the event store ${name}`, () => {
    let opened: OpenedStore | undefined;
    let current: Bench;

    const positionElsewhere = async (): Promise<Position> => {
      const { store, close } = await open();
      const position = await benchOf({ ...current, store }).mark();
      await close();
      return position;
    };

    beforeEach(async () => {
      const {
        store,
        reopen = async () => store,
        interrupt = async () => undefined,
        foreignPosition = positionElsewhere,
      } = (opened = await open());
      current = benchOf({ store, reopen, interrupt, foreignPosition });
    });
    afterEach(() => opened?.close());

    const bench = () => current;
    describe('streams', () => appendContract(bench));
    describe('claims', () => claimsContract(bench));
    describe('the feed', () => feedContract(bench));
    describe('subscriptions', () => subscribeContract(bench));
    describe('warm states', () => warmContract(bench));
  });
