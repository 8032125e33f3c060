import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type {
  Connector,
  Outcome,
  Page,
  Parts,
  Remote,
  RemoteId,
  Scalar,
  TargetValue,
} from '@tenure/provisioning/connector';

/** An application with a connector to it, and what is to be known of it besides. It is a suite's own, and empty at first. */
export type Contracted = {
  connector: Connector;
  /** What an account is made of; the name is in each of `matchable`, so that no two have the same. */
  valuesOf: (name: string) => Readonly<Record<string, TargetValue>>;
  /** Targets by which an account is found, and the value that it has in it. */
  matchable: Readonly<Record<string, (name: string) => string>>;
  /** The target that no two accounts may share. */
  unique: string;
  /** A target with one text that may be taken away again. */
  optional: string;
  /** A target with several values. */
  several: { target: string; element: (text: string) => Scalar | Parts };
  /** How the app shows one text in a target. */
  shown: (text: string) => TargetValue;
  /** Made in the app itself. */
  addAccounts: (names: readonly string[]) => Promise<void>;
  addGroup: (displayName: string) => Promise<RemoteId>;
  /** More than the app gives in one page. */
  many: number;
  /** An id that could be one, and isn't. */
  unknownId: RemoteId;
  close: () => Promise<void>;
};

const valueOf = <Value>(outcome: Outcome<Value>): Value => {
  if (outcome.kind !== 'ok') throw new Error(`${outcome.kind}: ${outcome.reason}`);
  return outcome.value;
};

const all = async <T>(read: (cursor?: string) => Promise<Outcome<Page<T>>>): Promise<{ pages: number; items: T[] }> => {
  const items: T[] = [];
  for (let pages = 1, cursor: string | undefined; ; pages++) {
    const page: Page<T> = valueOf(await read(cursor));
    items.push(...page.items);
    cursor = page.next;
    if (cursor === undefined) return { pages, items };
    if (pages > 1000) throw new Error('The list never ends.');
  }
};

/** Text that would mean something else in a filter, a path, a DN or a log. */
const hostileTexts = [
  'Ada "the first" O\'Neil',
  'back\\slash \\2c \\" and %2e%2e/%00',
  ') or (userName pr and (x eq "',
  '*)(uid=*',
  'comma, plus+ <angle>; #hash = sign',
  'line\nbreak\tand tab',
  'ab😀 Ａé ß',
  '${process.env.HOME} {{7*7}} <script>',
];
const hostileIds = [
  '',
  '..',
  '.',
  '../Groups',
  'a/b',
  'x?y=z',
  '#',
  '%2e%2e',
  'uid=x,dc=y',
  ')(uid=*',
  ' ',
  'a\u0000b',
  '😀',
  'x'.repeat(900),
];

/** What every connector does, whatever it speaks (R93). */
export const connectorContract = (
  name: string,
  open: () => Promise<Contracted>,
  describeWhere: (name: string, suite: () => void) => void = describe,
) =>
  describeWhere(`${name} as a connector (R93)`, () => {
    let app: Contracted;
    let connector: Connector;
    let count = 0;
    beforeAll(async () => {
      app = await open();
      ({ connector } = app);
    });
    afterAll(() => app.close());

    const person = async (
      named = `person${(count += 1)}`,
      mark: string | null = `mark-${named}`,
    ): Promise<Remote & { name: string }> => ({
      ...valueOf(await connector.create('account', { mark, values: app.valuesOf(named) })),
      name: named,
    });
    const read = async (id: RemoteId) => valueOf(await connector.get('account', id));
    const find = async (target: string, value: string) => valueOf(await connector.find('account', { target, value }));

    it('says what it can do, and passes its own test', async () => {
      const { targets, mark, can, limits, sources } = valueOf(await connector.describe());
      expect(can).toMatchObject({ create: true, list: true, suspend: true, delete: true });
      expect(can.find).not.toBe('ignored');
      for (const limit of [limits.atOnce, limits.page, limits.membersPerCall]) expect(limit).toBeGreaterThan(0);
      expect(mark.account === null || typeof mark.account === 'string').toBe(true);
      expect(new Set(targets.account.map((target) => target.name)).size).toBe(targets.account.length);
      expect(new Set(sources.map(({ id }) => id)).size).toBe(sources.length);
      expect(valueOf(await connector.test())).toMatchObject({ filters: 'honoured' });
    });

    it('makes an account that carries our mark, and shows it as it was made', async () => {
      const made = await person();
      expect(made).toMatchObject({ kind: 'account', id: expect.any(String), mark: `mark-${made.name}`, active: true });
      const { name: _, ...remote } = made;
      expect(await read(made.id)).toEqual(remote);
      for (const [target, valueIn] of Object.entries(app.matchable))
        expect(remote.values[target]).toEqual(app.shown(valueIn(made.name)));
    });

    it('finds an account by each target that it can be matched by, and nobody by what nobody has', async () => {
      const [made, other] = [await person(), await person()];
      expect(made.id).not.toBe(other.id);
      for (const [target, valueIn] of Object.entries(app.matchable)) {
        const found = await find(target, valueIn(made.name));
        expect([target, found.map(({ id }) => id)]).toEqual([target, [made.id]]);
        expect(found[0]!.values[target]).toEqual(app.shown(valueIn(made.name)));
        expect(await find(target, valueIn(`nobody-${count}`))).toEqual([]);
      }
    });

    it('makes no second account with a value that is taken, and says conflict', async () => {
      const made = await person();
      const again = await connector.create('account', { mark: 'another', values: app.valuesOf(made.name) });
      expect(again).toMatchObject({ kind: 'conflict', reason: expect.any(String) });
      expect(await find(app.unique, app.matchable[app.unique]!(made.name))).toHaveLength(1);
    });

    it('sets, changes and takes away one value, leaving the others', async () => {
      const { id, name: named } = await person();
      const { optional, shown } = app;
      const set = async (from: string | null, to: string | null) =>
        valueOf(await connector.update('account', id, [{ target: optional, from, to }]));
      await set(null, 'first');
      expect((await read(id)).values[optional]).toEqual(shown('first'));
      await set('first', 'second');
      expect((await read(id)).values[optional]).toEqual(shown('second'));
      // Said once more, as after an answer that was lost.
      await set('first', 'second');
      expect((await read(id)).values[optional]).toEqual(shown('second'));
      await set('second', null);
      expect((await read(id)).values[optional] ?? null).toBeNull();
      await set('second', null);
      expect((await read(id)).values[app.unique]).toEqual(shown(app.matchable[app.unique]!(named)));
      expect(await connector.update('account', id, [])).toMatchObject({ kind: 'ok' });
    });

    it('adds elements to a list and removes them, twice without harm, and leaves those of others', async () => {
      const { id } = await person();
      const { target, element } = app.several;
      const change = async (add: string[], remove: string[]) =>
        valueOf(
          await connector.update('account', id, [{ target, add: add.map(element), remove: remove.map(element) }]),
        );
      const there = async (): Promise<string[]> => {
        const value = (await read(id)).values[target];
        const elements = (Array.isArray(value) ? value : []) as (Scalar | Parts)[];
        return elements.map((each) => String(typeof each === 'object' ? each['value'] : each)).sort();
      };
      const before = await there();
      await change(['others', 'ours'], []);
      await change(['ours'], []);
      expect(await there()).toEqual([...before, 'others', 'ours'].toSorted());
      await change(['more'], ['ours']);
      await change([], ['ours']);
      expect(await there()).toEqual([...before, 'more', 'others'].toSorted());
    });

    it('suspends and unsuspends, twice without harm', async () => {
      const { id } = await person();
      for (const active of [false, false, true, true, false]) {
        valueOf(await connector.setActive(id, active));
        expect((await read(id)).active).toBe(active);
      }
    });

    it('deletes an account, and is content where it is gone already', async () => {
      const { id, name: named } = await person();
      expect(await connector.delete('account', id)).toMatchObject({ kind: 'ok' });
      expect(await connector.delete('account', id)).toMatchObject({ kind: 'ok' });
      expect(await connector.get('account', id)).toMatchObject({ kind: 'gone' });
      expect(await connector.update('account', id, [{ target: app.optional, to: 'x' }])).toMatchObject({
        kind: 'gone',
      });
      expect(await connector.setActive(id, false)).toMatchObject({ kind: 'gone' });
      expect(await find(app.unique, app.matchable[app.unique]!(named))).toEqual([]);
    });

    it('gives and takes memberships, twice without harm', async () => {
      const [ada, bob] = [await person(), await person()];
      const group = await app.addGroup(`Group ${(count += 1)}`);
      const isMember = async ({ id }: Remote) => valueOf(await connector.isMember(group, id));
      const change = (add: Remote[], remove: Remote[]) =>
        connector.changeMembers(
          group,
          add.map(({ id }) => id),
          remove.map(({ id }) => id),
        );
      for (let twice = 0; twice < 2; twice++) expect(valueOf(await change([ada, bob], []))).toEqual({ missing: [] });
      expect([await isMember(ada), await isMember(bob)]).toEqual(['yes', 'yes']);
      expect((await all((cursor) => connector.members(group, cursor))).items.toSorted()).toEqual(
        [ada.id, bob.id].toSorted(),
      );
      for (let twice = 0; twice < 2; twice++) expect(valueOf(await change([], [ada]))).toEqual({ missing: [] });
      expect([await isMember(ada), await isMember(bob)]).toEqual(['no', 'yes']);
      expect(valueOf(await change([ada], [bob]))).toEqual({ missing: [] });
      expect([await isMember(ada), await isMember(bob)]).toEqual(['yes', 'no']);
      // Who is gone is named, and holds up nobody else.
      expect(valueOf(await connector.changeMembers(group, [app.unknownId, bob.id], []))).toEqual({
        missing: [app.unknownId],
      });
      expect(await isMember(bob)).toBe('yes');
      valueOf(await connector.delete('account', ada.id));
      expect((await all((cursor) => connector.members(group, cursor))).items).toEqual([bob.id]);
      expect(await connector.changeMembers(app.unknownId, [bob.id], [])).toMatchObject({ kind: 'gone' });
      expect(await connector.isMember(app.unknownId, bob.id)).toMatchObject({ kind: 'gone' });
      expect(await connector.members(app.unknownId)).toMatchObject({ kind: 'gone' });
      expect(await change([], [])).toMatchObject({ kind: 'ok' });
    });

    it('finds a group by its name, and lists it without asking for its members', async () => {
      const displayName = `Team "Blue", ${(count += 1)}`;
      const id = await app.addGroup(displayName);
      const found = valueOf(await connector.find('group', { target: 'displayName', value: displayName }));
      expect(found).toMatchObject([{ kind: 'group', id, label: displayName, values: { displayName } }]);
      const { items } = await all((cursor) => connector.list('group', cursor));
      expect(items.filter((group) => group.id === id)).toMatchObject([{ kind: 'group', label: displayName }]);
      expect(valueOf(await connector.get('group', id))).toMatchObject({ id, label: displayName });
    });

    it('keeps hostile text as it is, finds it, and hits nobody else by it', async () => {
      const bystander = await person();
      for (const text of hostileTexts) {
        const named = `${(count += 1)} ${text}`;
        const made = await person(named, `mark-${count}`);
        expect((await find(app.unique, app.matchable[app.unique]!(named))).map(({ id }) => id)).toEqual([made.id]);
        valueOf(await connector.update('account', made.id, [{ target: app.optional, from: null, to: text }]));
        expect((await read(made.id)).values[app.optional]).toEqual(app.shown(text));
        expect((await find(app.unique, text)).map(({ id }) => id)).toEqual([]);
        valueOf(await connector.delete('account', made.id));
      }
      const { name: _, ...remote } = bystander;
      expect(await read(bystander.id)).toEqual(remote);
    });

    it('takes no id for another, whatever it looks like', async () => {
      const bystander = await person();
      const group = await app.addGroup(`Bystanders ${(count += 1)}`);
      valueOf(await connector.changeMembers(group, [bystander.id], []));
      for (const id of [...hostileIds, app.unknownId]) {
        expect([id, (await connector.get('account', id)).kind]).toEqual([id, 'gone']);
        expect([id, (await connector.setActive(id, false)).kind]).toEqual([id, 'gone']);
        expect([id, (await connector.update('account', id, [{ target: app.optional, to: 'x' }])).kind]).toEqual([
          id,
          'gone',
        ]);
        expect([id, (await connector.delete('account', id)).kind]).toEqual([id, 'ok']);
        expect([id, (await connector.isMember(id, bystander.id)).kind]).toEqual([id, 'gone']);
      }
      const { name: _, ...remote } = bystander;
      expect(await read(bystander.id)).toEqual(remote);
      expect(valueOf(await connector.isMember(group, bystander.id))).toBe('yes');
    });

    it('lists every account once, page by page', async () => {
      const names = Array.from({ length: app.many }, (_, index) => `listed${index}`);
      await app.addAccounts(names);
      const { pages, items } = await all((cursor) => connector.list('account', cursor));
      expect(pages).toBeGreaterThan(1);
      expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
      const values = new Set(items.map((each) => JSON.stringify(each.values[app.unique])));
      const missing = names.filter((each) => !values.has(JSON.stringify(app.shown(app.matchable[app.unique]!(each)))));
      expect(missing).toEqual([]);
    });

    it('closes twice without harm, and throws nothing afterwards', async () => {
      await connector.close();
      await connector.close();
      expect(await connector.get('account', app.unknownId)).toHaveProperty('kind');
    });
  });
