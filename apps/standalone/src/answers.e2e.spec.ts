import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { client } from './testing/client.ts';
import { testSystem, type TestSystem } from './testing/system.ts';
import { makeTenant, operations, person, type IdentityProvider, type Tenant } from './testing/world.ts';

let system: TestSystem;
let plum: Tenant;
let idp: IdentityProvider;
beforeAll(async () => {
  system = await testSystem();
  plum = await makeTenant(system);
  idp = await plum.connect();
});
afterAll(() => system?.close());

describe('X-Request-Id', () => {
  it('is on every answer, and is the one that came where that is sane', async () => {
    const paths = ['/health/live', '/nothing', '/directory/v1/%zz', `${plum.directoryPath}/users`, '/openapi.json'];
    for (const path of paths) {
      const { headers } = await client(system.url()).get(path);
      expect([path, headers.get('x-request-id')]).toEqual([path, expect.stringMatching(/^[\w-]{36}$/)]);
    }
    const given = async (id: string, url = idp.scimUrl) =>
      (await client(url, idp.token).get('/Users', { 'x-request-id': id })).headers.get('x-request-id');
    expect(await given('req-1')).toBe('req-1');
    expect(await given('req-2', `${system.url()}/nothing`)).toBe('req-2');
    for (const insane of ['x'.repeat(129), 'a b', 'ada@plum.example', '<script>'])
      expect(await given(insane)).toMatch(/^[\w-]{36}$/);
  });

  it('is what the audit correlates by', async () => {
    const headers = { 'x-request-id': 'hire-of-zoe' };
    const { body } = await idp.scim.post('/Users', person('zoe'), headers);
    await system.settled();
    const { items } = await plum.audit.ok('GET', `/entries?user=${body.id}`);
    expect(items[0].because.correlationId).toBe('hire-of-zoe');
  });

  it('of a 500 is in the body and in the log', async () => {
    await system.database.query('alter table audit.ledger rename to ledger_gone');
    const failed = await plum.audit.get('/entries', { 'x-request-id': 'will-fail' });
    await system.database.query('alter table audit.ledger_gone rename to ledger');
    expect(failed).toMatchObject({
      status: 500,
      body: { code: 'internal', requestId: 'will-fail', detail: expect.not.stringContaining('ledger') },
    });
    expect(failed.headers.get('x-request-id')).toBe('will-fail');
    const lines = system.logged.map((line) => JSON.parse(line)).filter(({ requestId }) => requestId === 'will-fail');
    expect(lines).toEqual([expect.objectContaining({ msg: 'A request failed', err: expect.anything() })]);
  });
});

describe('what is said', () => {
  it('of a wrong body names each field in plain words', async () => {
    const { body } = await plum.mapping.post('/apps', { preset: 'sap', colour: 'red' });
    expect(body.errors).toEqual(
      expect.arrayContaining([
        { field: 'name', message: 'Required.' },
        { field: 'preset', message: expect.stringMatching(/^Must be one of "/) },
        { field: '', message: 'Unknown field: "colour".' },
      ]),
    );
    expect((await plum.mapping.post('/apps')).body.detail).toBe('A JSON body is required.');
  });

  it('of a method that a path has not names those it has', async () => {
    const answer = await plum.mapping.delete('/apps');
    expect(answer).toMatchObject({ status: 405, body: { code: 'http/405' } });
    expect(answer.body.detail).toBe('Method not allowed. Allowed: POST, GET, HEAD.');
    expect(answer.headers.get('allow')).toBe('POST, GET, HEAD');
    expect((await idp.scim.put('/Users', {})).body.detail).toBe('Method not allowed. Allowed: GET, POST.');
  });

  it('of a role names roles that there are', async () => {
    const auditor = await plum.addAdmin('gil@plum.example', 'auditor');
    const { directory, mapping } = plum.as(auditor.key);
    const detail = async (asked: Promise<{ body: any }>) => (await asked).body.detail;
    expect(await detail(directory.post('/admins', {}))).toBe(
      'Requires the role super_admin; this key has the role auditor.',
    );
    expect(await detail(mapping.post('/apps', {}))).toBe(
      'Requires the role super_admin; this key has the role auditor.',
    );
    expect(await detail(directory.post('/users', {}))).toBe('Requires the role admin; this key has the role auditor.');
    expect(await detail(client(system.url(), auditor.key).get('/clock'))).toBe(
      'Requires the root key; this key has the role auditor.',
    );
    expect(await detail(system.root().get(`${plum.directoryPath}/users`))).toBe(
      'Requires the role auditor; this is the root key.',
    );
  });

  it('R20: of a change to a group has the group, in the profile generic, and none where an IdP wants none', async () => {
    const rename = operations({ op: 'replace', path: 'displayName', value: 'Renamed' });
    const id = await idp.group('Before');
    const answer = await idp.scim.patch(`/Groups/${id}`, rename);
    expect(answer).toMatchObject({ status: 200, body: { id, displayName: 'Renamed' } });
    expect(answer.headers.get('content-type')).toBe('application/scim+json');
    const entra = await plum.connect('entra');
    const other = await entra.group('Before');
    expect(await entra.scim.patch(`/Groups/${other}`, rename)).toMatchObject({ status: 204, text: '' });
  });

  it('of SCIM and of problems has a type without a charset', async () => {
    for (const { headers } of [
      await idp.scim.get('/Users'),
      await idp.scim.get('/Users/nobody'),
      await idp.scim.get('/Schemas'),
    ])
      expect(headers.get('content-type')).toBe('application/scim+json');
    expect((await plum.directory.get('/users/nobody')).headers.get('content-type')).toBe('application/problem+json');
  });
});

describe('the JSON APIs refuse', () => {
  it.each([
    ['/users?limit=0', 'limit'],
    ['/users?limit=1e400', 'limit'],
    ['/users?cursor=forged', 'cursor', 'cursor/invalid'],
    ['/users?colour=red', '', 'request/invalid'],
    ['/app-roles?colour=red', 'colour'],
    ['/users/{ada}?asOf=0000-01-01T00:00:00Z', 'asOf'],
    ['/users/{ada}?asOf=9999-12-31T23:59:59-14:00', 'asOf'],
    ['/users/{ada}/history?cursor=99999999999', 'cursor', 'cursor/invalid'],
    ['/users/%00', 'id'],
  ])('%s', async (path, field, code = 'request/invalid') => {
    const ada = await idp.hire(`ada-${Math.random()}`);
    const { status, body } = await plum.directory.get(path.replace('{ada}', ada));
    expect({ status, code: body.code, field: body.errors?.[0]?.field }).toEqual({ status: 400, code, field });
  });

  it.each([
    ['audit', '/entries?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z', 'from'],
    ['audit', '/entries?type=Nonsense', 'type'],
    ['audit', '/entries?outcome=maybe', 'outcome'],
    ['audit', '/entries?cursor=%F0%9F%92%A5', 'cursor'],
    ['mapping', '/accounts?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z', 'from'],
    ['mapping', '/accounts?status=odd', 'status'],
    ['mapping', '/timers?dueBefore=%2B275760-09-13T00:00:00.000Z', 'dueBefore'],
  ] as const)('%s %s', async (api, path, field) => {
    const { status, body } = await plum[api].get(path);
    expect({ status, field: body.errors?.[0]?.field }).toEqual({ status: 400, field });
  });

  it.each(['P1M', 'P1Y', 'P1Y2M'])('a window of %s, whose length varies', async (window) => {
    const { id } = await plum.mapping.ok('POST', '/apps', { name: 'App', preset: 'scim' });
    const { status, body } = await plum.mapping.put(`/apps/${id}/threshold`, { percent: 10, window });
    expect({ status, errors: body.errors }).toEqual({
      status: 400,
      errors: [{ field: 'window', message: expect.stringContaining('Months and years are refused') }],
    });
  });
});
