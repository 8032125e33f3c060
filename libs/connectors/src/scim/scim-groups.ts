import type { Connector, Outcome, RemoteId } from '@tenure/provisioning/connector';
import { isObject, type Json, type JsonObject } from '@tenure/scim';
import { isSuccess } from './outcome.ts';
import type { ScimOperation } from './scim-body.ts';
import type { ScimShared } from './scim-lists.ts';
import { idOf, idToSend, resourcesIn } from './scim-objects.ts';

type Needs = ScimShared & {
  patch: (path: readonly string[], operations: readonly ScimOperation[]) => Promise<Outcome>;
  replace: (path: readonly string[], change: (resource: JsonObject) => JsonObject) => Promise<Outcome>;
};

/** Above this a group isn't replaced whole. */
const MOST_REPLACED = 10_000;
const MEMBERS_PAGE = 1000;

const memberIds = (resource: JsonObject): RemoteId[] | undefined => {
  const { members } = resource;
  if (members === undefined) return undefined;
  return (Array.isArray(members) ? members : [members]).flatMap(
    (member) => idOf(isObject(member) ? member['value'] : (member as Json)) ?? [],
  );
};

/** Memberships, asked of the group and never of the account: many apps leave `User.groups` empty. */
export const scimGroups = ({ calls: { ask }, learned, learn, replaces, patch, replace }: Needs) => {
  const group = (id: RemoteId, query: Record<string, string> = {}): Promise<Outcome<JsonObject>> =>
    ask({ method: 'GET', path: ['Groups', id], query }, ({ status, body }) =>
      status === 200 && body ? { kind: 'ok', value: body } : undefined,
    );

  const found = (filter: string): Promise<Outcome<boolean>> =>
    ask({ method: 'GET', path: ['Groups'], query: { filter, attributes: 'id' } }, ({ status, body }) => {
      const resources = status === 200 ? resourcesIn(body) : undefined;
      return resources && { kind: 'ok', value: resources.length > 0 };
    });

  /** Asks by a filter; believed only where the app also says no to somebody who certainly is no member. */
  const askByFilter = async (id: RemoteId, account: RemoteId): Promise<Outcome<'yes' | 'no' | 'unseen'>> => {
    const filterFor = (member: string) => `id eq ${JSON.stringify(id)} and members.value eq ${JSON.stringify(member)}`;
    const no = await found(filterFor('tenure-is-no-member'));
    if (no.kind !== 'ok' && no.kind !== 'refused') return no;
    if (no.kind === 'refused' || no.value) return { kind: 'ok', value: 'unseen' };
    const yes = await found(filterFor(account));
    if (yes.kind !== 'ok') return yes.kind === 'refused' ? { kind: 'ok', value: 'unseen' } : yes;
    // Nobody found: an app that doesn't look into members says so as well.
    return { kind: 'ok', value: yes.value ? 'yes' : 'unseen' };
  };

  const isMember: Connector['isMember'] = async (id, account) => {
    if (learned.members !== 'ask') {
      const whole = await group(id);
      if (whole.kind !== 'ok')
        return whole.kind === 'refused' && whole.code === 'app/answer-too-large' ? askByFilter(id, account) : whole;
      const ids = memberIds(whole.value);
      if (ids && ids.length > 0) {
        if (learned.members === undefined || learned.members === 'unseen') learn({ members: 'list' });
        return { kind: 'ok', value: ids.includes(account) ? 'yes' : 'no' };
      }
      // An empty group and one that hides its members look alike, unless this app has shown members, or shows an empty list.
      if (ids || learned.members === 'list') return { kind: 'ok', value: 'no' };
    }
    return askByFilter(id, account);
  };

  const members: Connector['members'] = async (id, cursor) => {
    const whole = await group(id);
    if (whole.kind !== 'ok') return whole;
    const ids = memberIds(whole.value) ?? [];
    const from = cursor === undefined ? 0 : Number(cursor);
    const to = from + MEMBERS_PAGE;
    return { kind: 'ok', value: { items: ids.slice(from, to), ...(to < ids.length && { next: String(to) }) } };
  };

  const send = (id: RemoteId, add: readonly RemoteId[], remove: readonly RemoteId[]): Promise<Outcome> => {
    const path = ['Groups', id];
    const value = (each: RemoteId) => ({ value: idToSend(each, learned.idType) });
    if (replaces()) {
      return replace(path, (resource) => {
        const present = memberIds(resource) ?? [];
        const after = [
          ...present.filter((each) => !remove.includes(each)),
          ...add.filter((each) => !present.includes(each)),
        ];
        return { ...resource, members: after.map(value) };
      });
    }
    return patch(path, [
      ...(add.length > 0 ? [{ op: 'add' as const, path: 'members', value: add.map(value) as Json }] : []),
      ...remove.map((each): ScimOperation => ({ op: 'remove', path: `members[value eq ${JSON.stringify(each)}]` })),
    ]);
  };

  /** Which of those to add the app doesn't know, by halves: it names none itself. */
  const sendKnown = async (
    id: RemoteId,
    add: readonly RemoteId[],
    remove: readonly RemoteId[],
  ): Promise<Outcome<{ missing: RemoteId[] }>> => {
    const sent = await send(id, add, remove);
    if (sent.kind === 'ok') return { kind: 'ok', value: { missing: [] } };
    const many = add.length + remove.length;
    if (sent.kind === 'refused' && sent.status === 413 && many > 1 && many <= (learned.membersPerCall ?? many))
      learn({ membersPerCall: Math.floor(many / 2) });
    const isAboutOne = sent.kind === 'refused' && sent.status === 400;
    if (!isAboutOne) return sent;
    if (add.length + remove.length <= 1) {
      if (add.length === 0) return { kind: 'ok', value: { missing: [] } };
      // Only an account that is really gone is missing; anything else is the app's refusal.
      const account = await ask({ method: 'GET', path: ['Users', add[0]!] }, ({ status }) =>
        isSuccess(status) ? ({ kind: 'ok', value: undefined } as const) : undefined,
      );
      return account.kind === 'gone' ? { kind: 'ok', value: { missing: [add[0]!] } } : sent;
    }
    const [half, middle] = [Math.ceil(add.length / 2), Math.ceil(remove.length / 2)];
    const first = await sendKnown(id, add.slice(0, half), remove.slice(0, middle));
    if (first.kind !== 'ok') return first;
    const second = await sendKnown(id, add.slice(half), remove.slice(middle));
    if (second.kind !== 'ok') return second;
    return { kind: 'ok', value: { missing: [...first.value.missing, ...second.value.missing] } };
  };

  const changeMembers: Connector['changeMembers'] = async (id, add, remove) => {
    if (add.length + remove.length === 0) return { kind: 'ok', value: { missing: [] } };
    if (replaces()) {
      const whole = await group(id);
      if (whole.kind !== 'ok') return whole;
      if ((memberIds(whole.value)?.length ?? 0) + add.length > MOST_REPLACED)
        return {
          kind: 'refused',
          code: 'push/too-large',
          reason: `The app can only replace a group as a whole, and this one has more than ${MOST_REPLACED} members.`,
        };
    }
    return sendKnown(id, add, remove);
  };

  return { isMember, members, changeMembers };
};
