import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Database } from '@tenure/database';
import { grantReadTokens } from '@tenure/sealing';
import { directoryQueries } from '../directory.ts';
import { testTenancy, type TestTenancy } from '../testing/test-tenancy.ts';
import { grantReadDirectory } from './view-grants.ts';

describe('a role that may only read the directory (decision 13)', () => {
  let tenancy: TestTenancy;
  const suffix = randomBytes(4).toString('hex');
  const [gateway, audit] = [`gateway_${suffix}`, `audit_${suffix}`];
  const denied = /permission denied/;

  beforeAll(async () => {
    tenancy = await testTenancy();
    for (const role of [gateway, audit]) {
      await tenancy.database.query(`create role ${role}`);
      await grantReadTokens(tenancy.database, { role });
    }
    await grantReadDirectory(tenancy.database, { role: gateway });
    await grantReadDirectory(tenancy.database, { role: audit, tables: ['admins'] });
  });
  afterAll(async () => {
    for (const role of [gateway, audit]) await tenancy.database.query(`drop owned by ${role}; drop role ${role}`);
    await tenancy.close();
  });

  const as = (role: string): Database => ({
    ...tenancy.database,
    query: (statement) =>
      tenancy.database.transaction(async (sql) => {
        await sql.query(`set local role ${role}`);
        return sql.query(statement);
      }),
  });

  it('serves the gateway with all that it asks, and writes nothing', async () => {
    const { id } = await tenancy.createTenant();
    const ada = await tenancy.addAdmin(id, 'ada@plum.example');
    const connection = await tenancy.createConnection(id);
    const { token } = await tenancy.issueToken(id, connection.id, ada.actor);
    const queries = directoryQueries(as(gateway));
    expect(await queries.connections.connectionForScim(id, connection.id)).toMatchObject({
      tokenHmac: tenancy.secrets.tokenHmac(token),
    });
    expect(await queries.users.get(id, { kind: 'admin' }, ada.userId)).toMatchObject({ id: ada.userId });
    await expect(as(gateway).query('update directory_v4.connections set revision = 0')).rejects.toThrow(denied);
  });

  it('lets others look up who holds a key, and see nobody', async () => {
    const join = `select a.id from secrets.secrets s join directory_v4.admins a on a.tenant_id = s.tenant_id and a.key_id = s.id where s.kind = 'admin-key'`;
    await expect(as(audit).query(join)).resolves.toHaveLength(1);
    await expect(as(audit).query('select id from directory_v4.users')).rejects.toThrow(denied);
  });
});
