import { allItems } from '../http.mjs';
import { ENTERPRISE } from '../identity-providers.mjs';
import { plumPeople } from '../people.mjs';
import { equal, sameItems, tell } from '../story.mjs';

const HUGO = 'hugo.smit@plum.example';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const PUSHED = 'Plum Offices';
const RENAMED = 'Plum Headquarters';

const byUserName = (accounts) => new Map(accounts.map((account) => [account.userName, account]));

/** Managers are sent as what the sandbox knows them by (R90). */
const managersAreMapped = async ({ admin, app, sandbox, clock, ids }) => {
  const { targets: _, ...attributes } = await admin.get(`${app}/attributes`);
  await admin.put(`${app}/attributes`, {
    ...attributes,
    mappings: [
      ...attributes.mappings,
      { target: `${ENTERPRISE}:manager.value`, kind: 'direct', source: 'manager', apply: 'always' },
    ],
  });
  await clock.settled();
  const accounts = byUserName(await sandbox.accounts());
  const told = plumPeople
    .filter(({ userName, manager }) => accounts.has(userName) && accounts.has(manager))
    .map(({ userName, manager }) => [userName, accounts.get(userName)[ENTERPRISE].manager?.value, manager]);
  equal(
    `managers are mapped: ${told.length} accounts name their manager by the sandbox’s own id`,
    told.filter(([, value, manager]) => value !== accounts.get(manager).id),
    [],
  );
  equal(
    'and by none of Tenure’s',
    told.filter(([, value]) => Object.values(ids).includes(value)),
    [],
  );
};

/** A group of the directory is made in the sandbox, with the accounts of its people (R89). */
const aGroupIsPushed = async ({ admin, app, directory, sandbox, clock, entra, groups, byHand }) => {
  await admin.put(`${app}/pushes`, { groups: [{ id: groups.offices, mode: 'merge' }] });
  await clock.settled();
  const pushed = await sandbox.group(PUSHED);
  const accounts = await allItems(admin, `${app}/accounts`);
  const { members } = (await admin.get(`${directory}/groups/${groups.offices}?members=true`)).resource;
  const people = new Set(members.map(({ value }) => value));
  const expected = accounts.filter(
    ({ userId, remoteId, status }) => people.has(userId) && remoteId && status !== 'deleted',
  );
  sameItems(
    `${PUSHED} is pushed: the sandbox has a group of that name with the ${expected.length} accounts of its people`,
    (pushed?.members ?? []).map(({ value }) => value),
    expected.map(({ remoteId }) => remoteId),
  );
  const operation = { op: 'add', path: 'members', value: [{ value: byHand.grete.id }] };
  await sandbox.byHand.patch(`/Groups/${pushed.id}`, { schemas: [PATCH], Operations: [operation] });
  tell('Somebody puts grete into it by hand.');
  await entra.rename(groups.offices, RENAMED);
  await clock.settled();
  const renamed = await sandbox.group(RENAMED);
  equal(
    `Entra renames it to ${RENAMED}: so does the sandbox, and grete is left in it`,
    [renamed?.id, renamed?.members.some(({ value }) => value === byHand.grete.id), await sandbox.group(PUSHED)],
    [pushed.id, true, undefined],
  );
  const [{ state, counts }] = await allItems(admin, `${app}/pushes`);
  equal('the push is up to date', [state, counts.sent], ['upToDate', expected.length]);
};

/** Entra deletes somebody by mistake and makes them anew, under another id: the account in the sandbox is theirs again (R92). */
const hugoIsMadeAnew = async ({ admin, app, sandbox, clock, entra, groups, ids, accountsOf }) => {
  const [before] = await accountsOf(HUGO);
  const there = await sandbox.account(HUGO);
  await entra.delete(ids[HUGO]);
  await clock.settled();
  const made = await entra.create(plumPeople.find(({ userName }) => userName === HUGO));
  for (const group of [groups.staff, groups.offices]) await entra.addMembers(group, [made.id]);
  await clock.settled();
  tell('Entra deletes Hugo by mistake, and makes him anew under another id.');
  const [after] = await allItems(admin, `${app}/accounts?user=${made.id}`);
  equal(
    'he gets back the account that he had, with the one before named',
    [made.id === ids[HUGO], after.status, after.owned, after.remoteId, after.predecessor?.accountId],
    [false, 'provisioned', true, before.remoteId, before.id],
  );
  const now = (await sandbox.accounts()).filter(({ userName }) => userName === HUGO);
  equal(
    'there is one account of his in the sandbox, active, and a member as before',
    [
      now.map(({ id, active }) => [id, active]),
      (await sandbox.group(RENAMED)).members.some(({ value }) => value === there.id),
    ],
    [[[there.id, true]], true],
  );
  return { ...ids, [HUGO]: made.id };
};

/** Managers, a pushed group, and somebody who comes back as another user. */
export const groupsManagersAndAReturn = async (world) => {
  await managersAreMapped(world);
  await aGroupIsPushed(world);
  return { ids: await hugoIsMadeAnew(world) };
};
