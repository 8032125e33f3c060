import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '@tenure/database/testing';
import { testSealing } from '../testing/index.ts';
import { referenceTo, secretStore, type SecretStore } from './secret-store.ts';
import { generateToken } from './tokens.ts';

describe('the store of secrets (R66, design decision 12)', () => {
  let test: TestDatabase;
  let secrets: SecretStore;
  beforeEach(async () => {
    test = await testDatabase();
    secrets = (await testSealing(test.database)).secrets;
  });
  afterEach(() => test.drop());

  const rows = async () => JSON.stringify(await test.database.query('select * from secrets.secrets'));
  const age = (id: string, by: string) =>
    test.database.query(`update secrets.secrets set created_at = now() - interval '${by}' where id = '${id}'`);

  it('returns an app credential as it was put, and tells a hint of it', async () => {
    const credential = {
      kind: 'oauth2',
      tokenUrl: 'https://app.example/token',
      clientId: 'tenure',
      clientSecret: 'a-long-secret-4f2a',
    };
    const { id, hint } = await secrets.putCredential('t1', credential);
    expect(hint).toBe('…4f2a');
    expect(await secrets.getCredential(id)).toEqual(credential);
    expect(await rows()).not.toContain('a-long-secret');
    expect(await secrets.getCredential(randomUUID())).toBeUndefined();
  });

  it('cannot read credentials without the right TENURE_SECRETS_KEY, nor under another id', async () => {
    const [app, other] = [
      await secrets.putCredential('t1', { kind: 'bearer', token: 'one' }),
      await secrets.putCredential('t1', { kind: 'bearer', token: 'two' }),
    ];
    const wrong = secretStore({ database: test.database, secretsKey: randomBytes(32) });
    await expect(wrong.getCredential(app.id)).rejects.toThrow('TENURE_SECRETS_KEY is not the key');
    await test.database.query(
      `update secrets.secrets set ciphertext = (select ciphertext from secrets.secrets where id = '${other.id}') where id = '${app.id}'`,
    );
    await expect(secrets.getCredential(app.id)).rejects.toMatchObject({ name: 'WrongSecretsKey' });
  });

  it('keeps of a token only what recognises it, until it is removed', async () => {
    const token = generateToken();
    const { id, hint } = await secrets.putToken('t1', token);
    expect(hint).toBe(`…${token.slice(-4)}`);
    expect(await rows()).not.toContain(token.slice(7, -4));
    expect(await secrets.tokenIs(id, token)).toBe(true);
    expect(await secrets.tokenIs(id, generateToken())).toBe(false);
    await secrets.remove(id);
    expect(await secrets.tokenIs(id, token)).toBe(false);
  });

  it('refuses a chosen token that is too short, and stores nothing', async () => {
    await expect(secrets.putToken('t1', 'fifteen-letters')).rejects.toMatchObject({
      kind: 'invalid',
      code: 'token/too-short',
    });
    await expect(secrets.putAdminKey('t1', 'short')).rejects.toMatchObject({ code: 'token/too-short' });
    expect(await rows()).toBe('[]');
  });

  it("finds an admin's key in its own tenant, and takes no connection's token for one", async () => {
    const [key, token] = [generateToken(), generateToken()];
    const { id } = await secrets.putAdminKey('t1', key);
    await secrets.putToken('t1', token);
    expect(await secrets.findAdminKey('t1', key)).toBe(id);
    expect(await secrets.findAdminKey('t2', key)).toBeUndefined();
    expect(await secrets.findAdminKey('t1', token)).toBeUndefined();
  });

  it('keeps a slow hash of a password', async () => {
    const { id } = await secrets.putPassword('t1', 'correct horse');
    expect(await rows()).not.toContain('correct horse');
    expect(await secrets.passwordMatches(id, 'correct horse')).toBe(true);
    expect(await secrets.passwordMatches(id, 'wrong horse')).toBe(false);
    expect(await secrets.passwordMatches(randomUUID(), 'correct horse')).toBe(false);
  });

  it('keeps a secret once under an id that its caller chose, so that a command can be retried', async () => {
    const token = generateToken();
    const { id, hint } = referenceTo(token);
    expect(await secrets.putToken('t1', token, id)).toEqual({ id, hint });
    expect(await secrets.putToken('t1', token, id)).toEqual({ id, hint });
    expect(await secrets.tokenIs(id, token)).toBe(true);
    const password = await secrets.putPassword('t1', 'correct horse', randomUUID());
    await secrets.putPassword('t1', 'correct horse', password.id);
    expect(await secrets.passwordMatches(password.id, 'correct horse')).toBe(true);
  });

  it('reaps what no event refers to, unless its event may yet come', async () => {
    const tokens = await Promise.all(Array.from({ length: 3 }, () => secrets.putToken('t1', generateToken())));
    const [referred, unreferred, young] = tokens.map(({ id }) => id) as [string, string, string];
    await age(referred, '2 hours');
    await age(unreferred, '2 hours');
    const asked: unknown[] = [];
    const reap = () =>
      secrets.reapUnreferenced(3_600_000, async (some) => {
        asked.push(...some);
        return new Set([referred]);
      });
    expect(await reap()).toBe(1);
    expect(asked).toHaveLength(2);
    expect(asked).toContainEqual({ id: unreferred, tenantId: 't1', kind: 'token' });
    expect(
      (await test.database.query<{ id: string }>('select id from secrets.secrets')).map(({ id }) => id).toSorted(),
    ).toEqual([referred, young].toSorted());
    expect(await reap()).toBe(0);
  });

  it('reaps more than one batch', async () => {
    await test.database.query(
      `insert into secrets.secrets (id, tenant_id, kind, hmac, created_at)
       select gen_random_uuid(), 't1', 'token', 'x', now() - interval '1 day' from generate_series(1, 1201)`,
    );
    expect(
      await secrets.reapUnreferenced(3_600_000, async (some) => new Set(some.slice(0, 1).map(({ id }) => id))),
    ).toBe(1198);
  });
});
