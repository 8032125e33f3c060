import type { Json, JsonObject } from '@tenure/scim';
import { enterpriseUserSchema } from '@tenure/scim';
import {
  entitlementChanges,
  type Entitlement,
  type EntitlementChange,
  type HeldEntitlement,
} from '../account/account.state.ts';
import { toPatchOperations, type ScimOperation } from '../mapping/index.ts';
import { isObject } from '../mapping/json.ts';
import { failed, over, type Attempt, type Verdict } from './verdict.ts';

/** Attributes by one PATCH, entitlements after it. All of it may be done again without harm. */
export const updateAccount = async (one: Attempt, remoteId: string): Promise<Verdict> => {
  const { account, connector, beforeCall } = one;
  const { plan } = account;
  const changes = entitlementChanges(account.entitlements, plan.entitlements);
  const there = changes.length > 0 ? await lookAt(one, remoteId) : {};
  if ('kind' in there) return there as Verdict;

  const given = await giving(one, changes, there as JsonObject);
  const operations = [
    ...toPatchOperations(account.attributes, plan.attributes, plan.additive),
    ...changes.flatMap((change) => operationsOf(change, given)),
  ];
  if (operations.length > 0) {
    await beforeCall();
    const updated = await connector.update(remoteId, operations);
    if (updated.kind !== 'ok') return failed(updated);
  }
  for (const change of changes.filter(({ kind }) => kind === 'group')) {
    const trouble = await changeGroup(one, remoteId, change, given);
    if (trouble) return trouble;
  }
  return over({
    kind: 'updated',
    attributes: { ...account.attributes, ...plan.attributes },
    entitlements: heldAfter(account.entitlements, changes, given),
  });
};

/** The account as it is there, to tell what was given in the app itself. */
const lookAt = async ({ connector, beforeCall }: Attempt, remoteId: string): Promise<JsonObject | Verdict> => {
  await beforeCall();
  const found = await connector.get(remoteId);
  if (found.kind !== 'ok') return failed(found);
  return found.value?.resource ?? over({ kind: 'gone' });
};

const same = (one: Entitlement, other: Entitlement) => one.kind === other.kind && one.value === other.value;

/** What will be ours: all that is added and wasn't there, or was given by an earlier try. Written down before it is done. */
const giving = async (
  { row, beforeGiving }: Attempt,
  changes: readonly EntitlementChange[],
  there: JsonObject,
): Promise<Entitlement[]> => {
  const added = changes.filter(({ change }) => change === 'add').map(({ kind, value }) => ({ kind, value }));
  const ours = added.filter((each) => row.given.some((earlier) => same(earlier, each)) || !isThere(there, each));
  if (ours.length > 0) await beforeGiving(ours);
  return ours;
};

const elements = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value : []).filter(isObject);

const isThere = (there: JsonObject, { kind, value }: Entitlement): boolean => {
  switch (kind) {
    case 'group':
      return elements(there['groups']).some((group) => group['display'] === value || group['value'] === value);
    case 'role':
      return elements(there['roles']).some((role) => role['value'] === value);
    case 'licence':
      return elements(there['entitlements']).some((licence) => licence['value'] === value);
    case 'department': {
      const enterprise = there[enterpriseUserSchema.id];
      return isObject(enterprise) && enterprise['department'] === value;
    }
  }
};

/** Entitlements that are attributes of the account. What is there already, and is not ours, is left alone (R61). */
const operationsOf = ({ kind, value, change }: EntitlementChange, given: readonly Entitlement[]): ScimOperation[] => {
  const isOurs = change === 'remove' || given.some((each) => same(each, { kind, value }));
  if (kind === 'group' || !isOurs) return [];
  const department = `${enterpriseUserSchema.id}:department`;
  if (kind === 'department')
    return change === 'add' ? [{ op: 'replace', path: department, value }] : [{ op: 'remove', path: department }];
  const path = kind === 'role' ? 'roles' : 'entitlements';
  return change === 'add'
    ? [{ op: 'add', path, value: [{ value }] }]
    : [{ op: 'remove', path: `${path}[value eq ${JSON.stringify(value)}]` }];
};

/** Undefined when it is done. A group that the app doesn't have is never made there. */
const changeGroup = async (
  { connector, beforeCall }: Attempt,
  remoteId: string,
  { value, change }: EntitlementChange,
  given: readonly Entitlement[],
): Promise<Verdict | undefined> => {
  if (change === 'add' && !given.some((each) => same(each, { kind: 'group', value }))) return undefined;
  await beforeCall();
  const group = await connector.findGroup(value);
  // What is missing here is no account.
  if (group.kind !== 'ok') return { kind: 'failed', failure: group };
  if (!group.value) {
    return change === 'remove'
      ? undefined
      : over({ kind: 'failed', code: 'entitlement/unknown', message: `The app has no group ${value}.`, final: true });
  }
  await beforeCall();
  const changed = await connector.changeGroupMembers(
    group.value.id,
    change === 'add' ? [remoteId] : [],
    change === 'remove' ? [remoteId] : [],
  );
  return changed.kind === 'ok' ? undefined : { kind: 'failed', failure: changed };
};

const heldAfter = (
  held: readonly HeldEntitlement[],
  changes: readonly EntitlementChange[],
  given: readonly Entitlement[],
): HeldEntitlement[] => [
  ...held.filter((each) => !changes.some((change) => change.change === 'remove' && same(change, each))),
  ...changes
    .filter(({ change }) => change === 'add')
    .map(({ kind, value }) => ({ kind, value, owned: given.some((each) => same(each, { kind, value })) })),
];
