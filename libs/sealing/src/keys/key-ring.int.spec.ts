import { randomBytes, type KeyObject } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ERASED, type Erased, type DataSubject } from '@tenure/eventing';
import { testDatabase, type TestDatabase } from '@tenure/database/testing';
import { testSealing, testSecretsKey, type TestSealing } from '../testing/index.ts';
import { keyRing } from './key-ring.ts';

const ada: DataSubject = { tenantId: 't1', personId: 'ada' };
const bob: DataSubject = { tenantId: 't1', personId: 'bob' };
const nobody: DataSubject = { tenantId: 't1', personId: 'nobody' };

/** Key objects all look alike to `toEqual`. */
const bytes = (key: KeyObject | Erased | undefined) => (typeof key === 'object' ? key.export().toString('hex') : key);

describe('keys of people (R85, design decision 11)', () => {
  let test: TestDatabase;
  let here: TestSealing;
  const elsewhere = (options: { cacheForMs?: number; secretsKey?: Buffer } = {}) =>
    keyRing({ database: test.database, secretsKey: testSecretsKey, ...options });

  beforeEach(async () => {
    test = await testDatabase();
    here = await testSealing(test.database);
  });
  afterEach(() => test.drop());

  const seal = async (person: DataSubject) => {
    await here.keys.createPerson(person);
    return here.sealer.seal(person, { resource: { userName: 'ada@example.com' } }, 'e1/UserCreated');
  };

  it('seal what they open, here and elsewhere, and only for their person and event', async () => {
    const sealed = await seal(ada);
    await here.keys.createPerson(bob);
    expect(sealed).not.toContain('ada@example.com');
    expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('ada@example.com');
    expect(await here.sealer.open(ada, sealed, 'e1/UserCreated')).toEqual({
      resource: { userName: 'ada@example.com' },
    });
    await expect(here.sealer.open(ada, sealed, 'e2/UserCreated')).rejects.toThrow(
      'The personal part of e2/UserCreated cannot be opened',
    );
    await expect(here.sealer.open(ada, sealed, 'e1/UserChanged')).rejects.toThrow('cannot be opened');
    await expect(here.sealer.open(bob, sealed, 'e1/UserCreated')).rejects.toThrow('cannot be opened');
  });

  it('are made once, also by two that create at the same time', async () => {
    const other = elsewhere();
    await Promise.all([here.keys.createPerson(ada), other.createPerson(ada)]);
    await here.keys.createPerson(ada);
    const [mine, theirs] = await Promise.all([here.keys.keyOf(ada), other.keyOf(ada)]);
    expect(bytes(mine)).toMatch(/^[0-9a-f]{64}$/);
    expect(bytes(theirs)).toBe(bytes(mine));
  });

  it('that never were are a loss and not an erasure', async () => {
    expect(await here.keys.keyOf(nobody)).toBeUndefined();
    await expect(here.sealer.seal(nobody, {}, 'e1/UserCreated')).rejects.toThrow(
      'There is no key of the person nobody of tenant t1.',
    );
    await expect(here.sealer.open(nobody, 'AAAA', 'e1/UserCreated')).rejects.toMatchObject({ name: 'KeyMissing' });
  });

  it('make all that they sealed "erased" once destroyed: here at once, elsewhere when its cache ends or it forgets', async () => {
    const [forgetting, caching] = [elsewhere(), elsewhere({ cacheForMs: 300 })];
    const sealed = await seal(ada);
    await Promise.all([forgetting.keyOf(ada), caching.keyOf(ada)]);
    await here.keys.destroyPerson(ada);

    expect(await here.sealer.open(ada, sealed, 'e1/UserCreated')).toBe(ERASED);
    await expect(here.sealer.seal(ada, {}, 'e2/UserChanged')).rejects.toMatchObject({ name: 'KeyDestroyed' });
    expect(await forgetting.keyOf(ada)).not.toBe(ERASED);
    forgetting.forget(ada);
    expect(await forgetting.keyOf(ada)).toBe(ERASED);
    await new Promise((resolve) => setTimeout(resolve, 310));
    expect(await caching.keyOf(ada)).toBe(ERASED);
  });

  it('leave a tombstone: they are not made again, and nothing of them is left in the row', async () => {
    await here.keys.createPerson(ada);
    await here.keys.destroyPerson(ada);
    await expect(here.keys.createPerson(ada)).rejects.toThrow('The key of the person ada of tenant t1 was destroyed.');
    await expect(elsewhere().createPerson(ada)).rejects.toMatchObject({ name: 'KeyDestroyed' });
    expect(
      await test.database.query(
        'select person_id, wrapped, destroyed_at is not null as destroyed from keys.person_keys',
      ),
    ).toEqual([{ person_id: 'ada', wrapped: null, destroyed: true }]);
  });

  it('that a restored dump brought back are destroyed again, as are those it lost', async () => {
    await here.keys.createPerson(ada);
    await here.keys.createPerson(bob);
    await test.database.query('create table dump as select * from keys.person_keys');
    await here.keys.destroyPerson(ada);
    await test.database.query('truncate keys.person_keys');
    await test.database.query('insert into keys.person_keys select * from dump');

    const restarted = elsewhere();
    expect(await restarted.keyOf(ada)).not.toBe(ERASED);
    expect(await restarted.destroyAgain([ada, nobody, ada])).toBe(1);
    expect((await restarted.keysOf([ada, bob, nobody])).map(bytes)).toEqual([
      ERASED,
      bytes(await here.keys.keyOf(bob)),
      ERASED,
    ]);
    expect(await elsewhere().keyOf(ada)).toBe(ERASED);
    expect(await restarted.destroyAgain([ada, nobody])).toBe(0);
    expect(await restarted.destroyAgain([])).toBe(0);
  });

  it('are destroyed again by replicas that start together', async () => {
    const many = Array.from({ length: 500 }, (_, index) => ({ tenantId: 't1', personId: `p${index}` }));
    await Promise.all([elsewhere().destroyAgain(many), elsewhere().destroyAgain(many.toReversed())]);
    expect(new Set(await elsewhere().keysOf(many))).toEqual(new Set([ERASED]));
  });

  it('cannot be read without the right TENURE_SECRETS_KEY, which is told at start', async () => {
    await here.keys.ensureTenant('t1');
    const wrong = elsewhere({ secretsKey: randomBytes(32) });
    await wrong.check();
    await here.keys.createPerson(ada);
    await here.keys.check();
    const told = {
      name: 'WrongSecretsKey',
      message: expect.stringContaining('TENURE_SECRETS_KEY is not the key that this database was written with'),
    };
    await expect(wrong.check()).rejects.toMatchObject(told);
    await expect(wrong.keyOf(ada)).rejects.toMatchObject(told);
    await expect(wrong.createPerson(ada)).rejects.toMatchObject(told);
    await expect(wrong.tenantKey('t1', 'transport')).rejects.toMatchObject(told);
    await expect(wrong.ensureTenant('t1')).rejects.toMatchObject(told);
  });

  it('cannot be given to another person in the table', async () => {
    await here.keys.createPerson(ada);
    await here.keys.createPerson(bob);
    await test.database.query(
      `update keys.person_keys set wrapped = (select wrapped from keys.person_keys where person_id = 'bob') where person_id = 'ada'`,
    );
    await expect(elsewhere().keyOf(ada)).rejects.toMatchObject({ name: 'WrongSecretsKey' });
    expect(await elsewhere().keyOf(bob)).toBeDefined();
  });
});

describe('keys of tenants', () => {
  let test: TestDatabase;
  let here: TestSealing;
  let other: TestSealing;
  beforeEach(async () => {
    test = await testDatabase();
    [here, other] = [await testSealing(test.database), await testSealing(test.database)];
    await Promise.all([here.keys.ensureTenant('t1'), other.keys.ensureTenant('t1'), other.keys.ensureTenant('t2')]);
  });
  afterEach(() => test.drop());

  it('seal messages between services, each for its tenant', async () => {
    const command = { type: 'CreateUser', userName: 'ada@example.com' };
    const sealed = await here.messages.seal('t1', command);
    expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('ada@example.com');
    expect(await other.messages.open('t1', sealed)).toEqual(command);
    await expect(other.messages.open('t2', sealed)).rejects.toThrow('A message of tenant t2 cannot be opened');
    await expect(other.messages.open('t3', sealed)).rejects.toThrow('There are no keys of the tenant t3.');
  });

  it('name claims alike in every process, and tell nothing about the value or its owner in another tenant', async () => {
    const claim = { kind: 'userName', value: 'ada@example.com' };
    const name = await here.sealer.claimName('t1', claim);
    expect(name).toMatch(/^[\w-]{43}$/);
    expect(await other.sealer.claimName('t1', claim)).toBe(name);
    expect(await other.sealer.claimName('t2', claim)).not.toBe(name);
    expect(await here.sealer.claimName('t1', { ...claim, kind: 'externalId' })).not.toBe(name);
  });
});
