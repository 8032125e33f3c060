import { allItems } from '../http.mjs';
import { ENTERPRISE } from '../identity-providers.mjs';
import { newHire } from '../people.mjs';
import { succeeded, writes } from '../sandbox.mjs';
import { check, equal, tell, until } from '../story.mjs';

const GRACE = 'grace.okafor@plum.example';
const JAN = 'jan.devries@plum.example';
const FEMKE = 'femke.jansen@plum.example';

const duplicates = (values) => values.filter((value, index) => values.indexOf(value) !== index);

/** Meanwhile people go on living: a new colleague, two new titles, and Femke goes to Sales. */
const lifeGoesOn = async ({ entra, ids, groups }) => {
  const hired = await entra.create(newHire);
  for (const group of [groups.staff, groups.offices]) await entra.addMembers(group, [hired.id]);
  await entra.setTitle(ids[GRACE], 'Chief Engineer');
  await entra.setTitle(ids[JAN], 'Senior Oven Engineer');
  await entra.setDepartment(ids[FEMKE], 'Sales');
  return { ...ids, [newHire.userName]: hired.id };
};

const deliveriesWait = async ({ admin, app }, ids) => {
  const waiting = [newHire.userName, GRACE, JAN, FEMKE].map((userName) => ids[userName]);
  const look = async () =>
    (await allItems(admin, `${app}/accounts`)).filter(
      ({ userId, delivery }) => waiting.includes(userId) && delivery?.attempts > 0,
    );
  await until('four deliveries fail, and one of them a second time', async () => {
    const failing = await look();
    return (
      (failing.length === waiting.length && failing.some(({ delivery }) => delivery.attempts >= 2)) ||
      failing.map(({ status, delivery }) => ({ status, delivery }))
    );
  });
  const failing = await look();
  const said = failing.map(({ status, delivery }) => `${status} (${delivery.attempts} attempts)`).join(', ');
  check(
    'four deliveries wait for another attempt, none is given up',
    failing.every(({ status, delivery }) => status !== 'failed' && delivery.nextAttemptAt && delivery.lastError),
    failing,
  );
  tell(`So they stand: ${said}.`);
};

/** Of each account, what the sandbox did, by what it was asked: `POST` or `PATCH` with the number of times. */
const done = async ({ sandbox }, since) => writes((await sandbox.requests()).slice(since)).filter(succeeded);

/** The sandbox fails for a while: deliveries wait, retry with backoff, and arrive; nothing is doubled. */
export const theAppFailsForAWhile = async (world) => {
  const { sandbox, clock, salesGroup, byHand } = world;
  const since = (await sandbox.requests()).length;
  const before = await sandbox.accounts();
  await sandbox.switchTo({ mode: 'fail', status: 503 });
  tell('The sandbox answers 503 to everything.');
  const ids = await lifeGoesOn(world);
  tell('In Entra, Nadia is hired, Grace and Jan get new titles, Femke goes from People to Sales.');
  await deliveriesWait(world, ids);
  equal('nothing arrived in the sandbox so far', (await done(world, since)).length, 0);

  await sandbox.switchTo({ mode: 'ok' });
  await clock.settled(120_000);
  const failed = (await sandbox.requests()).slice(since).filter(({ status }) => status === 503);
  tell(`The sandbox works again; it had turned away ${failed.length} requests.`);
  const titles = [(await sandbox.account(GRACE)).title, (await sandbox.account(JAN)).title];
  equal(
    'all of it arrived: titles, department, and the new colleague’s account',
    [
      ...titles,
      (await sandbox.account(FEMKE))[ENTERPRISE].department,
      (await sandbox.account(newHire.userName))?.active,
    ],
    ['Chief Engineer', 'Senior Oven Engineer', 'Sales', true],
  );

  const accounts = await sandbox.accounts();
  const group = await sandbox.group(salesGroup);
  const members = group.members.map(({ value }) => value);
  const idOf = (userName) => accounts.find((account) => account.userName === userName).id;
  equal(
    'nothing is doubled: one account more than before, no name and no member twice',
    [accounts.length - before.length, duplicates(accounts.map(({ userName }) => userName)), duplicates(members)],
    [1, [], []],
  );
  check(
    'Nadia and Femke are in the sales group, and so is grete',
    [newHire.userName, FEMKE].every((userName) => members.includes(idOf(userName))) &&
      members.includes(byHand.grete.id),
    members,
  );
  const requests = await done(world, since);
  const counted = (method, part) =>
    requests.filter((request) => request.method === method && request.path.includes(part)).length;
  equal(
    'counted at the sandbox: one POST for Nadia, one PATCH each for Grace, Jan and Femke',
    [counted('POST', '/Users'), ...[GRACE, JAN, FEMKE].map((userName) => counted('PATCH', `/Users/${idOf(userName)}`))],
    [1, 1, 1, 1],
  );
  return { ids };
};
