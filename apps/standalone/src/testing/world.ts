import { client, type Client } from './client.ts';
import { testSandbox, type TestSandbox } from './sandbox.ts';
import { testSystem } from './system.ts';

export const SCIM_USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const SCIM_GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const TENURE_USER = 'urn:ietf:params:scim:schemas:extension:tenure:2.0:User';
export const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** For comparing what has no order. */
export const sorted = (values: readonly string[]): string[] => values.toSorted();

/** A body of PATCH. */
export const operations = (...Operations: object[]) => ({ schemas: [PATCH_OP], Operations });

/** A person as an identity provider sends one: `ada` is ada@plum.example. */
export const person = (name: string, more: object = {}) => ({
  schemas: [SCIM_USER, ENTERPRISE],
  userName: name.includes('@') ? name : `${name}@plum.example`,
  name: { givenName: name, familyName: 'Plum' },
  displayName: `${name} Plum`,
  emails: [{ type: 'work', primary: true, value: name.includes('@') ? name : `${name}@plum.example` }],
  active: true,
  ...more,
});

/** An identity provider that holds the token of a connection. */
const identityProvider = (id: string, scimUrl: string, token: string) => {
  const scim = client(scimUrl, token, 'application/scim+json');
  return {
    id,
    scimUrl,
    token,
    scim,
    /** Creates a person, and answers their id. */
    hire: async (name: string, more: object = {}): Promise<string> =>
      (await scim.ok('POST', '/Users', person(name, more))).id,
    set: (userId: string, ...changes: object[]) => scim.ok('PATCH', `/Users/${userId}`, operations(...changes)),
    setActive: (userId: string, active: boolean) =>
      scim.ok('PATCH', `/Users/${userId}`, operations({ op: 'replace', path: 'active', value: active })),
    group: async (displayName: string, ...members: string[]): Promise<string> =>
      (
        await scim.ok('POST', '/Groups', {
          schemas: [SCIM_GROUP],
          displayName,
          members: members.map((value) => ({ value })),
        })
      ).id,
    join: (groupId: string, ...members: string[]) =>
      scim.ok(
        'PATCH',
        `/Groups/${groupId}`,
        operations({ op: 'add', path: 'members', value: members.map((value) => ({ value })) }),
      ),
    leave: (groupId: string, member: string) =>
      scim.ok('PATCH', `/Groups/${groupId}`, operations({ op: 'remove', path: `members[value eq "${member}"]` })),
  };
};
export type IdentityProvider = ReturnType<typeof identityProvider>;

/** What a tenant is made in: the system in one process, or in several, each with an address of its own. */
export type Addressed = { root: () => Client; url: (segment: string) => string };

/** A tenant with somebody for each role. Everything is asked of paths below `/directory/v1/tenants/{t}` and `/mapping/v1/tenants/{t}`. */
export const makeTenant = async (system: Addressed, name = 'Plum', more: object = {}) => {
  const root = system.root();
  const profile = {
    name,
    primaryDomain: 'plum.example',
    domains: ['plum.example', 'fig.example'],
    sso: { configured: true, providers: [{ id: 'idp', name: 'The IdP' }] },
    ...more,
  };
  const { id } = await root.ok('POST', '/directory/v1/tenants', profile);
  const directoryPath = `/directory/v1/tenants/${id}`;
  const admins: Record<string, { id: string; key: string; userId: string }> = {};
  const addAdmin = async (
    email: string,
    role: string,
    by: Client = root,
  ): Promise<{ id: string; key: string; userId: string }> => by.ok('POST', `${directoryPath}/admins`, { email, role });
  admins.sue = await addAdmin('sue@plum.example', 'super_admin');
  const api = (segment: string, key: string) => client(`${system.url(segment)}/${segment}/v1/tenants/${id}`, key);
  const as = (key: string) => ({
    directory: api('directory', key),
    mapping: api('mapping', key),
    audit: api('audit', key),
  });
  const sue = as(admins.sue.key);

  /** A connection that is enabled, and the identity provider at its other end. */
  const connect = async (profileName = 'generic', settings: object = {}): Promise<IdentityProvider> => {
    const connection = await sue.directory.ok('POST', '/connections', {
      name: `The ${profileName} connection`,
      identityProviderId: 'idp',
      profile: profileName,
      settings,
    });
    const { token, scimUrl } = await sue.directory.ok('POST', `/connections/${connection.id}/token`, {});
    await sue.directory.ok('POST', `/connections/${connection.id}/enable`);
    return identityProvider(connection.id, scimUrl, token);
  };

  return {
    id,
    profile,
    directoryPath,
    ...sue,
    superAdmin: admins.sue,
    addAdmin: (email: string, role: string) => addAdmin(email, role, client(system.url('directory'), admins.sue!.key)),
    as,
    connect,
  };
};
export type Tenant = Awaited<ReturnType<typeof makeTenant>>;

/** What a test does with an app of a tenant. */
export const appOf = (mapping: Client, id: string) => {
  const path = `/apps/${id}`;
  return {
    id,
    path,
    assign: async (kind: 'users' | 'groups' | 'roles', ...ids: string[]) => {
      for (const each of ids) await mapping.ok('PUT', `${path}/assignments/${kind}/${each}`, {});
    },
    turnOn: () => mapping.ok('POST', `${path}/on`, { confirm: true }),
    turnOff: () => mapping.ok('POST', `${path}/off`, { confirm: true }),
    get: () => mapping.ok('GET', path),
    accounts: async (query = ''): Promise<any[]> =>
      (await mapping.ok('GET', `${path}/accounts?limit=1000&${query}`)).items,
    accountOf: async (userId: string): Promise<any> =>
      (await mapping.ok('GET', `${path}/accounts?user=${userId}`)).items[0],
    timers: async (query = ''): Promise<any[]> => (await mapping.ok('GET', `${path}/timers?limit=1000&${query}`)).items,
    /** What an admin does with an account. */
    act: (account: { id: string }, what: string, body?: object) =>
      mapping.post(`${path}/accounts/${account.id}/${what}`, body),
  };
};

/** An app of a tenant that provisions into the sandbox. `complete` = everything set but not turned on. */
export const makeApp = async (
  { mapping }: Tenant,
  sandbox: Pick<TestSandbox, 'scimUrl' | 'token'>,
  {
    preset = 'scim',
    ...more
  }: { preset?: string; attributes?: object; deprovisioning?: object; scope?: object; rules?: object[] } = {},
) => {
  const { id } = await mapping.ok('POST', '/apps', { name: `Sandbox ${preset}`, preset });
  const path = `/apps/${id}`;
  await mapping.ok('PUT', `${path}/sso`, { configured: true });
  await mapping.ok('PUT', `${path}/endpoint`, { url: sandbox.scimUrl });
  await mapping.ok('PUT', `${path}/credentials`, { kind: 'bearer', token: sandbox.token });
  await mapping.ok('POST', `${path}/test`);
  if (more.attributes) await mapping.ok('PUT', `${path}/attributes`, more.attributes);
  if (more.deprovisioning) await mapping.ok('PUT', `${path}/deprovisioning`, more.deprovisioning);
  if (more.scope) await mapping.ok('PUT', `${path}/scope`, more.scope);
  if (more.rules) await mapping.ok('PUT', `${path}/rules`, { rules: more.rules });
  return appOf(mapping, id);
};
export type TestApp = Awaited<ReturnType<typeof makeApp>>;

/** The whole system, and an application to provision into. */
export const testWorld = async (...options: Parameters<typeof testSystem>) => {
  const [system, sandbox] = await Promise.all([testSystem(...options), testSandbox()]);
  return {
    ...system,
    sandbox,
    /** A tenant with one identity provider and an app that is set up, not yet on. */
    office: async (options: Parameters<typeof makeApp>[2] = {}) => {
      const tenant = await makeTenant(system);
      const idp = await tenant.connect();
      return { ...tenant, tenant, idp, app: await makeApp(tenant, sandbox, options) };
    },
    close: async () => {
      await system.close();
      await sandbox.close();
    },
  };
};
export type World = Awaited<ReturnType<typeof testWorld>>;
