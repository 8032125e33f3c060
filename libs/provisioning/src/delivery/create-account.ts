import { emptyMandatory, toScimBody } from '../mapping/index.ts';
import { mapsExternalId } from '../evaluation/evaluate-person.ts';
import { presets } from '../presets/index.ts';
import { over, type Attempt, type Verdict } from './verdict.ts';
import type { Outcome, RemoteAccount } from './connector.ts';

/**
 * Looks for the account first: by an earlier call whose outcome nobody saw it may be there, or someone may have made it in the app.
 * Exactly our id on it, and it is ours; any other match is somebody else's (R61, decision 17).
 */
export const createAccount = async (one: Attempt): Promise<Verdict> => {
  const { app, account, row, connector, beforeCall } = one;
  if (row.callBeganAt !== null) return { kind: 'unknown', reason: 'The call was cut off.', cutOff: true };

  const found = await findAccount(one);
  if (found.kind !== 'ok') return { kind: 'failed', failure: found };
  const [first] = found.value;
  if (first) {
    const ours = found.value.find((each) => isOurs(one, each));
    // What it holds is sent once more: it is not known which plan it was made by.
    if (ours) return over({ kind: 'created', joined: true, remoteId: ours.remoteId, attributes: {} });
    return over({ kind: 'foreign', remoteId: first.remoteId, attributes: first.resource });
  }
  if (account.aim !== 'present') return over({ kind: 'abandoned' });
  if (row.unknownSince !== null && !row.lookedUp) return { kind: 'notFound' };

  const attributes = { ...account.plan.onCreate, ...account.plan.attributes };
  const missing = emptyMandatory(attributes, presets[app.preset].mandatory);
  if (missing.length > 0)
    return over({
      kind: 'failed',
      code: 'account/incomplete',
      message: `There is no value for ${missing.join(', ')}.`,
      final: true,
    });

  await beforeCall({ creating: true });
  const created = await connector.create(toScimBody(attributes));
  switch (created.kind) {
    case 'ok':
      return over({ kind: 'created', joined: false, remoteId: created.value.remoteId, attributes });
    case 'unknown':
      return { kind: 'unknown', reason: created.reason, cutOff: false };
    case 'unauthorized':
    case 'retry':
    case 'refused':
      return { kind: 'failed', failure: created };
  }
};

const isOurs = ({ app, row }: Attempt, { externalId }: RemoteAccount): boolean =>
  externalId === row.accountId && !mapsExternalId(app);

/** The first hit wins (R38). After an unknown outcome also by our own id, where the app can find by it. */
const findAccount = async ({
  app,
  account,
  row,
  connector,
  beforeCall,
}: Attempt): Promise<Outcome<RemoteAccount[]>> => {
  for (const match of account.plan.matching) {
    await beforeCall();
    const found = await connector.find(match);
    if (found.kind !== 'ok' || found.value.length > 0) return found;
  }
  if (row.unknownSince === null || mapsExternalId(app)) return { kind: 'ok', value: [] };
  await beforeCall();
  const found = await connector.find({ filter: `externalId eq ${JSON.stringify(row.accountId)}` });
  return found.kind === 'refused' ? { kind: 'ok', value: [] } : found;
};
