import type { AccountState } from '../account/account.state.ts';
import { noRehire } from '../account/rehire.state.ts';
import type { AppConfig } from '../app/app-config.ts';
import { stepsOf } from '../app/app.steps.ts';
import type { Connector, ConnectorKind, Failure, Remote, TargetValue } from '../connector/index.ts';
import { listings } from '../delivery/listing.ts';
import { lookUp } from '../delivery/look-up.ts';
import type { Evaluated } from '../evaluation/evaluate-person.ts';
import { isSameValue } from '../reconciliation/compare.ts';
import type { Step, StepValue } from './steps.ts';

export type Looked = {
  steps: Step[];
  /** The one account that is the person's, or would be. */
  remote?: Remote;
};

type Needs = {
  app: AppConfig;
  kind: ConnectorKind;
  connectorFor: (app: AppConfig) => Promise<Connector>;
  account: AccountState;
  evaluated: Evaluated;
};
type Sought = NonNullable<Step['sought']>[number];

const notAsked = async () => undefined;

/** Looks for the person's account in the app as a delivery would, and compares what is there with what is wanted. Changes nothing. */
export const lookAtAccount = async (needs: Needs): Promise<Looked> => {
  const { app, account, evaluated, connectorFor } = needs;
  const { credentials, endpoint } = stepsOf(app);
  if (!credentials.valid || !endpoint.valid)
    return { steps: [{ name: 'lookup', outcome: 'skipped', detail: "The app can't be reached yet." }] };
  const remoteId = account.kind === 'present' ? account.remoteId : null;
  if (remoteId === null && !evaluated.plan)
    return { steps: [{ name: 'lookup', outcome: 'skipped', detail: 'There is no account to look for.' }] };
  const connector = await connectorFor(app);
  const looked = remoteId === null ? await lookByKeys(needs, connector) : await lookByLink(connector, remoteId);
  return looked.remote ? { ...looked, steps: [...looked.steps, comparison(needs, looked.remote)] } : looked;
};

const lookByLink = async (connector: Connector, remoteId: string): Promise<Looked> => {
  const found = await connector.get('account', remoteId);
  const sought = {
    by: 'link' as const,
    value: remoteId,
    ...answered(found, found.kind === 'ok' ? [found.value] : [], () => true),
  };
  if (found.kind === 'ok')
    return {
      steps: [
        { name: 'lookup', outcome: 'done', detail: `The linked account ${remoteId} is in the app.`, sought: [sought] },
      ],
      remote: found.value,
    };
  const detail = found.kind === 'gone' ? `The app doesn't find the linked account ${remoteId}.` : wordsOf(found);
  return { steps: [{ name: 'lookup', outcome: 'failed', detail, sought: [sought] }] };
};

const lookByKeys = async ({ app, kind, account, evaluated }: Needs, connector: Connector): Promise<Looked> => {
  const { accountId, plan } = evaluated;
  const sought: Sought[] = [];
  const rehire = account.kind === 'present' ? account.rehire : noRehire;
  const isOurs = ({ mark }: Remote) => mark !== undefined && [accountId, ...rehire.lineage].includes(mark);
  const listed = listings();
  const found = await lookUp(
    {
      app,
      kind,
      connector,
      account: { plan: { matching: plan!.matching }, rehire },
      row: { accountId },
      beforeCall: notAsked,
      listing: (target, value, notBefore) => listed(connector, { target, value }, notAsked, notBefore),
      onAsked: ({ target, value, isMark }, answer) => {
        const failure = answer.kind === 'failed' ? answer.failure : ({ kind: 'ok' } as const);
        const accounts = answer.kind === 'found' ? answer.accounts : [];
        sought.push({ by: isMark ? 'mark' : 'key', target, value, ...answered(failure, accounts, isOurs) });
      },
    },
    Date.now(),
  );
  const step = (outcome: Step['outcome'], detail: string): Step => ({ name: 'lookup', outcome, detail, sought });
  if (found.kind === 'failed') return { steps: [step('failed', wordsOf(found.failure))] };
  if (found.kind === 'unsearchable')
    return {
      steps: [step('failed', 'The app ignores or refuses filters and has too many accounts to compare them all.')],
    };
  const { accounts } = found;
  const ours = accounts.filter(isOurs);
  const [one] = ours.length === 1 ? ours : accounts.length === 1 ? accounts : [];
  if (one)
    return {
      steps: [
        step(
          'done',
          isOurs(one)
            ? `The account ${one.id} carries the mark of this account.`
            : `The account ${one.id} matches and belongs to nobody in Tenure. It is left alone until an admin adopts it.`,
        ),
      ],
      remote: one,
    };
  return {
    steps: [
      accounts.length === 0
        ? step('done', 'The app has no account that matches.')
        : step('done', `${accounts.length} accounts of the app match. An admin chooses one of them.`),
    ],
  };
};

const answered = (
  outcome: { kind: 'ok' } | Failure,
  accounts: readonly Remote[],
  isOurs: (remote: Remote) => boolean,
): Pick<Sought, 'outcome' | 'said' | 'found'> => ({
  outcome: outcome.kind,
  ...(outcome.kind !== 'ok' && { said: outcome.reason }),
  found: accounts.map((each) => ({
    remoteId: each.id,
    label: each.label,
    ...(each.active !== undefined && { active: each.active }),
    ours: isOurs(each),
  })),
});

/** What the app said, with its status. */
export const wordsOf = ({ status, reason }: Pick<Failure, 'status' | 'reason'>): string =>
  status === undefined ? reason : `${status}: ${reason}`;

/** As far as the app shows it. */
const comparison = ({ kind, account, evaluated }: Needs, { values, active }: Remote): Step => {
  const wanted = evaluated.plan?.attributes ?? {};
  const sent = account.kind === 'present' ? account.attributes : {};
  const targets = [...new Set([...Object.keys(wanted), ...Object.keys(sent)])].map((target) => {
    const read = kind.readTarget(target);
    const shown = values[target];
    const isAdditive = evaluated.plan?.additive.includes(target) ?? false;
    const isSame =
      shown !== undefined && typeof read !== 'string'
        ? isSameValue(read, (wanted[target] ?? null) as TargetValue, shown, isAdditive)
        : shown === undefined && (wanted[target] ?? null) === null;
    return {
      target,
      ...(shown !== undefined && { inApp: shown as StepValue }),
      ...(target in wanted && { wanted: wanted[target] as StepValue }),
      ...(target in sent && { sent: sent[target] as StepValue }),
      same: isSame || !(target in wanted),
    };
  });
  const differing = targets.filter(({ same }) => !same).map(({ target }) => target);
  const activeWords =
    active === undefined ? '' : active ? ' The account is active there.' : ' The account is not active there.';
  return {
    name: 'comparison',
    outcome: 'done',
    detail: `${differing.length === 0 ? 'What the app shows is what is wanted.' : `Different in the app: ${differing.join(', ')}.`}${activeWords}`,
    targets,
  };
};
