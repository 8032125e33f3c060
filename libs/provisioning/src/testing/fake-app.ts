import { randomUUID } from 'node:crypto';
import { sameValue, type Json, type JsonObject } from '@tenure/scim';
import type { Change, Connector, Failure, Outcome, Page, Remote, RemoteId, TargetValue } from '../connector/index.ts';

export type Call =
  | 'test'
  | 'find'
  | 'create'
  | 'get'
  | 'list'
  | 'update'
  | 'setActive'
  | 'delete'
  | 'findGroup'
  | 'createGroup'
  | 'renameGroup'
  | 'deleteGroup'
  | 'members'
  | 'isMember'
  | 'changeMembers'
  | 'entitlements';

/** What happens instead of an answer: a failure before anything is done; `lost`: done, and never answered; `die`: done, and the caller breaks; `hang`: nothing until `release`. */
export type Fault = Failure | 'lost' | 'die' | 'hang' | undefined;

export type FakeApp = {
  connector: Connector;
  /** Values by target. */
  accounts: Map<string, JsonObject>;
  groups: Map<string, { displayName: string; members: Set<string>; mark?: string }>;
  /** Every call in order, as `create`, `setActive false`, ... */
  calls: string[];
  release: () => void;
  /** Asked before each call. */
  fault: (call: Call, detail: string) => Fault;
  /** Answers every look-up with the first accounts that there are (R91). */
  ignoresFilters: boolean;
  /** Never shows who is in a group. */
  hidesMembers: boolean;
  /** Keeps no mark of ours. */
  keepsNoMark: boolean;
  /** An account made in the app by hand. */
  addAccount: (values: JsonObject) => string;
  addGroup: (displayName: string, members?: string[], mark?: string) => string;
  /** Most members that one call may change; more are answered 413. */
  mostMembers: number;
  byUserName: (userName: string) => JsonObject | undefined;
};

const PAGE = 50;
const MARK = 'externalId';

/** A small application in memory: it keeps what it is sent, finds by value, and fails when told to. */
export const fakeApp = (): FakeApp => {
  const accounts = new Map<string, JsonObject>();
  const groups: FakeApp['groups'] = new Map();

  const shown = (id: string): Remote => {
    const values = accounts.get(id)!;
    return {
      kind: 'account',
      id,
      label: typeof values['userName'] === 'string' ? values['userName'] : id,
      ...(typeof values[MARK] === 'string' && !app.keepsNoMark && { mark: values[MARK] }),
      active: values['active'] !== false,
      values: values as Readonly<Record<string, TargetValue>>,
    };
  };
  const groupShown = (id: string): Remote => {
    const { displayName, mark } = groups.get(id)!;
    const shownMark = mark !== undefined && !app.keepsNoMark && { mark };
    return { kind: 'group', id, label: displayName, values: { displayName }, ...shownMark };
  };
  const missing: Failure = { kind: 'gone', reason: 'There is no such account.' };
  const taken: Failure = { kind: 'conflict', reason: 'The user name is taken.' };
  const ok = <T>(value: T): Outcome<T> => ({ kind: 'ok', value });

  const call = async <T>(name: Call, detail: string, work: () => Outcome<T>): Promise<Outcome<T>> => {
    app.calls.push(detail === '' ? name : `${name} ${detail}`);
    const fault = app.fault(name, detail);
    if (fault === 'hang') await new Promise<void>((release) => (app.release = release));
    if (fault === 'hang') return { kind: 'unknown', reason: 'Too late.' };
    if (fault === 'lost' || fault === 'die') {
      work();
      if (fault === 'die') throw new Error('The process was killed.');
      return { kind: 'unknown', reason: 'The connection was lost.' };
    }
    return fault ?? work();
  };

  const change = (id: string, changes: readonly Change[]): Outcome => {
    const values = accounts.get(id);
    if (!values) return missing;
    accounts.set(id, changes.reduce(applied, values));
    return ok(undefined);
  };

  const pageOf = <T>(items: readonly T[], cursor: string | undefined): Page<T> => {
    const from = Number(cursor ?? 0);
    return {
      items: items.slice(from, from + PAGE),
      ...(from + PAGE < items.length && { next: String(from + PAGE) }),
    };
  };

  const findAccounts = (target: string, value: string): Remote[] =>
    [...accounts.keys()]
      .map(shown)
      .filter(({ values }) => app.ignoresFilters || matches(values[target], value))
      .slice(0, 10);

  const app: FakeApp = {
    accounts,
    groups,
    calls: [],
    release: () => undefined,
    fault: () => undefined,
    ignoresFilters: false,
    hidesMembers: false,
    keepsNoMark: false,
    addAccount: (values) => {
      const id = randomUUID();
      accounts.set(id, { active: true, ...values });
      return id;
    },
    mostMembers: 1000,
    addGroup: (displayName, members = [], mark) => {
      const id = randomUUID();
      groups.set(id, { displayName, members: new Set(members), ...(mark !== undefined && { mark }) });
      return id;
    },
    byUserName: (userName) => [...accounts.values()].find((values) => values['userName'] === userName),
    connector: {
      describe: async () =>
        ok({
          targets: { account: [], group: [] },
          mark: { account: app.keepsNoMark ? null : MARK, group: app.keepsNoMark ? null : MARK },
          can: {
            create: true,
            update: 'part',
            suspend: true,
            delete: true,
            list: true,
            find: app.ignoresFilters ? 'ignored' : 'honoured',
            conditional: false,
            groups: true,
            renameGroup: true,
            members: app.hidesMembers ? 'unseen' : 'list',
          },
          limits: { atOnce: 4, page: PAGE, membersPerCall: 100, settleMs: 0 },
          sources: [
            { id: 'groups', kind: 'group', displayName: 'Groups', target: null, multiValued: true, required: false },
          ],
        }),
      test: () => call('test', '', () => ok({ request: 'test', filters: 'honoured' as const })),
      find: (kind, { target, value }) =>
        kind === 'group'
          ? call('findGroup', value, () => {
              const found = [...groups.keys()]
                .map(groupShown)
                .filter(({ label, mark }) => app.ignoresFilters || matches(target === MARK ? mark : label, value));
              return ok(found.slice(0, 10));
            })
          : call('find', `${target} ${value}`, () => ok(findAccounts(target, value))),
      get: (kind, id) =>
        call('get', '', () => {
          if (kind === 'group') return groups.has(id) ? ok(groupShown(id)) : missing;
          return accounts.has(id) ? ok(shown(id)) : missing;
        }),
      list: (kind, cursor) =>
        call('list', '', () =>
          ok(
            kind === 'group'
              ? pageOf([...groups.keys()].map(groupShown), cursor)
              : pageOf([...accounts.keys()].map(shown), cursor),
          ),
        ),
      create: (kind, { mark, values }) =>
        call(kind === 'group' ? 'createGroup' : 'create', '', () => {
          if (kind === 'group')
            return ok(groupShown(app.addGroup(values['displayName'] as string, [], mark ?? undefined)));
          const { userName } = values;
          if (typeof userName === 'string' && app.byUserName(userName)) return taken;
          const filled = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
          return ok(shown(app.addAccount({ ...(filled as JsonObject), ...(mark !== null && { [MARK]: mark }) })));
        }),
      update: (kind, id, changes) =>
        kind === 'group'
          ? call('renameGroup', '', () => {
              const group = groups.get(id);
              if (!group) return missing;
              for (const one of changes) if ('to' in one && typeof one.to === 'string') group.displayName = one.to;
              return ok(undefined);
            })
          : call('update', '', () => change(id, changes)),
      setActive: (id, active) =>
        call('setActive', String(active), () => change(id, [{ target: 'active', to: active }])),
      delete: (kind, id) =>
        call(kind === 'group' ? 'deleteGroup' : 'delete', '', () => {
          groups.delete(id);
          accounts.delete(id);
          for (const { members } of groups.values()) members.delete(id);
          return ok(undefined);
        }),
      members: (group, cursor) =>
        call('members', '', () =>
          groups.has(group) ? ok(pageOf<RemoteId>([...groups.get(group)!.members], cursor)) : missing,
        ),
      isMember: (group, account) =>
        call('isMember', '', () => {
          const known = groups.get(group);
          if (!known) return missing;
          return ok(app.hidesMembers ? 'unseen' : known.members.has(account) ? 'yes' : 'no');
        }),
      changeMembers: (groupId, add, remove) =>
        call('changeMembers', `+${add.length} -${remove.length}`, () => {
          const group = groups.get(groupId);
          if (!group) return missing;
          if (add.length + remove.length > app.mostMembers)
            return { kind: 'refused', code: 'app/too-large', status: 413, reason: 'Too many at once' };
          for (const id of add) if (accounts.has(id)) group.members.add(id);
          for (const id of remove) group.members.delete(id);
          return ok({ missing: add.filter((id) => !accounts.has(id)) });
        }),
      entitlements: (_source, cursor) =>
        call('entitlements', '', () =>
          ok(
            pageOf(
              [...groups].map(([id, { displayName }]) => ({ id, displayName })),
              cursor,
            ),
          ),
        ),
      close: async () => undefined,
    },
  };
  return app;
};

const matches = (shown: TargetValue | undefined, value: string): boolean =>
  typeof shown === 'object' && shown !== null
    ? Object.values(shown).some((each) => matches(each as TargetValue, value))
    : String(shown ?? '').toLowerCase() === value.toLowerCase();

const applied = (values: JsonObject, change: Change): JsonObject => {
  const { [change.target]: present, ...rest } = values;
  if (!('add' in change)) return change.to === null ? rest : { ...values, [change.target]: change.to as Json };
  const elements = (Array.isArray(present) ? present : []).filter(
    (each) => !change.remove.some((gone) => sameValue(gone as Json, each)),
  );
  const added = change.add.filter((each) => !elements.some((known) => sameValue(each as Json, known)));
  return { ...values, [change.target]: [...elements, ...(added as Json[])] };
};
