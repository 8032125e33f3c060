import { randomUUID } from 'node:crypto';
import {
  applyPatch,
  matches,
  parseFilter,
  parsePatch,
  profiles,
  userType,
  type Json,
  type JsonObject,
} from '@tenure/scim';
import type { Connector, Failure, Outcome, RemoteAccount } from '../delivery/connector.ts';

export type Call =
  | 'test'
  | 'find'
  | 'create'
  | 'get'
  | 'update'
  | 'setActive'
  | 'delete'
  | 'findGroup'
  | 'changeGroupMembers'
  | 'listEntitlements';

/** What happens instead of an answer: a failure before anything is done; `lost`: done, and never answered; `die`: done, and the caller breaks; `hang`: nothing until `release`. */
export type Fault = Failure | 'lost' | 'die' | 'hang' | undefined;

export type FakeApp = {
  connector: Connector;
  accounts: Map<string, JsonObject>;
  groups: Map<string, { displayName: string; members: Set<string> }>;
  /** Every call in order, as `create`, `setActive false`, ... */
  calls: string[];
  release: () => void;
  /** Asked before each call. */
  fault: (call: Call, detail: string) => Fault;
  /** An account made in the app by hand. */
  addAccount: (resource: JsonObject) => string;
  addGroup: (displayName: string, members?: string[]) => string;
  byUserName: (userName: string) => JsonObject | undefined;
};

/** A small SCIM application in memory: it keeps what it is sent, finds by filter, patches by the protocol's rules, and fails when told to. */
export const fakeApp = (): FakeApp => {
  const accounts = new Map<string, JsonObject>();
  const groups: FakeApp['groups'] = new Map();

  const groupsOf = (id: string): Json[] =>
    [...groups]
      .filter(([, { members }]) => members.has(id))
      .map(([value, { displayName }]) => ({ value, display: displayName }));
  const shown = (id: string): RemoteAccount => {
    const resource = accounts.get(id)!;
    const { externalId } = resource;
    return {
      remoteId: id,
      ...(typeof externalId === 'string' && { externalId }),
      resource: { ...resource, id, groups: groupsOf(id) },
    };
  };
  const missing: Failure = { kind: 'refused', status: 404, reason: 'There is no such account.' };
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
  const patch = (id: string, operations: unknown): Outcome => {
    const resource = accounts.get(id);
    if (!resource) return missing;
    const parsed = parsePatch(
      userType,
      { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations as Json },
      profiles.generic,
    );
    accounts.set(id, applyPatch(userType, resource, parsed.operations, profiles.generic).resource);
    return ok(undefined);
  };

  const app: FakeApp = {
    accounts,
    groups,
    calls: [],
    release: () => undefined,
    fault: () => undefined,
    addAccount: (resource) => {
      const id = randomUUID();
      accounts.set(id, { active: true, ...resource });
      return id;
    },
    addGroup: (displayName, members = []) => {
      const id = randomUUID();
      groups.set(id, { displayName, members: new Set(members) });
      return id;
    },
    byUserName: (userName) => [...accounts.values()].find((resource) => resource['userName'] === userName),
    connector: {
      test: () => call('test', '', () => ok({ status: 200 })),
      find: ({ filter }) =>
        call('find', filter, () => {
          const parsed = parseFilter(filter, userType, profiles.generic);
          return ok([...accounts].filter(([, resource]) => matches(parsed, resource)).map(([id]) => shown(id)));
        }),
      create: (body) => call('create', '', () => ok(shown(app.addAccount(body)))),
      get: (id) => call('get', '', () => ok(accounts.has(id) ? shown(id) : undefined)),
      update: (id, operations) => call('update', '', () => patch(id, operations)),
      setActive: (id, active) =>
        call('setActive', String(active), () => patch(id, [{ op: 'replace', path: 'active', value: active }])),
      delete: (id) =>
        call('delete', '', () => {
          accounts.delete(id);
          for (const { members } of groups.values()) members.delete(id);
          return ok(undefined);
        }),
      findGroup: (displayName) =>
        call('findGroup', displayName, () => {
          const found = [...groups].find(([, group]) => group.displayName === displayName);
          return ok(found && { id: found[0], displayName });
        }),
      listEntitlements: () =>
        call('listEntitlements', '', () => {
          const items = [...groups.values()].map(({ displayName }) => ({
            kind: 'group' as const,
            value: displayName,
            displayName,
          }));
          return ok({ items, total: items.length });
        }),
      changeGroupMembers: (groupId, add, remove) =>
        call('changeGroupMembers', `+${add.length} -${remove.length}`, () => {
          const group = groups.get(groupId);
          if (!group) return missing;
          for (const id of add) group.members.add(id);
          for (const id of remove) group.members.delete(id);
          return ok(undefined);
        }),
    },
  };
  return app;
};
