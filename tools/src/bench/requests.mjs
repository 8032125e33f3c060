const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

const patch = (operation) => JSON.stringify({ schemas: [PATCH_OP], Operations: [operation] });

/** A person as identity providers send one. `<name>` is filled in per request. */
const user = JSON.stringify({
  schemas: [USER, ENTERPRISE],
  externalId: '<name>',
  userName: '<name>@plum.example',
  active: true,
  displayName: 'Ada Lindqvist',
  title: 'Account Manager',
  emails: [{ primary: true, type: 'work', value: '<name>@plum.example' }],
  name: { formatted: 'Ada Lindqvist', familyName: 'Lindqvist', givenName: 'Ada' },
  addresses: [{ type: 'work', country: 'Netherlands', primary: true }],
  [ENTERPRISE]: { department: 'Sales' },
});

/** The requests that are measured; `<…>` are the places that values fill. */
export const scim = {
  createUser: { method: 'POST', path: '/Users', body: user },
  getUser: { method: 'GET', path: '/Users/<id>' },
  findUser: { method: 'GET', path: '/Users?filter=userName%20eq%20%22<name>%40plum.example%22' },
  setActive: {
    method: 'PATCH',
    path: '/Users/<id>',
    body: patch({ op: 'replace', path: 'active', value: '<active>' }).replace('"<active>"', '<active>'),
  },
  addMember: {
    method: 'PATCH',
    path: '/Groups/<id>',
    body: patch({ op: 'add', path: 'members', value: [{ value: '<member>' }] }),
  },
  removeMember: {
    method: 'PATCH',
    path: '/Groups/<id>',
    body: patch({ op: 'remove', path: 'members[value eq "<member>"]' }),
  },
  group: (displayName, ids) => ({ schemas: [GROUP], displayName, members: ids.map((value) => ({ value })) }),
};

/** The same to the limit: one insert of what would be stored, one indexed select. */
export const limit = {
  insert: { method: 'POST', path: '/resources', body: user },
  byId: { method: 'GET', path: '/resources/<id>' },
  byName: { method: 'GET', path: '/resources?name=<name>%40plum.example' },
};
