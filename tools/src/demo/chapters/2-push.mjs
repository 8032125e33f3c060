import { allItems } from '../http.mjs';
import { ENTERPRISE } from '../identity-providers.mjs';
import { figPeople, plumPeople } from '../people.mjs';
import { check, equal, sameItems, tell } from '../story.mjs';

/** Looks each person up, finds nobody and creates them: what every identity provider does. */
const createAll = async (provider, people) => {
  const made = {};
  for (const person of people) {
    const found = await provider.find(person.userName);
    if (found.totalResults !== 0) throw new Error(`${person.userName} was there before: ${JSON.stringify(found)}`);
    made[person.userName] = await provider.create(person);
  }
  return made;
};

const fullName = ({ givenName, familyName }) => `${givenName} ${familyName}`;

const entraPushes = async (entra) => {
  const nobody = await entra.testConnection();
  equal(
    'Entra tests its connection: a random userName finds nobody, with 200',
    [nobody.totalResults, nobody.Resources ?? []],
    [0, []],
  );

  const made = await createAll(entra, plumPeople);
  for (const { userName, manager } of plumPeople)
    if (manager) await entra.setManager(made[userName].id, made[manager].id);
  tell(
    `Entra created ${plumPeople.length} people, with "True" for true, and gave each a manager with a capitalised Add.`,
  );

  const pages = [];
  for (let startIndex = 1; ; startIndex += 7) {
    const page = await entra.scim.get(`/Users?startIndex=${startIndex}&count=7`);
    if (!page.Resources?.length) break;
    pages.push(...page.Resources);
  }
  sameItems(
    'page by page, seven at a time, Entra sees everybody once',
    pages.map(({ userName }) => userName),
    plumPeople.map(({ userName }) => userName),
  );

  const hina = (await entra.find('HINA.SATO@PLUM.EXAMPLE')).Resources[0];
  equal(
    'a filter in capitals right after finds Hina, with her name and manager as they were sent',
    [hina.name.givenName, hina.name.familyName, hina.active, hina[ENTERPRISE].manager.value],
    ['陽菜', '佐藤', true, made['zoe.mueller@plum.example'].id],
  );
  const names = new Set(pages.map(({ displayName }) => displayName));
  check(
    'names in Japanese, Ukrainian, Greek, Hebrew, Arabic and Hindi came through',
    plumPeople.every((person) => names.has(fullName(person))),
    [...names],
  );

  const refused = await entra.create(plumPeople[1], 409);
  equal('Ada can’t be created twice: 409, uniqueness', [refused.status, refused.scimType], ['409', 'uniqueness']);
  const again = await entra.setDepartment(hina.id, 'Sales');
  equal('sending a value that is there already changes nothing', again.meta.version, hina.meta.version);
  return made;
};

const entraPushesGroups = async (entra, made) => {
  const push = async (displayName, people) => {
    const found = await entra.findGroup(displayName);
    if (found.totalResults !== 0) throw new Error(`${displayName} was there before.`);
    const { id } = await entra.createGroup(displayName);
    const ids = people.map(({ userName }) => made[userName].id);
    for (let from = 0; from < ids.length; from += 10) await entra.addMembers(id, ids.slice(from, from + 10));
    return id;
  };
  const staff = await push('Plum Staff', plumPeople);
  const offices = await push('Plum Offices', plumPeople);
  await entra.removeMembers(
    offices,
    plumPeople.filter(({ department }) => department === 'Bakery').map(({ userName }) => made[userName].id),
  );
  const group = await entra.scim.get(`/Groups/${offices}`);
  equal(
    'Entra filled two groups, and took three bakers out of one in its old way, which removes only those it names',
    group.members.length,
    plumPeople.length - 3,
  );
  return { staff, offices };
};

const oktaPushes = async (okta) => {
  await okta.testConnection();
  const made = await createAll(okta, figPeople);
  tell(`Okta looked up and created ${figPeople.length} people of Fig, the company that was bought.`);
  const marcus = made['marcus@fig.example'];
  const changed = await okta.update(marcus.id, { title: 'Regional Head of Sales' });
  const same = await okta.update(marcus.id, {});
  check(
    'Okta reads Marcus, changes his title and PUTs all of it back; the same again changes nothing',
    changed.title === 'Regional Head of Sales' &&
      changed.meta.version !== marcus.meta.version &&
      same.meta.version === changed.meta.version,
    [marcus.meta, changed.meta, same.meta],
  );
  check(
    'his password is never shown',
    [marcus, changed, same].every((user) => user.password === undefined),
    changed,
  );

  const all = await okta.scim.get('/Users?startIndex=1&count=100');
  equal(
    'Okta sees the ten it made, and nobody of Entra’s',
    [all.totalResults, (await okta.find('ada.lindqvist@plum.example')).totalResults],
    [figPeople.length, 0],
  );
  const refused = await okta.create({ ...figPeople[0], userName: 'ada.lindqvist@plum.example' }, 409);
  check(
    'Okta may not create Ada either, and is not told who has the name',
    !JSON.stringify(refused).includes('"id"'),
    refused,
  );
  const team = await okta.pushGroup('Fig Team', Object.values(made));
  return { made, team };
};

/** Entra tests its connection, creates people and a group, adds members, in its old dialect; Okta looks up, creates, updates with PUT. */
export const identityProvidersPush = async ({ admin, directory, entra, okta, clock }) => {
  const plum = await entraPushes(entra);
  const { staff, offices } = await entraPushesGroups(entra, plum);
  const fig = await oktaPushes(okta);
  await clock.settled();

  const users = await allItems(admin, `${directory}/users`);
  equal('Sasha’s list shows forty people beside herself', users.length, plumPeople.length + figPeople.length + 1);
  const ids = Object.fromEntries(Object.entries({ ...plum, ...fig.made }).map(([userName, { id }]) => [userName, id]));
  return { ids, groups: { staff, offices, figTeam: fig.team } };
};
