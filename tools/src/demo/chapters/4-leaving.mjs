import { setTimeout as sleep } from 'node:timers/promises';
import { allItems } from '../http.mjs';
import { ENTERPRISE } from '../identity-providers.mjs';
import { writes } from '../sandbox.mjs';
import { check, equal, sameItems, tell } from '../story.mjs';

const ADA = 'ada.lindqvist@plum.example';
const BOB = 'bob.vanderberg@plum.example';
const changedDepartmentAt = '2026-01-05T11:00:00.000Z';
const leftAt = '2026-01-05T12:00:00.000Z';
const backAt = '2026-01-05T17:00:00.000Z';
const dayLater = '2026-01-06T12:00:00.000Z';
const almostSevenDays = '2026-01-12T11:59:59.000Z';
const sevenDaysLater = '2026-01-12T12:00:00.000Z';

/** What must go on while a service is dead: it is killed, something is done, it is started again, and what was done must end well. */
const whileDead = async (system, service, act) => {
  if (!system.distributed) return act();
  await system.kill(service);
  tell(`${service} is killed (SIGKILL).`);
  const acting = act();
  await Promise.race([acting, sleep(1500)]);
  await system.start(service);
  tell(`${service} is started again.`);
  return acting;
};

const timersOf = async ({ admin, app }, state) => {
  const timers = await allItems(admin, `${app}/timers${state ? `?state=${state}` : ''}`);
  return timers.map(({ userId, trigger, action, dueAt, state: now, endReason }) => ({
    userId,
    trigger,
    action,
    dueAt,
    state: now,
    ...(endReason && { endReason }),
  }));
};

/** What the sandbox was asked to change at one account since a moment. */
const changesTo = async (sandbox, remoteId, since) =>
  writes((await sandbox.requests()).slice(since))
    .filter(({ path }) => path.includes(remoteId))
    .map(({ method, status }) => `${method} ${status < 300 ? 'done' : status}`);

const changesDepartment = async ({ clock, entra, ids, sandbox, salesGroup, byHand }) => {
  await clock.moveTo(changedDepartmentAt);
  const before = await sandbox.group(salesGroup);
  await entra.setDepartment(ids[ADA], 'Engineering');
  await clock.settled();
  const ada = await sandbox.account(ADA);
  const after = await sandbox.group(salesGroup);
  equal(
    'Ada goes from Sales to Engineering: her department in the sandbox follows',
    ada[ENTERPRISE].department,
    'Engineering',
  );
  const members = after.members.map(({ value }) => value);
  sameItems(
    'and so does her group: she is out of it, the others are in',
    members,
    before.members.map(({ value }) => value).filter((value) => value !== ada.id),
  );
  check('grete, who was put there by hand, among them', members.includes(byHand.grete.id), members);
};

const bothAreDeactivated = async (world) => {
  const { system, clock, entra, ids, sandbox } = world;
  await clock.moveTo(leftAt);
  await whileDead(system, 'directory-service', () => entra.setActive(ids[ADA], false));
  await whileDead(system, 'audit-service', () => entra.setActive(ids[BOB], false));
  await clock.settled();
  const armed = (userId) => [
    { userId, trigger: 'suspended', action: 'suspend', dueAt: dayLater, state: 'armed' },
    { userId, trigger: 'suspended', action: 'hardDelete', dueAt: sevenDaysLater, state: 'armed' },
  ];
  sameItems(
    'Ada and Bob are deactivated in Entra: timers are armed, to suspend in a day and to delete in seven',
    await timersOf(world, 'armed'),
    [...armed(ids[ADA]), ...armed(ids[BOB])],
  );
  equal(
    'until then both stay active in the sandbox',
    [(await sandbox.account(ADA)).active, (await sandbox.account(BOB)).active],
    [true, true],
  );
};

/**
 * Everything dies right after Entra was told that Bob is back, before anything could follow from it. Distributed, it is mapping-service
 * that dies, and it lies dead while the day ends: when it starts, Bob's timers are as overdue as Ada's, and must not fire.
 */
const bobComesBack = async (world) => {
  const { system, clock, entra, ids } = world;
  await clock.moveTo(backAt);
  await whileDead(system, 'scim-gateway', () => entra.setActive(ids[BOB], true));
  if (system.distributed) {
    await whileDead(system, 'mapping-service', () => clock.moveTo(dayLater));
    tell('The clock was moved a day while mapping-service was dead.');
    await clock.settled();
  } else {
    await system.kill();
    tell('Bob is back in Entra, and at once Tenure is killed (SIGKILL).');
    await system.start();
    tell('Tenure is started again.');
    await clock.settled();
  }
  const bobs = (await timersOf(world)).filter(({ userId }) => userId === ids[BOB]);
  equal(
    'Bob came back in time: his timers are cancelled',
    bobs.map(({ state, endReason }) => `${state}: ${endReason}`),
    ['cancelled: eligible', 'cancelled: eligible'],
  );
  if (system.distributed) return;
  equal(
    'and Ada’s are still armed',
    (await timersOf(world, 'armed')).map(({ userId }) => userId),
    [ids[ADA], ids[ADA]],
  );
  await clock.moveTo(dayLater);
  await clock.settled();
};

/** Ada changes department, is deactivated with Bob, who comes back; the system dies; a day, and seven days, pass. */
export const adaLeavesAndBobComesBack = async (world) => {
  const { clock, sandbox, ids, admin, app, accountsOf } = world;
  await changesDepartment(world);
  const since = (await sandbox.requests()).length;
  const [ada, bob] = [await sandbox.account(ADA), await sandbox.account(BOB)];
  await bothAreDeactivated(world);
  await bobComesBack(world);

  equal(
    'a day after she left: Ada is suspended in the sandbox',
    [(await sandbox.account(ADA)).active, (await accountsOf(ADA))[0].status],
    [false, 'suspended'],
  );
  equal('by exactly one request', await changesTo(sandbox, ada.id, since), ['PATCH done']);

  await clock.moveTo(almostSevenDays);
  await clock.settled();
  check('a second before seven days have passed she is still there', (await sandbox.account(ADA)) !== undefined);
  await clock.moveTo(sevenDaysLater);
  await clock.settled();
  equal(
    'seven days after she left: deleted',
    [await sandbox.account(ADA), (await accountsOf(ADA))[0].status],
    [undefined, 'deleted'],
  );
  equal('by exactly one more request', await changesTo(sandbox, ada.id, since), ['PATCH done', 'DELETE done']);
  equal(
    'nothing was ever asked about Bob, who is active',
    [await changesTo(sandbox, bob.id, since), await sandbox.account(BOB)],
    [[], bob],
  );
  equal('no timer runs any more', (await allItems(admin, `${app}/timers?state=armed`)).length, 0);

  return { ada: { id: ids[ADA], changedDepartmentAt, leftAt, dayLater, sevenDaysLater } };
};
