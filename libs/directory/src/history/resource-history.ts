import { Rejected, streamName, type EventSource, type Instant } from '@tenure/eventing';
import { resourceAggregate } from '../resource/resource.aggregate.ts';
import type { ResourceRecord } from '../resource/resource.queries.ts';
import { historyOf, stateAsOf, type History, type HistoryPage } from './history.ts';

export type ResourceHistory = {
  /** Of a resource of this type. Throws `resource/unknown`. */
  history: (tenantId: string, typeId: string, id: string, page: HistoryPage) => Promise<History>;
  /** The resource with all events up to and at the instant (R80). Throws `resource/not-yet`, `resource/unknown` once deleted. */
  asOf: (tenantId: string, typeId: string, id: string, instant: Instant) => Promise<ResourceRecord>;
};

const unknown = () =>
  new Rejected('not-found', 'resource/unknown', 'There is no such resource, or it had been deleted by then.');

export const resourceHistory = (source: EventSource): ResourceHistory => ({
  history: async (tenantId, typeId, id, page) => {
    const stream = streamName('resource', tenantId, id);
    const [first] = await source.store.read(stream, { limit: 1 });
    if (first?.data.typeId !== typeId) throw unknown();
    return historyOf(source, resourceAggregate, stream, page);
  },
  asOf: async (tenantId, typeId, id, instant) => {
    const { state, revision, createdAt, lastModified } = await stateAsOf(
      source,
      resourceAggregate,
      streamName('resource', tenantId, id),
      instant,
    );
    if (state.status !== 'present' || state.typeId !== typeId) throw unknown();
    const { connectionId, resource } = state;
    return { id, revision, typeId, connectionId, resource, createdAt, lastModified };
  },
});
