import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { streamName } from '@tenure/eventing';
import { parseFilter, profiles, userType, type JsonObject } from '@tenure/scim';
import { TENANT, testDirectory, type TestDirectory } from '../testing/test-directory.ts';

describe('commands of users', () => {
  let directory: TestDirectory;
  beforeAll(async () => {
    directory = await testDirectory();
    directory.connect('entra');
    directory.connect('okta', { unassign: 'deactivate' });
  });
  afterAll(() => directory.close());

  const filtered = async (filter: string, connectionId = 'entra') => {
    const policy = await directory.policies.policyOf(TENANT, connectionId);
    const parsed = parseFilter(filter, userType, policy.settings);
    const { items } = await directory.queries.list(
      TENANT,
      { kind: 'connection', policy },
      { filter: parsed, page: { count: 10, withTotal: true } },
    );
    return items.map(({ resource }) => resource.userName);
  };
  const patch = (key: string, operations: JsonObject[], more: JsonObject = {}, connectionId = 'entra') =>
    directory.users.patch(directory.message({ operations, ...more }, { key, connectionId }), {});
  const replace = (path: string, value: JsonObject[string]) => ({ op: 'replace', path, value });

  it('answer a create with all that a reply needs, and a filter right after sees the user', async () => {
    const reply = await directory.createUser('Ada@Plum.example', {
      connectionId: 'entra',
      externalId: 'ada-1',
      emails: [{ type: 'work', value: 'ada@plum.example' }],
    });
    expect(reply).toMatchObject({
      revision: 1,
      created: true,
      accountType: 'provisionedManaged',
      connectionId: 'entra',
      resource: { userName: 'Ada@Plum.example', active: true },
      createdAt: '2026-01-05T09:00:00.000Z',
      lastModified: '2026-01-05T09:00:00.000Z',
    });
    for (const filter of [
      'userName eq "ADA@plum.example"',
      'externalId eq "ada-1"',
      'emails[type eq "work"].value eq "ADA@plum.example"',
      `id eq "${reply.id}"`,
    ])
      expect(await filtered(filter)).toEqual(['Ada@Plum.example']);
    expect(directory.failures).toEqual([]);
  });

  it('refuse a userName that is taken in the tenant, whatever its case, without telling by whom (decision 14)', async () => {
    await directory.createUser('bea@plum.example', { connectionId: 'entra' });
    await expect(directory.createUser('BEA@plum.example', { connectionId: 'okta' })).rejects.toMatchObject({
      kind: 'taken',
      code: 'user/name-taken',
    });
  });

  it('let several users of a connection have one externalId (RFC 7643 §3.1)', async () => {
    await directory.createUser('cy@plum.example', { connectionId: 'entra', externalId: 'x-1' });
    await directory.createUser('cyd@plum.example', { connectionId: 'entra', externalId: 'x-1' });
    expect((await filtered('externalId eq "x-1"')).toSorted((a, b) => (String(a) < String(b) ? -1 : 1))).toEqual([
      'cy@plum.example',
      'cyd@plum.example',
    ]);
  });

  it('refuse an externalId that is taken in the connection, not in another, where it is unique (C17)', async () => {
    directory.connect('unique', { uniqueExternalId: true });
    const { id } = await directory.createUser('cleo@plum.example', { connectionId: 'unique', externalId: 'x-1' });
    const taken = { kind: 'taken', code: 'user/external-id-taken' };
    const create = (name: string) =>
      directory.createUser(`${name}@plum.example`, { connectionId: 'unique', externalId: 'x-1' });
    await expect(create('clea')).rejects.toMatchObject(taken);
    const other = await directory.createUser('clio@plum.example', { connectionId: 'unique', externalId: 'x-2' });
    await expect(patch(other.id, [replace('externalId', 'x-1')], {}, 'unique')).rejects.toMatchObject(taken);
    await patch(id, [replace('externalId', 'x-3')], {}, 'unique');
    expect(await create('clea')).toMatchObject({ created: true });
  });

  it('keep duplicates from before an externalId became unique, and make no more', async () => {
    directory.connect('shared');
    const create = (name: string) =>
      directory.createUser(`${name}@plum.example`, { connectionId: 'shared', externalId: 'd-1' });
    const { id } = await create('dora');
    await create('dorie');
    directory.connect('shared', { uniqueExternalId: true });
    expect(await patch(id, [replace('active', false)], {}, 'shared')).toMatchObject({ resource: { active: false } });
    await expect(create('doreen')).rejects.toMatchObject({ code: 'user/external-id-taken' });
    directory.connect('shared');
    expect(await create('doreen')).toMatchObject({ created: true });
  });

  it('release a claim of before when the externalId is unique no longer', async () => {
    const unique = directory.connect('released', { uniqueExternalId: true });
    const create = (name: string) =>
      directory.createUser(`${name}@plum.example`, { connectionId: 'released', externalId: 'e-1' });
    const { id } = await create('edna');
    directory.connect('released');
    await directory.users.delete(directory.message({}, { key: id, connectionId: 'released' }), directory.context());
    directory.connect('released', unique.settings);
    expect(await create('edwin')).toMatchObject({ created: true });
  });

  it('reactivate by a POST the only user with its externalId, and create where several have it (C10)', async () => {
    directory.connect('okta-like', { reactivateOnCreate: true });
    const create = (name: string, externalId: string) =>
      directory.createUser(`${name}@plum.example`, { connectionId: 'okta-like', externalId });
    const { id } = await create('fay', 'f-1');
    await patch(id, [replace('active', false)], {}, 'okta-like');
    expect(await create('fay.new', 'f-1')).toMatchObject({
      id,
      resource: { userName: 'fay.new@plum.example', active: true },
    });
    const [flo, fred] = [await create('flo', 'f-2'), await create('fred', 'f-2')];
    await patch(flo.id, [replace('active', false)], {}, 'okta-like');
    await patch(fred.id, [replace('active', false)], {}, 'okta-like');
    const created = await create('fritz', 'f-2');
    expect([flo.id, fred.id]).not.toContain(created.id);
  });

  it('free the userName of a deleted user, who is 404 from then on', async () => {
    const { id } = await directory.createUser('dan@plum.example', { connectionId: 'entra' });
    const remove = () =>
      directory.users.delete(directory.message({}, { key: id, connectionId: 'entra' }), directory.context());
    await remove();
    expect(await filtered('userName eq "dan@plum.example"')).toEqual([]);
    await expect(remove()).rejects.toMatchObject({ code: 'user/unknown' });
    await expect(directory.createUser('dan@plum.example', { connectionId: 'entra' })).resolves.toMatchObject({
      created: true,
    });
  });

  it('leave version and time alone where nothing changes', async () => {
    const { id } = await directory.createUser('eve@plum.example', { connectionId: 'entra', title: 'Baker' });
    directory.time.now = '2026-01-06T09:00:00.000Z';
    expect(await patch(id, [replace('title', 'Baker')])).toMatchObject({
      revision: 1,
      lastModified: '2026-01-05T09:00:00.000Z',
    });
    expect(await patch(id, [replace('title', 'Miller')])).toMatchObject({
      revision: 2,
      createdAt: '2026-01-05T09:00:00.000Z',
      lastModified: '2026-01-06T09:00:00.000Z',
    });
    directory.time.now = '2026-01-05T09:00:00.000Z';
  });

  it('honour If-Match', async () => {
    const { id } = await directory.createUser('fay@plum.example', { connectionId: 'entra' });
    await expect(patch(id, [replace('title', 'Miller')], { ifMatch: [7] })).rejects.toMatchObject({ kind: 'stale' });
    await expect(patch(id, [replace('title', 'Miller')], { ifMatch: [1] })).resolves.toMatchObject({ revision: 2 });
  });

  it('lose nothing when fifty PATCHes of one user arrive at once (decision 5)', async () => {
    const { id } = await directory.createUser('gus@plum.example', { connectionId: 'entra' });
    const values = Array.from({ length: 50 }, (_, index) => `+3161234${index}`);
    await Promise.all(
      values.map((value) => patch(id, [{ op: 'add', path: 'phoneNumbers', value: [{ type: 'other', value }] }])),
    );
    const user = await directory.queries.get(TENANT, { kind: 'admin' }, id);
    expect(user?.revision).toBe(51);
    expect((user!.resource.phoneNumbers as { value: string }[]).map(({ value }) => value).sort()).toEqual(
      values.sort(),
    );
  });

  it('answer a repeated command with the state after its event', async () => {
    const { id } = await directory.createUser('hal@plum.example', { connectionId: 'entra' });
    const message = directory.message({ operations: [replace('title', 'Baker')] }, { key: id, connectionId: 'entra' });
    const context = directory.context();
    await directory.users.patch(message, context);
    await patch(id, [replace('title', 'Miller')]);
    expect(await directory.users.patch(message, context)).toMatchObject({ revision: 2, resource: { title: 'Baker' } });
    expect((await directory.store.read(streamName('user', TENANT, id))).length).toBe(3);
  });

  it('link and reactivate by a POST whom the connection unassigned (R19)', async () => {
    const { id } = await directory.createUser('ida@plum.example', { connectionId: 'okta', externalId: 'ida-1' });
    await directory.users.delete(directory.message({}, { key: id, connectionId: 'okta' }), directory.context());
    expect(await filtered('userName eq "ida@plum.example"', 'okta')).toEqual([]);
    expect(await directory.queries.get(TENANT, { kind: 'admin' }, id)).toMatchObject({
      active: false,
      connectionId: null,
    });
    const reply = await directory.createUser('ida@plum.example', { connectionId: 'okta', externalId: 'ida-2' });
    expect(reply).toMatchObject({
      id,
      created: true,
      connectionId: 'okta',
      resource: { active: true, externalId: 'ida-2' },
      groups: [],
    });
    expect(await filtered('userName eq "ida@plum.example"', 'okta')).toEqual(['ida@plum.example']);
  });

  it('answer a repeated POST that revived somebody as the first time', async () => {
    const { id } = await directory.createUser('ivy@plum.example', { connectionId: 'okta' });
    await directory.users.delete(directory.message({}, { key: id, connectionId: 'okta' }), directory.context());
    const resource = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'ivy@plum.example' };
    const post = directory.message({ resource }, { connectionId: 'okta' });
    const first = await directory.users.create(post, directory.context());
    expect(await directory.users.create(post, directory.context())).toEqual(first);
    expect(first).toMatchObject({ id, created: true, revision: 5 });
  });

  it('leave an account that is not eligible untouched (R10)', async () => {
    const { id } = await directory.createUser('jo@plum.example');
    expect(await filtered('userName eq "jo@plum.example"')).toEqual([]);
    await expect(patch(id, [replace('title', 'Baker')])).rejects.toMatchObject({ code: 'user/unseen' });
    await expect(directory.createUser('jo@plum.example', { connectionId: 'entra' })).rejects.toMatchObject({
      code: 'user/name-taken',
    });
  });

  it('let an admin make it managed, and the next write of the connection link it (R15)', async () => {
    const { id } = await directory.createUser('kit@plum.example');
    await directory.users.patch(
      directory.message({ operations: [], accountType: 'managed' }, { key: id }),
      directory.context(),
    );
    expect(await filtered('userName eq "kit@plum.example"')).toEqual(['kit@plum.example']);
    expect(await patch(id, [replace('title', 'Baker')])).toMatchObject({
      accountType: 'provisionedManaged',
      connectionId: 'entra',
      revision: 4,
    });
  });

  it('keep the issuer of a living token as they are, and say which token (R7, R65)', async () => {
    const { id } = await directory.createUser('lea@plum.example', { connectionId: 'entra' });
    directory.tokens.set(id, { connectionId: 'entra', connectionName: 'Entra' });
    await expect(patch(id, [replace('active', false)])).rejects.toMatchObject({
      kind: 'conflict',
      code: 'user/token-issuer',
      message: expect.stringContaining('Entra'),
    });
    await expect(patch(id, [replace('title', 'Baker')])).resolves.toMatchObject({ revision: 2 });
    directory.tokens.delete(id);
    await expect(patch(id, [replace('active', false)])).resolves.toMatchObject({ resource: { active: false } });
  });

  it('refuse writes of a disabled connection (R9)', async () => {
    directory.connect('off', {}, { enabled: false });
    await expect(directory.createUser('max@plum.example', { connectionId: 'off' })).rejects.toMatchObject({
      kind: 'forbidden',
      code: 'connection/disabled',
    });
  });

  it('keep a password out of events, and its repetition from being a change', async () => {
    const { id } = await directory.createUser('nia@plum.example', { connectionId: 'entra', password: 'placeholder-9' });
    expect(await patch(id, [replace('password', 'placeholder-9')])).toMatchObject({ revision: 1 });
    expect(await patch(id, [replace('password', 'another-10')])).toMatchObject({ revision: 2 });
    const stored = await directory.store.read(streamName('user', TENANT, id));
    expect(stored.at(-1)?.data).toMatchObject({ changed: ['password'] });
    expect(await directory.queries.findByName(TENANT, 'nia@plum.example')).toMatchObject({
      passwordId: stored.at(-1)?.data.passwordId,
      resource: expect.not.objectContaining({ password: expect.anything() }),
    });
  });

  it('create at a first sign-in and find at the next (R23)', async () => {
    const signIn = () =>
      directory.users.ensure(
        directory.message({ resource: { schemas: [], userName: 'oda@plum.example' }, origin: 'jit' }),
        directory.context(),
      );
    const both = await Promise.all([signIn(), signIn()]);
    expect(both.filter(({ created }) => created)).toHaveLength(1);
    expect(both[0]!.id).toBe(both[1]!.id);
    expect(await signIn()).toEqual({ id: both[0]!.id, created: false });
  });

  it('reject what the protocol refuses with its scimType', async () => {
    const { id } = await directory.createUser('pam@plum.example', { connectionId: 'entra' });
    directory.connect('strict', profiles.strict);
    await expect(patch(id, [{ op: 'replace', path: 'nothing', value: 1 }])).rejects.toMatchObject({
      code: 'scim/invalidPath',
    });
  });
});
