import { client } from './http.mjs';

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const ENTRA_GROUP = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group';
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const where = (filter) => `filter=${encodeURIComponent(filter)}`;
const localPart = (userName) => userName.split('@')[0];

/** What Entra sends in its old dialect: capitalised ops, booleans as strings, references as lists (idp-wire 2.1: E1, E3 to E5, E7, E10 to E12). */
export const entra = (scimUrl, token) => {
  const scim = client(scimUrl, token, 'application/scim+json');
  const patch = (path, operation, expected) =>
    scim.patch(path, { schemas: [PATCH_OP], Operations: [operation] }, expected);
  const references = (ids) => ids.map((value) => ({ $ref: null, value }));
  return {
    scim,
    testConnection: () => scim.get(`/Users?${where(`userName eq "${crypto.randomUUID()}"`)}`),
    find: (userName) => scim.get(`/Users?${where(`userName eq "${userName}"`)}`),
    create: ({ givenName, familyName, userName, title, department, country }, expected = 201) =>
      scim.post(
        '/Users',
        {
          schemas: [USER, ENTERPRISE],
          externalId: localPart(userName),
          userName,
          active: 'True',
          displayName: `${givenName} ${familyName}`,
          title,
          emails: [{ primary: true, type: 'work', value: userName }],
          meta: { resourceType: 'User' },
          name: { formatted: `${givenName} ${familyName}`, familyName, givenName },
          addresses: [{ type: 'work', country, formatted: null, primary: false }],
          roles: [],
          [ENTERPRISE]: { department },
        },
        expected,
      ),
    setManager: (id, managerId) =>
      patch(`/Users/${id}`, { op: 'Add', path: `${ENTERPRISE}:manager`, value: managerId }),
    setDepartment: (id, department) =>
      patch(`/Users/${id}`, { op: 'Replace', path: `${ENTERPRISE}:department`, value: department }),
    setTitle: (id, title) => patch(`/Users/${id}`, { op: 'Replace', path: 'title', value: title }),
    setActive: (id, active) =>
      patch(`/Users/${id}`, { op: 'Replace', path: 'active', value: active ? 'True' : 'False' }),
    delete: (id) => scim.delete(`/Users/${id}`),
    rename: (groupId, displayName) =>
      patch(`/Groups/${groupId}`, { op: 'Replace', path: 'displayName', value: displayName }),
    findGroup: (displayName) =>
      scim.get(`/Groups?excludedAttributes=members&${where(`displayName eq "${displayName}"`)}`),
    createGroup: (displayName) =>
      scim.post(
        '/Groups',
        {
          schemas: [GROUP, ENTRA_GROUP],
          externalId: `group-${displayName}`,
          displayName,
          meta: { resourceType: 'Group' },
        },
        201,
      ),
    addMembers: (groupId, ids) =>
      patch(`/Groups/${groupId}`, { op: 'Add', path: 'members', value: references(ids) }, 204),
    removeMembers: (groupId, ids) =>
      patch(`/Groups/${groupId}`, { op: 'Remove', path: 'members', value: references(ids) }, 204),
  };
};

/** What Okta sends: look up, create, then read and PUT it all back; groups are pushed empty and filled by PATCH (idp-wire 2.2: O2 to O5, O8). */
export const okta = (scimUrl, token) => {
  const scim = client(scimUrl, token, 'application/scim+json; charset=utf-8');
  return {
    scim,
    testConnection: () =>
      Promise.all([scim.get('/Users?startIndex=1&count=2'), scim.get('/Groups?startIndex=1&count=100')]),
    find: (userName) => scim.get(`/Users?${where(`userName eq "${userName}"`)}&startIndex=1&count=100`),
    create: ({ givenName, familyName, userName, title, department }, expected = 201) =>
      scim.post(
        '/Users',
        {
          schemas: [USER, ENTERPRISE],
          userName,
          name: { givenName, familyName },
          emails: [{ primary: true, value: userName, type: 'work' }],
          displayName: `${givenName} ${familyName}`,
          title,
          locale: 'en-US',
          externalId: `00u${localPart(userName)}`,
          groups: [],
          password: 'placeholder-9',
          active: true,
          [ENTERPRISE]: { department },
        },
        expected,
      ),
    update: async (id, changes) => scim.put(`/Users/${id}`, { ...(await scim.get(`/Users/${id}`)), ...changes }, 200),
    pushGroup: async (displayName, members) => {
      const { id } = await scim.post('/Groups', { schemas: [GROUP], displayName, members: [] }, 201);
      const value = members.map((member) => ({ value: member.id, display: member.userName }));
      await scim.patch(`/Groups/${id}`, { schemas: [PATCH_OP], Operations: [{ op: 'add', path: 'members', value }] });
      return id;
    },
  };
};
