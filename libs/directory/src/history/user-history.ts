import { Rejected, streamName, type EventSource, type Instant } from '@tenure/eventing';
import { userAggregate } from '../user/user.aggregate.ts';
import type { UserRecord } from '../user/user.record.ts';
import { isActive } from '../user/user.state.ts';
import { historyOf, stateAsOf, type History, type HistoryPage } from './history.ts';

export type ErasedUser = { id: string; revision: number; erased: true };

export type UserHistory = {
  history: (tenantId: string, id: string, page: HistoryPage) => Promise<History>;
  /** The user with all events up to and at the instant (R80). Throws `user/not-yet`, `user/unknown` once deleted. */
  asOf: (tenantId: string, id: string, instant: Instant) => Promise<UserRecord | ErasedUser>;
};

export const userHistory = (source: EventSource): UserHistory => ({
  history: async (tenantId, id, page) => {
    const found = await historyOf(source, userAggregate, streamName('user', tenantId, id), page);
    if (found.items.length === 0 && !page.after)
      throw new Rejected('not-found', 'user/unknown', 'There is no such user.');
    return found;
  },
  asOf: async (tenantId, id, instant) => {
    const { state, revision, createdAt, lastModified } = await stateAsOf(
      source,
      userAggregate,
      streamName('user', tenantId, id),
      instant,
    );
    switch (state.status) {
      case 'present': {
        const { accountType, connectionId, resource } = state;
        return {
          id,
          revision,
          accountType,
          connectionId,
          active: isActive(resource),
          resource,
          createdAt,
          lastModified,
        };
      }
      case 'erased':
        return { id, revision, erased: true };
      case 'none':
      case 'deleted':
        throw new Rejected('not-found', 'user/unknown', 'The user had been deleted by then.');
    }
  },
});
