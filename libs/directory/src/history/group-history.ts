import type { GroupEvent, MemberKind } from '@tenure/contracts';
import { Rejected, streamName, type Aggregate, type EventSource, type Instant } from '@tenure/eventing';
import { groupAggregate } from '../group/group.aggregate.ts';
import type { GroupCommand, GroupState } from '../group/group.decider.ts';
import type { GroupRecord } from '../group/group.queries.ts';
import { historyOf, stateAsOf, type History, type HistoryPage } from './history.ts';

/** A past group; members as the events tell them, deleted ones too, for at that instant they were there. */
export type PastGroup = GroupRecord & { members?: { value: string; type: MemberKind }[] };

export type GroupHistory = {
  history: (tenantId: string, id: string, page: HistoryPage) => Promise<History>;
  /** Throws `group/not-yet`, and `group/unknown` once deleted. */
  asOf: (tenantId: string, id: string, instant: Instant, options?: { members?: boolean }) => Promise<PastGroup>;
};

type WithMembers = { profile: GroupState; members: ReadonlyMap<string, MemberKind> };

const { category, events, stateVersion, decider } = groupAggregate;

/** The same fold with the members, which no command needs: kept in one map that only this read sees. */
const groupWithMembers = (): Aggregate<WithMembers, GroupCommand, GroupEvent> => {
  const members = new Map<string, MemberKind>();
  return {
    category,
    events,
    stateVersion,
    exists: ({ profile }) => groupAggregate.exists(profile),
    decider: {
      initial: { profile: decider.initial, members },
      decide: (command, { profile }) => decider.decide(command, profile),
      evolve: ({ profile }, event) => {
        if (event.type === 'GroupMembersAdded') for (const { id, kind } of event.data.members) members.set(id, kind);
        if (event.type === 'GroupMembersRemoved') for (const id of event.data.memberIds) members.delete(id);
        return { profile: decider.evolve(profile, event), members };
      },
    },
  };
};

export const groupHistory = (source: EventSource): GroupHistory => ({
  history: async (tenantId, id, page) => {
    const found = await historyOf(source, groupAggregate, streamName('group', tenantId, id), page);
    if (found.items.length === 0 && !page.after)
      throw new Rejected('not-found', 'group/unknown', 'There is no such group.');
    return found;
  },
  asOf: async (tenantId, id, instant, { members: wanted = false } = {}) => {
    const { state, revision, createdAt, lastModified } = await stateAsOf(
      source,
      groupWithMembers(),
      streamName('group', tenantId, id),
      instant,
    );
    const { profile, members } = state;
    if (profile.status !== 'present')
      throw new Rejected('not-found', 'group/unknown', 'The group had been deleted by then.');
    const { connectionId, resource } = profile;
    const then = [...members].map(([value, type]) => ({ value, type }));
    return { id, revision, connectionId, resource, createdAt, lastModified, ...(wanted && { members: then }) };
  },
});
