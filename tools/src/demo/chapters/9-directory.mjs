import { startDirectory } from '../directory.mjs';
import { plumPeople } from '../people.mjs';
import { check, equal, sameItems, tell } from '../story.mjs';

const GRACE = 'grace.okafor@plum.example';
const OMAR = 'omar.haddad@plum.example';
const GROUP = 'Engineers';
const NOBODY = 'cn=nobody';

const engineers = plumPeople.filter(({ department }) => department === 'Engineering').map(({ userName }) => userName);

const configure = async (admin, app, directory, userIds) => {
  await admin.put(`${app}/sso`, { configured: true });
  await admin.put(`${app}/connection`, {
    kind: 'ldap',
    url: directory.url,
    ca: directory.ca,
    base: directory.people,
    template: `uid={uid},${directory.people}`,
    groupBase: directory.groups,
    disable: { kind: 'pwdAccountLockedTime' },
    mark: 'roomNumber',
  });
  await admin.put(`${app}/credentials`, { kind: 'bind', ...directory.service });
  const test = await admin.post(`${app}/test`, {}, 200);
  equal('Tenure signs in over LDAPS, with the certificate checked', test.outcome, 'passed');
  await admin.put(`${app}/rules`, {
    rules: [
      {
        name: GROUP,
        enabled: true,
        match: 'all',
        conditions: [{ source: 'department', operator: 'equals', value: 'Engineering' }],
        actions: [{ type: 'addEntitlement', kind: 'group', value: GROUP }],
      },
    ],
  });
  const now = { suspend: 'PT0S', hardDelete: null };
  await admin.put(`${app}/deprovisioning`, { turnedOff: now, suspended: now, deleted: now, applyToRunning: false });
  for (const userId of userIds) await admin.put(`${app}/assignments/users/${userId}`, {}, 204);
};

/** A second app, of another kind: an OpenLDAP directory (R93). */
export const aDirectoryIsFilled = async ({ admin, mapping, ids, clock, entra, open }) => {
  const directory = await startDirectory(tell);
  if (!directory) return;
  open(directory.stop);
  await directory.addGroup(GROUP, NOBODY);
  const { id } = await admin.post(`${mapping}/apps`, { name: 'Directory', preset: 'openldap' }, 201);
  const app = `${mapping}/apps/${id}`;
  await configure(
    admin,
    app,
    directory,
    engineers.map((userName) => ids[userName]),
  );
  await admin.post(`${app}/on`, { confirm: true }, 200);
  await clock.settled();

  const entries = await directory.entries();
  sameItems(
    `entries appear: the ${engineers.length} engineers, whatever script their names are in`,
    entries.map(({ uid, cn }) => `${uid} ${cn}`),
    plumPeople
      .filter(({ userName }) => engineers.includes(userName))
      .map(({ userName, givenName, familyName }) => `${userName} ${givenName} ${familyName}`),
  );
  sameItems(`all of them members of ${GROUP}, beside who was there before`, await directory.members(GROUP), [
    NOBODY,
    ...entries.map(({ dn }) => dn),
  ]);

  const grace = await directory.entry(GRACE);
  await entra.setTitle(ids[GRACE], 'Chief Technology Officer');
  await entra.setActive(ids[OMAR], false);
  await clock.settled();
  const after = await directory.entry(GRACE);
  equal(
    'Grace’s new title arrives in the entry that she had',
    [after.title, after.entryUUID],
    ['Chief Technology Officer', grace.entryUUID],
  );
  const omar = await directory.entry(OMAR);
  check('Omar leaves: his entry is locked, and still there', omar?.pwdAccountLockedTime !== undefined, omar);
};
