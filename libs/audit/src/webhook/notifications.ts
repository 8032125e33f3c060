import { eventId, streamParts, type Instant } from '@tenure/eventing';
import type { Fact } from '@tenure/messaging';

type Data = Readonly<Record<string, unknown>>;

/** Which events are a notification, and when. Where nothing is said of `when`, every such event is one. */
type Source = { event: string; when?: (data: Data) => boolean };

const on = (...events: string[]): Source[] => events.map((event) => ({ event }));
const anyCount = ({ counts }: Data) =>
  typeof counts === 'object' && counts !== null && Object.values(counts).some((count) => Number(count) > 0);

/** R94: what a webhook can be told, and the events that say so. */
export const notificationSources = {
  'user.created': on('UserCreated'),
  'user.changed': on('UserChanged', 'UserLinked', 'UserUnlinked', 'UserAccountTypeChanged', 'TeamAdminRightsLost'),
  'user.deactivated': on('UserDeactivated'),
  'user.reactivated': on('UserReactivated'),
  'user.deleted': on('UserDeleted'),
  'user.erased': on('PersonErased'),
  'group.created': on('GroupCreated'),
  'group.changed': on('GroupChanged'),
  'group.members-changed': on('GroupMembersAdded', 'GroupMembersRemoved'),
  'group.deleted': on('GroupDeleted'),
  'account.created': on('AccountCreated'),
  'account.updated': on('AccountUpdated'),
  'account.suspended': on('AccountSuspended'),
  'account.unsuspended': on('AccountUnsuspended'),
  'account.deleted': on('AccountDeleted'),
  'account.gone': on('AccountGone'),
  'account.failed': [
    { event: 'DeliveryFailed', when: ({ final }) => final === true },
    ...on('ForeignAccountFound', 'AmbiguousAccountsFound'),
    { event: 'PredecessorFound', when: ({ mode }) => mode === 'ask' },
  ],
  'account.handed-over': on('AccountHandedOver'),
  'account.taken-over': on('AccountTakenOver'),
  'push.failed': [{ event: 'PushFailed', when: ({ final }) => final === true }],
  'approval.requested': on('ApprovalRequested'),
  'approval.granted': on('ApprovalGranted'),
  'approval.rejected': on('ApprovalRejected'),
  'app.turned-on': on('AppTurnedOn'),
  'app.turned-off': on('AppTurnedOff'),
  'app.needs-reauthorization': on('AppReauthorizationNeeded'),
  'app.reauthorized': on('AppReauthorized'),
  'app.quarantined': on('AppQuarantined'),
  'app.resumed': on('AppResumed'),
  'threshold.tripped': on('TimerParked'),
  'drift.found': [{ event: 'AppReconciled', when: anyCount }],
  'job.ended': on('JobEnded'),
  'token.expiring': on('AppAuthorizationExpiring'),
} as const satisfies Record<string, readonly Source[]>;

export type NotificationType = keyof typeof notificationSources;
export const notificationTypes = Object.keys(notificationSources) as NotificationType[];

/** What is sent, besides `personal`. */
export type Notification = {
  type: NotificationType;
  /** Equal for the same notification, whoever makes it and how often. */
  key: string;
  timestamp: Instant;
  data: Data;
};

const bySource = new Map<string, { type: NotificationType; when?: Source['when'] }[]>();
for (const type of notificationTypes) {
  for (const { event, when } of notificationSources[type] as readonly Source[])
    bySource.set(event, [...(bySource.get(event) ?? []), { type, ...(when && { when }) }]);
}

/** Ids, codes and names of attributes that an event's data holds; values of people never are among them (design, decision 2). */
const told = [
  'appId',
  'userId',
  'fromAccountId',
  'fromUserId',
  'toAccountId',
  'toUserId',
  'groupId',
  'timerId',
  'approvalId',
  'jobId',
  'deliveryId',
  'action',
  'code',
  'changed',
] as const;

/** Of many events that say the same of an app, one an hour is told. */
const HOURLY: readonly NotificationType[] = ['threshold.tripped'];

/** Pure: what a fact is worth telling. */
export const notificationsOf = (fact: Fact): Notification[] =>
  (bySource.get(fact.type) ?? [])
    .filter(({ when }) => when?.(fact.data) ?? true)
    .map(({ type }) => {
      const { tenantId, actor, correlationId, occurredAt } = fact.metadata;
      const { category, id } = streamParts(fact.stream);
      const data = fact.data as Data;
      const about = { [`${category}Id`]: id };
      const isHourly = HOURLY.includes(type);
      return {
        type,
        key: isHourly ? `${type}/${String(data['appId'])}/${occurredAt.slice(0, 13)}` : `${type}/${fact.id}`,
        timestamp: occurredAt,
        data: {
          tenantId,
          ...about,
          ...Object.fromEntries(told.filter((name) => data[name] !== undefined).map((name) => [name, data[name]])),
          ...(data['counts'] !== undefined && { counts: data['counts'] }),
          actor,
          correlationId,
          event: { id: fact.id, type: fact.type, stream: fact.stream, revision: fact.revision },
        },
      };
    });

/** The id of a notification for one webhook. */
export const messageId = (webhookId: string, { key }: Pick<Notification, 'key'>): string =>
  `msg_${eventId(key, webhookId, 0)}`;

export const isWanted = (events: readonly string[], type: string): boolean =>
  events.includes('*') || events.includes(type);
