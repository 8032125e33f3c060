import { allItems } from '../http.mjs';
import { ENTERPRISE } from '../identity-providers.mjs';
import { figPeople, plumPeople } from '../people.mjs';
import { succeeded, writes } from '../sandbox.mjs';
import { check, equal, sameItems, tell } from '../story.mjs';

const AMELIE = 'amelie.dubois@plum.example';
const SALES_GROUP = 'Sales and Marketing';
const SCIM_USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const timezones = { Japan: 'Asia/Tokyo', 'United States': 'America/New_York', Netherlands: 'Europe/Amsterdam' };

const attributes = {
  matching: [
    { source: 'userName', target: 'userName' },
    { source: 'mail', target: 'emails[type eq "work"].value' },
  ],
  mappings: [
    ...[
      ['userName', 'userName'],
      ['name.givenName', 'givenName'],
      ['name.familyName', 'surname'],
      ['displayName', 'displayName'],
      ['title', 'jobTitle'],
      ['emails[type eq "work"].value', 'mail'],
      ['active', 'accountEnabled'],
      [`${ENTERPRISE}:department`, 'department'],
    ].map(([target, source]) => ({ target, kind: 'direct', source, apply: 'always' })),
    { target: 'userType', kind: 'constant', value: 'Employee', apply: 'always' },
    { target: 'preferredLanguage', kind: 'direct', source: 'preferredLanguage', default: 'en-GB', apply: 'always' },
    { target: 'nickName', kind: 'direct', source: 'mailNickname', apply: 'create' },
    {
      target: 'timezone',
      kind: 'expression',
      expression:
        'Switch([country], "Asia/Tokyo", "United States", "America/New_York", "Netherlands", "Europe/Amsterdam")',
      apply: 'always',
    },
  ],
};

/** Somebody works in the application already: two accounts and a group, one account with Amélie's e-mail under another name. */
const madeByHand = async ({ byHand }) => {
  const account = (userName, givenName, familyName, email) =>
    byHand.post(
      '/Users',
      {
        schemas: [SCIM_USER],
        userName,
        name: { givenName, familyName },
        nickName: 'by hand',
        emails: [{ type: 'work', value: email, primary: true }],
        active: true,
      },
      201,
    );
  const grete = await account('grete', 'Grete', 'Holm', 'grete@elsewhere.example');
  const amelie = await account('amelie', 'Amelie', 'D.', AMELIE);
  await byHand.post(
    '/Groups',
    {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: SALES_GROUP,
      members: [{ value: grete.id }],
    },
    201,
  );
  tell(
    `In the sandbox are two accounts made by hand, grete and amelie (the latter with the e-mail of Amélie Dubois), and the group ${SALES_GROUP} with grete in it.`,
  );
  return { grete, amelie };
};

const configure = async (admin, app, sandbox, groups) => {
  const incomplete = await admin.post(`${app}/on`, { confirm: true }, 409);
  equal('an app that is not set up yet is not turned on', incomplete.code, 'app/incomplete');
  await admin.put(`${app}/sso`, { configured: true });
  await admin.put(`${app}/endpoint`, { url: sandbox.scimUrl });
  const wrong = await admin.put(`${app}/credentials`, { kind: 'bearer', token: 'mistyped-token-1' }, 422);
  equal('credentials are tested: a mistyped token is refused, and not kept', wrong.code, 'app/test-failed');
  const credentials = await admin.put(`${app}/credentials`, { kind: 'bearer', token: sandbox.token });
  equal(
    'the right one passes, and is never shown again',
    [credentials.test.outcome, JSON.stringify(credentials).includes(sandbox.token)],
    ['passed', false],
  );
  const test = await admin.post(`${app}/test`, {}, 200);
  equal('the test is a look at one user', [test.outcome, test.request], ['passed', 'GET /Users?count=1']);

  const mistyped = {
    ...attributes,
    mappings: [
      { target: 'timezone', kind: 'expression', expression: 'Switch([country], "Asia/Tokyo"', apply: 'always' },
    ],
  };
  const refused = await admin.put(`${app}/attributes`, mistyped, 400);
  check(
    'an expression with a mistake is refused, and where it is, is told',
    refused.code === 'mapping/expression' &&
      refused.errors[0].field === 'mappings[0].expression' &&
      refused.errors[0].position !== undefined,
    refused,
  );
  await admin.put(`${app}/attributes`, attributes);
  await admin.put(`${app}/rules`, {
    rules: [
      {
        name: 'Sales people',
        enabled: true,
        match: 'all',
        conditions: [{ source: 'department', operator: 'equals', value: 'Sales' }],
        actions: [{ type: 'setEntitlement', kind: 'group', value: SALES_GROUP }],
      },
    ],
  });
  for (const group of [groups.staff, groups.figTeam]) await admin.put(`${app}/assignments/groups/${group}`, {}, 204);
  await admin.put(`${app}/scope`, {
    assignment: 'assigned',
    groups: [
      { id: groups.offices, nested: false },
      { id: groups.figTeam, nested: false },
    ],
    orgUnits: [],
  });
  const never = { suspend: null, hardDelete: null };
  await admin.put(`${app}/deprovisioning`, {
    turnedOff: never,
    suspended: { suspend: 'P1D', hardDelete: 'P7D' },
    deleted: never,
    applyToRunning: false,
  });
  tell(
    'Attributes mapped, one rule, assigned to Plum Staff and Fig Team, limited to Plum Offices and Fig Team; who is deactivated is suspended after a day and deleted after seven.',
  );
};

const expectAccounts = async (sandbox, byHand, inScope) => {
  const accounts = await sandbox.accounts();
  const provisioned = inScope.filter(({ userName }) => userName !== AMELIE);
  sameItems(
    `accounts appear: ${provisioned.length} people of the offices, no bakers, nobody of Fig (not the primary domain), beside the two made by hand`,
    accounts.map(({ userName }) => userName),
    [...provisioned.map(({ userName }) => userName), 'amelie', 'grete'],
  );
  const of = Object.fromEntries(accounts.map((account) => [account.userName, account]));
  const wrong = provisioned.filter(({ userName, country, title, department, familyName }) => {
    const { timezone, userType, preferredLanguage, nickName, active, externalId, name, ...rest } = of[userName];
    const mapped =
      timezone === timezones[country] &&
      userType === 'Employee' &&
      preferredLanguage === 'en-GB' &&
      nickName === userName.split('@')[0];
    return !(
      mapped &&
      active === true &&
      externalId &&
      rest.title === title &&
      rest[ENTERPRISE].department === department &&
      name.familyName === familyName
    );
  });
  equal(
    'each as mapped: direct, constant, default, on create only, and the time zone by the expression',
    wrong.map(({ userName }) => of[userName]),
    [],
  );

  const sales = await sandbox.group(SALES_GROUP);
  const salesPeople = provisioned
    .filter(({ department }) => department === 'Sales')
    .map(({ userName }) => of[userName].id);
  sameItems(
    `the rule put the ${salesPeople.length} sales people into ${SALES_GROUP}, and left grete in it`,
    sales.members.map(({ value }) => value),
    [...salesPeople, byHand.grete.id],
  );
  equal('the two accounts made by hand are as they were', [of.grete, of.amelie], [byHand.grete, byHand.amelie]);
};

const adopt = async ({ admin, app, accountsOf, sandbox, clock }, byHand) => {
  const [waiting] = await accountsOf(AMELIE);
  equal(
    'Amélie’s account waits: somebody else’s matches her',
    [waiting.status, waiting.reason?.code, waiting.match?.remoteId],
    ['failed', 'account/foreign-match', byHand.amelie.id],
  );
  await admin.post(`${app}/accounts/${waiting.id}/adopt`, {}, 200);
  await clock.settled();
  const [adopted] = await accountsOf(AMELIE);
  const account = (await sandbox.accounts()).find(({ id }) => id === byHand.amelie.id);
  equal(
    'Sasha adopts it: now it is hers, with her attributes',
    [adopted.status, adopted.owned, account.userName, account.timezone],
    ['provisioned', true, AMELIE, 'Europe/Amsterdam'],
  );
  equal('what is set on create only was left as it was', account.nickName, 'by hand');
};

/** An app with preset `scim` points at the sandbox; configured, turned on; accounts appear, and what was there by hand stays. */
export const anAppIsTurnedOn = async ({ admin, tenant, sandbox, groups, clock, ids }) => {
  const byHand = await madeByHand(sandbox);
  const since = (await sandbox.requests()).length;
  const mapping = `/mapping/v1/tenants/${tenant.id}`;
  const created = await admin.post(`${mapping}/apps`, { name: 'Sandbox', preset: 'scim' }, 201);
  const app = `${mapping}/apps/${created.id}`;
  equal(
    'the app is a draft that can suspend, delete and manage groups',
    [created.state, created.capabilities.suspend, created.capabilities.hardDelete, created.capabilities.groups],
    ['draft', true, true, true],
  );
  await configure(admin, app, sandbox, groups);
  const inScope = plumPeople.filter(({ department }) => department !== 'Bakery');
  equal('nothing is missing any more', (await admin.get(app)).missing, []);

  const preview = await admin.post(`${app}/initial-cycle?preview=true`, {}, 200);
  equal(
    'a preview says how many accounts would be made, and makes none',
    [preview.counts.create, (await sandbox.accounts()).length],
    [inScope.length, 2],
  );
  const on = await admin.post(`${app}/on`, { confirm: true }, 200);
  equal('the app is turned on', on.state, 'on');
  await clock.settled();
  const accountsOf = (userName) => allItems(admin, `${app}/accounts?user=${ids[userName]}`);
  await expectAccounts(sandbox, byHand, inScope);
  sameItems(
    'Tenure knows an account for each of them and for nobody else',
    (await allItems(admin, `${app}/accounts`)).map(({ userId }) => userId),
    inScope.map(({ userName }) => ids[userName]),
  );
  equal('nobody of Fig has one', (await accountsOf(figPeople[0].userName)).length, 0);
  const creates = writes((await sandbox.requests()).slice(since)).filter(
    ({ method, path }) => method === 'POST' && path.endsWith('/Users'),
  );
  equal('each was created by one request', [creates.length, creates.every(succeeded)], [inScope.length - 1, true]);

  await adopt({ admin, app, accountsOf, sandbox, clock }, byHand);
  return { mapping, app, appId: created.id, accountsOf, salesGroup: SALES_GROUP, byHand };
};
