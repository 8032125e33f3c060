import type { Entitlement, PresentAccount } from '../account/account.state.ts';
import { nextDelivery } from '../account/account.state.ts';
import type { AppConfig } from '../app/app-config.ts';
import type { Connector, ConnectorKind, Failure, Remote } from '../connector/index.ts';
import { presets } from '../presets/index.ts';
import { compare, type Found } from './compare.ts';
import type { LinkedAccount } from './runs.ts';

/** One app while it is looked at. */
export type Look = {
  app: AppConfig;
  connector: Connector;
  kind: ConnectorKind;
  /** Before each call: reading takes a small part of what the app bears. */
  pause: () => Promise<void>;
};

/** Something is on its way to the app, so what is there says nothing yet. */
export const isInFlight = (account: PresentAccount): boolean =>
  account.delivery !== null || nextDelivery(account) !== undefined;

/** Owned memberships that the app denies, asked of each group: many apps leave an account's own list empty. */
const takenMemberships = async (
  { connector, pause }: Look,
  account: PresentAccount,
  remoteId: string,
): Promise<readonly Entitlement[] | Failure> => {
  const taken: Entitlement[] = [];
  for (const { kind, value, id, owned } of account.entitlements) {
    if (kind !== 'group' || !owned || id === null) continue;
    await pause();
    const member = await connector.isMember(id, remoteId);
    // A group that was deleted has no members.
    if (member.kind !== 'ok' && member.kind !== 'gone') return member;
    if (member.kind === 'gone' || member.value === 'no') taken.push({ kind, value });
  }
  return taken;
};

const isFailure = (taken: readonly Entitlement[] | Failure): taken is Failure => !Array.isArray(taken);

/** `byMark`: the account of Tenure that the mark in the app names. */
export const differences = async (
  look: Look,
  { id }: Pick<LinkedAccount, 'id'>,
  account: PresentAccount,
  remote: Remote,
  byMark: Pick<LinkedAccount, 'id'> | undefined,
): Promise<Found | Failure> => {
  const taken = await takenMemberships(look, account, remote.id);
  if (isFailure(taken)) return taken;
  return compare({
    account,
    remote,
    kind: look.kind,
    activeTarget: presets[look.app.preset].active,
    takenMemberships: taken,
    // Until it is updated, one that was taken over carries its predecessor's mark.
    isLinkBroken: byMark !== undefined && byMark.id !== id && !account.rehire.lineage.includes(byMark.id),
  });
};

export const isFound = (result: Found | Failure): result is Found => 'kinds' in result;
