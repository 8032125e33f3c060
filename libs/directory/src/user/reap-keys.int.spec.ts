import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ownSchema } from '@tenure/scim/testing';
import { unusedKeys } from '@tenure/sealing';
import { testTenancy, type TestTenancy } from '../testing/test-tenancy.ts';
import { reapKeys, type ReapKeysDeps } from './reap-keys.ts';

describe('keys of people who never came to be (decision 11)', () => {
  let tenancy: TestTenancy;
  let tenantId: string;
  beforeAll(async () => {
    tenancy = await testTenancy();
    tenantId = (await tenancy.createTenant()).id;
  });
  afterAll(() => tenancy.close());

  const create = (userName: string, key: string) =>
    tenancy.ask('user.create', { resource: { schemas: [], userName } }, { tenantId, key });
  const holders = async () =>
    (
      await tenancy.database.query<{ id: string }>(
        'select person_id as id from keys.person_keys where wrapped is not null',
      )
    ).map(({ id }) => id);
  const growOld = () => tenancy.database.query(`update keys.person_keys set created_at = now() - interval '2 hours'`);
  const reap = (more: Partial<ReapKeysDeps> = {}) =>
    reapKeys({
      database: tenancy.database,
      schema: tenancy.schema,
      view: tenancy.view,
      store: tenancy.store,
      unused: unusedKeys(tenancy.database),
      ...more,
    });
  const settled = async () => {
    while (!(await tenancy.view.follower.isSettled())) await new Promise((resolve) => setTimeout(resolve, 10));
  };

  it('are removed once no command can be on its way, and those of everybody who ever was stay', async () => {
    const [ada, refused, killed, deleted, unseen] = Array.from({ length: 5 }, () => randomUUID()) as [
      string,
      string,
      string,
      string,
      string,
    ];
    await create('ada@plum.example', ada);
    await expect(create('ada@plum.example', refused)).rejects.toMatchObject({ code: 'user/name-taken' });
    // A writer that was killed between the key and the append.
    await tenancy.keys.createPerson({ tenantId, personId: killed });
    await create('dan@plum.example', deleted);
    await tenancy.ask('user.delete', {}, { tenantId, key: deleted });
    await create('una@plum.example', unseen);
    await settled();
    const all = await holders();
    expect(all).toEqual(expect.arrayContaining([ada, refused, killed, deleted, unseen]));

    expect(await reap()).toBe(0);
    await growOld();
    expect(await reap({ view: { ...tenancy.view, state: async () => 'building' } })).toBe(0);
    // A view that lacks somebody does not cost them their key.
    await tenancy.database.query({
      text: `delete from ${tenancy.schema}.heads where stream = $1`,
      values: [`user-${tenantId}_${unseen}`],
    });
    expect(await reap()).toBe(2);
    expect((await holders()).toSorted()).toEqual(all.filter((id) => id !== refused && id !== killed).toSorted());
  });

  it('are not those of resources of a tenant’s own types, which are sealed with keys of theirs (R71)', async () => {
    const schema = ownSchema('urn:example:tools:2.0:Saw', { name: 'label' });
    await tenancy.ask('schema.define', { schema }, { tenantId, key: tenantId });
    await tenancy.ask(
      'resource-type.define',
      {
        resourceType: {
          id: 'saws',
          name: 'Saw',
          description: '',
          endpoint: '/Saws',
          schema: schema.id,
          schemaExtensions: [],
        },
      },
      { tenantId, key: tenantId },
    );
    const [saw, unseen] = [randomUUID(), randomUUID()];
    for (const key of [saw, unseen])
      await tenancy.ask(
        'resource.create',
        { typeId: 'saws', resource: { schemas: [schema.id], label: 'x' } },
        { tenantId, key },
      );
    await settled();
    await growOld();
    await tenancy.database.query({
      text: `delete from ${tenancy.schema}.heads where stream = $1`,
      values: [`resource-${tenantId}_${unseen}`],
    });
    await reap();
    expect(await holders()).toEqual(expect.arrayContaining([saw, unseen]));
  });

  it('are young again when their person is created after all', async () => {
    const late = { tenantId, personId: randomUUID() };
    await tenancy.keys.createPerson(late);
    await growOld();
    const reaped = reap({
      unused: {
        reap: (olderThanMs, used) =>
          unusedKeys(tenancy.database).reap(olderThanMs, async (persons) => {
            const found = await used(persons);
            await tenancy.keys.createPerson(late);
            return found;
          }),
      },
    });
    expect(await reaped).toBe(0);
    expect(await holders()).toContain(late.personId);
  });

  it('are looked at once in their life: the next look begins behind them', async () => {
    await growOld();
    const unused = unusedKeys(tenancy.database);
    const looked: number[] = [];
    const look = () => unused.reap(3_600_000, async (persons) => (looked.push(persons.length), persons));
    await look();
    await look();
    expect(looked).toEqual([(await holders()).length]);
  });
});
