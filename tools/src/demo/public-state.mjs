import { allItems } from './http.mjs';

const byId = (items) => items.toSorted((one, other) => (one.id < other.id ? -1 : 1));

const withSortedMembers = (group) => ({
  ...group,
  resource: {
    ...group.resource,
    members: group.resource.members?.toSorted((one, other) => (one.value < other.value ? -1 : 1)),
  },
});

const scimUsers = async (scim) => {
  const { Resources } = await scim.get('/Users?startIndex=1&count=100');
  return Resources;
};

/** All that the views answer through the public APIs, in an order of its own. */
export const publicState = async ({ admin, directory, mapping, app, audit, appId, entra, okta }) => ({
  tenant: await admin.get(directory),
  admins: byId(await allItems(admin, `${directory}/admins`)),
  connections: byId(await allItems(admin, `${directory}/connections`)),
  users: byId(await allItems(admin, `${directory}/users`)),
  groups: byId(await allItems(admin, `${directory}/groups?members=true`)).map(withSortedMembers),
  'users as Entra sees them': byId(await scimUsers(entra.scim)),
  'users as Okta sees them': byId(await scimUsers(okta.scim)),
  licences: await admin.get(`${directory}/licences`),
  apps: byId(await allItems(admin, `${mapping}/apps`)),
  'parts of the app’s configuration': await Promise.all(
    ['credentials', 'endpoint', 'attributes', 'scope', 'deprovisioning', 'rules', 'assignments'].map((part) =>
      admin.get(`${app}/${part}`),
    ),
  ),
  accounts: byId(await allItems(admin, `${app}/accounts`)),
  timers: byId(await allItems(admin, `${app}/timers`)),
  usage: (await admin.get(`${audit}/usage?app=${appId}`)).counts,
});

const isObject = (value) => typeof value === 'object' && value !== null;

/** Where two values differ, and how: `3.resource.title: "Baker" → "Cook"`. */
export const differences = (one, other, path = '') => {
  if (!isObject(one) || !isObject(other))
    return one === other ? [] : [`${path}: ${JSON.stringify(one)} → ${JSON.stringify(other)}`];
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return names.flatMap((name) => differences(one[name], other[name], path === '' ? name : `${path}.${name}`));
};
