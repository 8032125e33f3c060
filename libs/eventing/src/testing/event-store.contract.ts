import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventStore } from '../event-store.ts';
import { streamName } from '../event.ts';

/** A store that is open for one test. `reopen` gives another connection to the same events, as after a restart. */
export type OpenedStore = {
  store: EventStore;
  reopen?: () => Promise<EventStore>;
  close: () => Promise<void>;
};

/** What every event store promises. An adapter's spec is one line: `eventStoreContract('PostgreSQL', open)`. */
export const eventStoreContract = (name: string, open: () => Promise<OpenedStore>): void =>
  describe(`the event store ${name}`, () => {
    let opened: OpenedStore;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    it('has no events in a stream that does not exist', async () => {
      expect(await opened.store.read(streamName('user', 'acme', 'nobody'))).toEqual([]);
    });
  });
