import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { holdTable } from '@tenure/database/testing';
import { hasBrokerControl, readTopics } from '@tenure/messaging-kafka/testing';
import { client, type Answer } from './testing/client.ts';
import { distributedSystem, type DistributedSystem } from './testing/distributed.ts';
import { metricsOf, untilMetric } from './testing/metrics.ts';
import { newAttributes, newMembers } from './testing/parallel-patches.ts';
import type { ServiceProcess } from './testing/process.ts';
import { testSandbox, type TestSandbox } from './testing/sandbox.ts';
import { makeApp, makeTenant, operations, person, sorted } from './testing/world.ts';

const describeWithKafka = hasBrokerControl() ? describe : describe.skip;

const LAG = 'tenure_follower_lag_seconds';
const lagOf = async ({ url }: ServiceProcess, follower: string) => (await metricsOf(url)).value(LAG, { follower }) ?? 0;

describeWithKafka('the four services over Kafka (needs a Kafka of its own)', () => {
  let system: DistributedSystem;
  let sandbox: TestSandbox;
  beforeAll(async () => {
    [system, sandbox] = await Promise.all([distributedSystem({ directories: 2 }), testSandbox()]);
  }, 120_000);
  afterAll(async () => {
    await Promise.all([system.close(), sandbox.close()]);
  });

  describe('/metrics', () => {
    it('of each service has the lag of its followers, and of its consumers by topic', async () => {
      const followers = Object.fromEntries(
        await Promise.all(
          system
            .services()
            .map(async ({ name, url }) => [name, sorted((await metricsOf(url)).labels(LAG, 'follower'))]),
        ),
      );
      expect(followers).toEqual({
        'scim-gateway': [],
        'directory-service': [
          'departed-members',
          'directory-service/directory.commands',
          'directory_v4',
          'forward directory.facts',
        ],
        'mapping-service': [
          'app.reactor',
          'evaluation.apps',
          'evaluation.heirs',
          'forward provisioning.facts',
          'mapping-service/directory.facts',
          expect.stringMatching(/^provisioning_v\d+$/),
          'references',
        ],
        'audit-service': ['audit-service/directory.facts', 'audit-service/provisioning.facts'],
      });
    });

    it('shows how a consumer falls behind, and that it caught up', async () => {
      const idp = await (await makeTenant(system)).connect();
      await system.settled();
      const audit = system.services().find(({ name }) => name === 'audit-service')!;
      const ledger = () => lagOf(audit, 'audit-service/directory.facts');
      expect(await ledger()).toBe(0);
      const { release } = await holdTable(system.database, 'audit.ledger');
      await idp.hire('late');
      const first = await untilMetric(ledger, (seconds) => seconds > 0.2);
      await untilMetric(ledger, (seconds) => seconds > first + 0.5);
      await release();
      await untilMetric(ledger, (seconds) => seconds === 0);
    });
  });

  it('a session and a key for machines work on each of them, and end on each at once (R110)', async () => {
    const tenant = await makeTenant(system);
    const { id, key } = await tenant.directory.ok('POST', '/keys', { name: 'Screen', role: 'auditor' });
    const origin = system.publicUrl;
    const sent = await fetch(`${system.url('directory')}/auth/key`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json' },
      body: JSON.stringify({ key: tenant.superAdmin.key }),
    });
    const cookie = sent.headers.getSetCookie()[0]!.split(';')[0]!;
    const asked = ['directory/v1/tenants/ID/users', 'mapping/v1/tenants/ID/apps', 'audit/v1/tenants/ID/entries'];
    const statuses = (headers: Record<string, string>) =>
      Promise.all(
        asked.map(async (path) => {
          const url = `${system.url(path.split('/')[0]!)}/${path.replace('ID', tenant.id)}`;
          return (await fetch(url, { headers })).status;
        }),
      );
    expect(await statuses({ cookie })).toEqual([200, 200, 200]);
    expect(await statuses({ authorization: `Bearer ${key}` })).toEqual([200, 200, 200]);

    const headers = { cookie, origin, 'tenure-csrf': '1', 'content-type': 'application/json' };
    await fetch(`${system.url('directory')}/auth/logout`, { method: 'POST', headers, body: '{}' });
    await tenant.directory.ok('DELETE', `/keys/${id}`);
    expect(await statuses({ cookie })).toEqual([401, 401, 401]);
    expect(await statuses({ authorization: `Bearer ${key}` })).toEqual([401, 401, 401]);
  });

  it('decision 11: Ada’s names, address and password are in no topic and no log: not in keys, values or headers of commands, replies and facts', async () => {
    const words = [
      'Adalovelace',
      'Byronova',
      'adalovelace@plum.example',
      'adalovelace',
      '+44 20 7946 0958',
      'Analytical-Engine-1843',
      'Countess of Ovens',
    ];
    const tenant = await makeTenant(system);
    const idp = await tenant.connect('generic', { passwords: 'hash' });
    const app = await makeApp(tenant, sandbox, { scope: { assignment: 'everyone', groups: [], orgUnits: [] } });
    await sandbox.byHand.ok('POST', '/Users', person('adalovelace', { displayName: 'Adalovelace by hand' }));
    const details = {
      name: { givenName: 'Adalovelace', familyName: 'Byronova' },
      displayName: 'Adalovelace Byronova',
      phoneNumbers: [{ type: 'work', value: '+44 20 7946 0958' }],
      password: 'Analytical-Engine-1843',
    };
    const ada = await idp.hire('adalovelace', details);
    await idp.group('Engines', ada);
    await idp.set(ada, { op: 'replace', path: 'title', value: 'Countess of Ovens' });
    await app.turnOn();
    await system.settled();
    // One delivery that found somebody else's account, then one that arrives, and one that the application refuses.
    await app.act(await app.accountOf(ada), 'adopt');
    await system.settled();
    await sandbox.switchTo({ mode: 'fail', status: 400 });
    await idp.set(ada, { op: 'replace', path: 'displayName', value: 'Byronova, Adalovelace' });
    await system.settled();
    await sandbox.switchTo({ mode: 'ok' });
    expect(
      await tenant.directory.ok('POST', '/sign-in', {
        userName: 'adalovelace@plum.example',
        password: 'Analytical-Engine-1843',
      }),
    ).toEqual({ allowed: true });
    await client(idp.scimUrl, 'Analytical-Engine-1843').post('/Users', person('adalovelace', details));
    await tenant.directory.ok('PATCH', `/users/${ada}`, { resource: { nickName: 'Adalovelace' } });
    await idp.setActive(ada, false);
    await system.settled();

    const messages = await readTopics(system.brokers);
    const topics = ['directory.commands', 'directory.facts', 'provisioning.facts'];
    const wire = messages.map((message) => ({ topic: message.topic, text: JSON.stringify(message).toLowerCase() }));
    const topicsWith = (word: string) =>
      topics.filter((topic) =>
        wire.some((message) => message.topic.startsWith(topic) && message.text.includes(word.toLowerCase())),
      );
    const written = words.flatMap((word) => [
      word,
      Buffer.from(word).toString('base64').replace(/=+$/, ''),
      Buffer.from(word).toString('hex'),
    ]);
    expect(written.filter((word) => topicsWith(word).length > 0)).toEqual([]);
    // The search does find what is there: of her the id, in each topic.
    expect(topicsWith(ada)).toEqual(topics);
    expect(messages.some(({ topic }) => topic.startsWith('directory.commands.replies.'))).toBe(true);
    const types = (topic: string) =>
      new Set(messages.filter((message) => message.topic === topic).map(({ value }) => JSON.parse(value).type));
    expect([...types('directory.facts')]).toEqual(
      expect.arrayContaining(['UserCreated', 'UserChanged', 'UserDeactivated', 'GroupMembersAdded', 'RequestRefused']),
    );
    expect([...types('provisioning.facts')]).toEqual(expect.arrayContaining(['AppCreated', 'DeliveryStarted']));

    const logs = system
      .services()
      .flatMap(({ logged }) => logged)
      .join('\n')
      .toLowerCase();
    expect(logs.length).toBeGreaterThan(0);
    expect(words.filter((word) => logs.includes(word.toLowerCase()))).toEqual([]);
  });

  it('R71: what an admin defines is served at once, whichever replica writes, and however its schema grows under way', async () => {
    const tenant = await makeTenant(system);
    const idp = await tenant.connect();
    const schema = 'urn:example:tools:2.0:Saw';
    const badge = 'urn:example:tools:2.0:Badge';
    const attributes = [{ name: 'serial', uniqueness: 'server' }];
    // A policy that a replica keeps knows of no schemas.
    await idp.hire('first');
    await tenant.directory.ok('PUT', `/schemas/${schema}`, { name: 'Saw', attributes });
    await tenant.directory.ok('PUT', '/resource-types/Saw', { endpoint: '/Saws', schema });
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, number) => idp.scim.post('/Saws', { schemas: [schema], serial: `S-${number}` })),
    );
    expect(made.map(({ status }) => status)).toEqual(made.map(() => 201));
    expect((await idp.scim.post('/Saws', { schemas: [schema], serial: 's-7' })).status).toBe(409);
    for (const name of ['size', 'weight', 'colour']) {
      attributes.push({ name, uniqueness: 'none' });
      await tenant.directory.ok('PUT', `/schemas/${schema}`, { name: 'Saw', attributes });
      const patched = await Promise.all(
        made.map(({ body }) =>
          idp.scim.patch(`/Saws/${body.id}`, operations({ op: 'replace', path: name, value: 'x' })),
        ),
      );
      expect(patched.map(({ status, body }) => [status, body[name]])).toEqual(made.map(() => [200, 'x']));
    }
    await tenant.directory.ok('PUT', `/schemas/${badge}`, { name: 'Badge', attributes: [{ name: 'number' }] });
    await tenant.directory.ok('PUT', '/resource-types/User', { schemaExtensions: [{ schema: badge }] });
    const hired = await Promise.all(
      Array.from({ length: 20 }, (_, number) =>
        idp.scim.post('/Users', person(`badged-${number}`, { [badge]: { number: `B-${number}` } })),
      ),
    );
    expect(hired.map(({ status, body }) => [status, body[badge]])).toEqual(
      hired.map((_, number) => [201, { number: `B-${number}` }]),
    );
    expect(await idp.scim.ok('GET', `/Users?filter=${encodeURIComponent(`${badge}:number eq "b-3"`)}`)).toMatchObject({
      totalResults: 1,
    });
    expect(await idp.scim.ok('GET', `/Saws?filter=${encodeURIComponent('colour eq "X"')}&count=0`)).toMatchObject({
      totalResults: 20,
    });
  });

  it('R70: what mapping-service refuses is written down by directory-service, and shown by audit-service', async () => {
    const gated = await makeTenant(system, 'Gated', { features: { provisioning: false, entitlements: false } });
    const { id } = await gated.mapping.ok('POST', '/apps', { name: 'App', preset: 'scim' });
    await system.settled();
    expect(await gated.mapping.post(`/apps/${id}/initial-cycle`)).toMatchObject({
      status: 403,
      body: { code: 'feature/provisioning' },
    });
    const refused = async () => (await gated.audit.ok('GET', '/entries?outcome=refused')).items;
    for (const until = Date.now() + 10_000; Date.now() < until && (await refused()).length === 0;) await sleep(50);
    expect(await refused()).toMatchObject([
      {
        type: 'RequestRefused',
        reason: { code: 'feature/provisioning' },
        actor: { kind: 'admin', id: gated.superAdmin.id },
      },
    ]);
  });

  describe('decision 9: fifty PATCHes at once while the replica that works on them is killed', () => {
    it.each([
      ['on one group, a member each', newMembers],
      ['on one user, an attribute or an element each', newAttributes],
    ])(
      '%s: slow, never refused, and every change is in the result, each a version of its own',
      async (_what, prepare) => {
        const tenant = await makeTenant(system);
        const idp = await tenant.connect();
        const { path, bodies, expectAll } = await prepare(tenant, idp);
        await system.settled();

        // While nothing can be appended, the one that has them is the one with something to do.
        const { release } = await holdTable(system.database, 'event_store.events');
        let answered = 0;
        const patch = async (body: object): Promise<Answer> => idp.scim.patch(path, body).finally(() => answered++);
        const answers = Promise.all(bodies.map(patch));
        const lags = () =>
          Promise.all(system.directories().map((replica) => lagOf(replica, 'directory-service/directory.commands')));
        await untilMetric(
          async () => Math.max(...(await lags())),
          (seconds) => seconds > 0.3,
        );
        const busy = system.directories()[(await lags()).findIndex((seconds) => seconds > 0)]!;
        await release();
        while (answered < 10) await sleep(1);
        await system.kill(busy);
        expect(answered).toBeLessThan(bodies.length);

        await expectAll(await answers);
        await system.startDirectory();
        await system.settled();
      },
      120_000,
    );
  });
});
