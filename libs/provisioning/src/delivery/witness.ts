import type { Change, Connector, Failure, Outcome, TargetValue } from '../connector/index.ts';

/** A call of a delivery, and what the app said. It holds values of the person: for whoever asked to see it, and kept nowhere. */
export type WitnessedCall = {
  call: 'create' | 'update' | 'suspend' | 'unsuspend' | 'delete' | 'isMember' | 'addMember' | 'removeMember';
  values?: Readonly<Record<string, TargetValue>>;
  changes?: readonly Change[];
  /** The group's id. */
  group?: string;
  outcome: 'ok' | Failure['kind'];
  /** Of a question. */
  answer?: string;
  status?: number;
  said?: string;
};
type Tell = (call: WitnessedCall) => void;
type Witnessed = { tenantId: string; accountId: string };

const keyOf = ({ tenantId, accountId }: Witnessed) => `${tenantId}/${accountId}`;
const answerOf = (outcome: Outcome<unknown>): Pick<WitnessedCall, 'outcome' | 'status' | 'said'> => ({
  outcome: outcome.kind,
  ...(outcome.status !== undefined && { status: outcome.status }),
  ...(outcome.kind !== 'ok' && { said: outcome.reason }),
});

/** Lets somebody who waits for an account's delivery see what this process sends for it, and what the app answers (R63). */
export const witnesses = () => {
  const watched = new Map<string, Set<Tell>>();

  return {
    /** Until the answer is called. */
    watch: (account: Witnessed, tell: Tell): (() => void) => {
      const key = keyOf(account);
      const known = watched.get(key) ?? new Set();
      watched.set(key, known.add(tell));
      return () => {
        known.delete(tell);
        if (known.size === 0) watched.delete(key);
      };
    },

    /** The connector as it is where nobody watches. */
    through: (connector: Connector, account: Witnessed): Connector => {
      const telling = watched.get(keyOf(account));
      return telling ? witnessed(connector, (call) => telling.forEach((tell) => tell(call))) : connector;
    },
  };
};

export type Witnesses = ReturnType<typeof witnesses>;

const witnessed = (connector: Connector, tell: Tell): Connector => {
  const told = async <V>(
    work: Promise<Outcome<V>>,
    call: Omit<WitnessedCall, 'outcome'>,
    answer?: (value: V) => string,
  ): Promise<Outcome<V>> => {
    const outcome = await work;
    tell({
      ...call,
      ...answerOf(outcome),
      ...(answer && outcome.kind === 'ok' && { answer: answer(outcome.value) }),
    });
    return outcome;
  };
  return {
    ...connector,
    create: (kind, it) => told(connector.create(kind, it), { call: 'create', values: it.values }),
    update: (kind, id, changes, ifVersion) =>
      told(connector.update(kind, id, changes, ifVersion), { call: 'update', changes }),
    setActive: (id, active) => told(connector.setActive(id, active), { call: active ? 'unsuspend' : 'suspend' }),
    delete: (kind, id) => told(connector.delete(kind, id), { call: 'delete' }),
    isMember: (group, account) =>
      told(connector.isMember(group, account), { call: 'isMember', group }, (answer) => answer),
    changeMembers: (group, add, remove) =>
      told(connector.changeMembers(group, add, remove), {
        call: add.length > 0 ? 'addMember' : 'removeMember',
        group,
      }),
  };
};
