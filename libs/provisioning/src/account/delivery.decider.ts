import {
  AccountCreated,
  AccountDeleted,
  AccountGone,
  AccountSuspended,
  AccountUnsuspended,
  AccountUpdated,
  DeliveryAbandoned,
  DeliveryFailed,
  DeliveryStarted,
  DeprovisioningCancelled,
  AmbiguousAccountsFound,
  ForeignAccountFound,
  type AccountEvent,
  type DeliveryAction,
} from '@tenure/contracts';
import type { DeliveryResult } from './account-command.ts';
import {
  REFERENCE_REFUSED,
  changedTargets,
  isRunning,
  nextDelivery,
  noReasons,
  type PresentAccount,
} from './account.state.ts';

/** Once per delivery, however often it is tried. Nothing where something else has come to be wanted. */
export const startDelivery = (account: PresentAccount, deliveryId: string, action: DeliveryAction): AccountEvent[] => {
  const { appId, userId, delivery } = account;
  if (nextDelivery(account) !== action || delivery?.action === action) return [];
  return [DeliveryStarted({ appId, userId, deliveryId, action })];
};

/** What came of a delivery; of one that is over, or was overtaken by another, it is heard no more. */
export const endDelivery = (account: PresentAccount, deliveryId: string, result: DeliveryResult): AccountEvent[] => {
  const { appId, userId, delivery } = account;
  if (delivery?.id !== deliveryId) return [];
  const ids = { appId, userId, deliveryId };
  const { action } = delivery;
  switch (result.kind) {
    case 'created':
      return [
        AccountCreated({ ...ids, joined: result.joined }, { remoteId: result.remoteId, attributes: result.attributes }),
      ];
    case 'updated': {
      const changed = changedTargets(account.attributes, result.attributes);
      return [
        AccountUpdated({ ...ids, changed }, { attributes: result.attributes, entitlements: [...result.entitlements] }),
        ...(result.referenceRefused === undefined
          ? []
          : [
              DeliveryFailed(
                { ...ids, action, code: REFERENCE_REFUSED, final: true },
                { message: result.referenceRefused },
              ),
            ]),
      ];
    }
    case 'suspended':
      return [AccountSuspended(ids)];
    case 'unsuspended':
      return [AccountUnsuspended(ids)];
    case 'deleted':
      return deleted(account, ids);
    case 'gone':
      // Then it was us.
      return account.deleteInDoubt ? deleted(account, ids) : [AccountGone(ids)];
    case 'foreign':
      return [ForeignAccountFound(ids, { remoteId: result.remoteId, attributes: result.attributes })];
    case 'ambiguous':
      return [AmbiguousAccountsFound(ids, { candidates: [...result.candidates] })];
    case 'abandoned':
      return [DeliveryAbandoned({ ...ids, action })];
    case 'failed': {
      const { code, message, final } = result;
      // The first failure and the final one are events, tries between are none (decision 17).
      return delivery.failure && !final ? [] : [DeliveryFailed({ ...ids, action, code, final }, { message })];
    }
  }
};

const deleted = (
  { appId, userId, timers }: PresentAccount,
  ids: { appId: string; userId: string; deliveryId: string },
): AccountEvent[] => [
  AccountDeleted(ids),
  ...timers
    .filter(isRunning)
    .map(({ id }) => DeprovisioningCancelled({ appId, userId, timerId: id, reason: 'accountDeleted', ...noReasons })),
];
