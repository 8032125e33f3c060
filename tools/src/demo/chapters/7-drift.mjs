import { allItems } from '../http.mjs';
import { equal, sameItems, tell, until } from '../story.mjs';

const JAN = 'jan.devries@plum.example';
const FEMKE = 'femke.jansen@plum.example';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** Runs a job to its end, and answers it. */
const ended = async ({ admin, mapping }, { id }) => {
  let job;
  await until('the job ends', async () => {
    job = await admin.get(`${mapping}/jobs/${id}`);
    return job.state !== 'running' || `${job.done} of ${job.total}`;
  });
  return job;
};

const counted = ({ state, result }) => [
  state,
  Object.entries(result.counts)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count} ${kind}`)
    .toSorted(),
];

/** The sandbox is read as a whole: what was changed there by hand is found; one is repaired, one left; what Tenure didn't make isn't touched. */
export const whatWasChangedByHandIsFound = async (world) => {
  const { admin, app, ids, sandbox, clock, accountsOf } = world;
  const before = Object.fromEntries((await sandbox.accounts()).map((account) => [account.userName, account]));
  const change = (userName, value) =>
    sandbox.byHand.patch(`/Users/${before[userName].id}`, { schemas: [PATCH], Operations: [{ op: 'replace', value }] });
  await change(JAN, { title: 'Pizzaiolo' });
  await change(FEMKE, { active: false });
  tell('Somebody works in the sandbox: Jan has another title, Femke is deactivated.');
  const asLeft = await sandbox.accounts();

  const dry = await ended(world, await admin.post(`${app}/reconcile`, { dryRun: true }, 202));
  const found = ['1 changed', '1 foreign', '1 suspendedThere'];
  equal('a dry run counts what differs, and grete, who is nobody’s', counted(dry), ['done', found]);
  equal('it wrote nothing down', (await allItems(admin, `${app}/drifts`)).length, 0);
  equal('the same again, for good', counted(await ended(world, await admin.post(`${app}/reconcile`, {}, 202))), [
    'done',
    found,
  ]);
  const drifts = await allItems(admin, `${app}/drifts`);
  sameItems(
    'the drift list says who, what, from and to',
    drifts.map(({ userId, kinds, targets }) => [
      userId,
      ...kinds,
      ...targets.map(({ target, from, to }) => `${target}: ${from} → ${to}`),
    ]),
    [
      [ids[JAN], 'changed', 'title: Senior Oven Engineer → Pizzaiolo'],
      [ids[FEMKE], 'suspendedThere'],
    ],
  );
  await clock.settled();
  equal('nothing was changed by looking', await sandbox.accounts(), asLeft);

  const idOf = async (userName) => (await accountsOf(userName))[0].id;
  await admin.post(`${app}/drifts/repair`, { ids: [await idOf(JAN)] }, 200);
  await admin.post(`${app}/drifts/ignore`, { ids: [await idOf(FEMKE)] }, 200);
  await clock.settled();
  equal(
    'Sasha has Jan’s repaired, and leaves Femke’s as it is',
    [(await sandbox.account(JAN)).title, (await sandbox.account(FEMKE)).active],
    ['Senior Oven Engineer', false],
  );
  equal('the list is empty', (await allItems(admin, `${app}/drifts`)).length, 0);
  equal('grete is as she was', await sandbox.account('grete'), before.grete);
};
