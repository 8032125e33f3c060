import type { DeliveryAction } from '@tenure/contracts';
import type { DeliveryResult } from '../account/account-command.ts';
import type { Outcome } from '../connector/index.ts';
import { createAccount } from './create-account.ts';
import { updateAccount } from './update-account.ts';
import { failed, over, type Attempt, type Verdict } from './verdict.ts';

const done = (outcome: Outcome, result: DeliveryResult): Verdict =>
  outcome.kind === 'ok' ? over(result) : failed(outcome);

export const attempt = async (one: Attempt, action: DeliveryAction): Promise<Verdict> => {
  if (action === 'create') return createAccount(one);
  const { remoteId } = one.account;
  // Of an erased person the joining key can't be read any more.
  if (remoteId === null) return over({ kind: 'abandoned' });
  switch (action) {
    case 'update':
      return updateAccount(one, remoteId);
    case 'suspend':
      await one.beforeCall();
      return done(await one.connector.setActive(remoteId, false), { kind: 'suspended' });
    case 'unsuspend':
      await one.beforeCall();
      return done(await one.connector.setActive(remoteId, true), { kind: 'unsuspended' });
    case 'delete':
      await one.beforeCall();
      return done(await one.connector.delete('account', remoteId), { kind: 'deleted' });
  }
};
