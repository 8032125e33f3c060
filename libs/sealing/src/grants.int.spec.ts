import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Database } from '@tenure/database';
import { testDatabase, type TestDatabase } from '@tenure/database/testing';
import { grantReadKeys, grantReadTokens, keyRing, messageSealer, sealer, secretStore } from './index.ts';
import { testSealing, testSecretsKey as secretsKey, type TestSealing } from './testing/index.ts';

const ada = { tenantId: 't1', personId: 'ada' };
const denied = /permission denied/;

describe('a database role', () => {
  let test: TestDatabase;
  let owner: TestSealing;
  const role = `role_${randomBytes(4).toString('hex')}`;

  beforeEach(async () => {
    test = await testDatabase();
    owner = await testSealing(test.database);
    await test.database.query(`create role ${role}`);
    await owner.keys.ensureTenant('t1');
    await owner.keys.createPerson(ada);
  });
  afterEach(async () => {
    await test.database.query(`drop owned by ${role}; drop role ${role}`);
    await test.drop();
  });

  /** Everything runs as the role. */
  const asRole = (): Database => ({
    ...test.database,
    query: (statement) =>
      test.database.transaction(async (sql) => {
        await sql.query(`set local role ${role}`);
        return sql.query(statement);
      }),
  });

  it("of the gateway reads people's and transport keys, and neither those of claims nor may it make or destroy any", async () => {
    await grantReadKeys(test.database, { role, keys: ['people', 'transport'] });
    const gateway = keyRing({ database: asRole(), secretsKey });
    await gateway.check();
    const sealed = await owner.sealer.seal(ada, { name: 'Ada' }, 'e1/UserCreated');
    expect(await sealer(gateway).open(ada, sealed, 'e1/UserCreated')).toEqual({ name: 'Ada' });
    expect(await messageSealer(gateway).open('t1', await owner.messages.seal('t1', 'command'))).toBe('command');
    await expect(gateway.tenantKey('t1', 'claims')).rejects.toThrow(denied);
    await expect(gateway.createPerson({ tenantId: 't1', personId: 'bob' })).rejects.toThrow(denied);
    await expect(gateway.destroyPerson(ada)).rejects.toThrow(denied);
    await expect(gateway.ensureTenant('t2')).rejects.toThrow(denied);
  });

  it("of the audit service reads people's keys only", async () => {
    await grantReadKeys(test.database, { role, keys: ['people'] });
    const audit = keyRing({ database: asRole(), secretsKey });
    expect(await audit.keyOf(ada)).toBeDefined();
    await expect(audit.tenantKey('t1', 'transport')).rejects.toThrow(denied);
    await expect(audit.tenantKey('t1', 'claims')).rejects.toThrow(denied);
  });

  it("of the gateway recognises tokens and admins' keys, and reads no credential and no password", async () => {
    const token = await owner.secrets.putToken('t1', 'a token of Entra');
    const key = await owner.secrets.putAdminKey('t1', 'a key of an admin');
    const credential = await owner.secrets.putCredential('t1', { kind: 'bearer', token: 'secret' });
    const password = await owner.secrets.putPassword('t1', 'correct horse');
    await grantReadTokens(test.database, { role });
    const gateway = secretStore({ database: asRole(), secretsKey });
    expect(await gateway.tokenIs(token.id, 'a token of Entra')).toBe(true);
    expect(await gateway.findAdminKey('t1', 'a key of an admin')).toBe(key.id);
    await expect(gateway.getCredential(credential.id)).rejects.toThrow(denied);
    await expect(gateway.passwordMatches(password.id, 'correct horse')).rejects.toThrow(denied);
    await expect(gateway.remove(token.id)).rejects.toThrow(denied);
    await expect(gateway.putToken('t1', 'another token of Entra')).rejects.toThrow(denied);
  });
});
