import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { testSystem, type TestSystem } from './testing/system.ts';
import { makeTenant, type IdentityProvider, type Tenant } from './testing/world.ts';

type Message = { headers: IncomingHttpHeaders; text: string; body: any };

/** A receiver that keeps what it gets, and answers what it is told to. */
const receiver = async () => {
  const got: Message[] = [];
  let answer = 204;
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
    request.on('end', () => {
      got.push({ headers: request.headers, text, body: JSON.parse(text) });
      response.writeHead(answer).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?of=tenure`,
    got,
    answering: (status: number) => (answer = status),
    until: async (wanted: (message: Message) => boolean): Promise<Message> => {
      for (const end = Date.now() + 60_000; ;) {
        const found = got.find(wanted);
        if (found) return found;
        if (Date.now() > end) throw new Error(`Not received; got ${got.map(({ body }) => body.type).join(', ')}`);
        await sleep(20);
      }
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
};

let system: TestSystem;
let plum: Tenant;
let idp: IdentityProvider;
let inbox: Awaited<ReturnType<typeof receiver>>;
beforeAll(async () => {
  [system, inbox] = await Promise.all([testSystem(), receiver()]);
  plum = await makeTenant(system);
  idp = await plum.connect();
});
afterAll(async () => {
  await system.close();
  await inbox.close();
});

const made = (body: object) => plum.audit.ok('POST', '/webhooks', { url: inbox.url, ...body });
const of = (type: string, userId?: string) => (message: Message) =>
  message.body.type === type && (userId === undefined || message.body.data.userId === userId);
const log = async (id: string, state: string) =>
  (await plum.audit.ok('GET', `/webhooks/${id}/deliveries?state=${state}`)).items as any[];
const untilLogged = async (id: string, state: string): Promise<any[]> => {
  for (const end = Date.now() + 60_000; ;) {
    const items = await log(id, state);
    if (items.length > 0 || Date.now() > end) return items;
    await sleep(20);
  }
};

describe('webhooks', () => {
  it('R94: tell of people, signed as Standard Webhooks says, without their data', async () => {
    const hook = await made({ events: ['user.created', 'user.deactivated'] });
    expect(hook.secret).toMatch(/^whsec_/);
    const ada = await idp.hire('ada-hook');
    const message = await inbox.until(of('user.created', ada));
    expect(new Webhook(hook.secret).verify(message.text, message.headers as Record<string, string>)).toEqual(
      message.body,
    );
    expect(message.text).not.toContain('ada-hook');
    await idp.setActive(ada, false);
    await inbox.until(of('user.deactivated', ada));
    expect((await untilLogged(hook.id, 'delivered')).map(({ type }) => type)).toContain('user.created');
    const shown = await plum.audit.ok('GET', `/webhooks/${hook.id}`);
    expect(shown.secret).toBeUndefined();
    expect(await system.rowsWith(hook.secret)).toEqual([]);
    await plum.audit.ok('DELETE', `/webhooks/${hook.id}`);
    expect((await plum.audit.get(`/webhooks/${hook.id}`)).status).toBe(404);
  });

  it('R94: carry data of people only where they are set so, and it is nowhere in clear in the log', async () => {
    const hook = await made({ events: ['user.created'], personal: true });
    const ben = await idp.hire('ben-hook');
    const { body } = await inbox.until((message) => of('user.created', ben)(message) && message.body.data.personal);
    expect(body.data.personal.resource.userName).toBe('ben-hook@plum.example');
    const [entry] = await untilLogged(hook.id, 'delivered');
    expect(JSON.stringify(entry)).not.toContain('ben-hook');
    await plum.audit.ok('DELETE', `/webhooks/${hook.id}`);
  });

  it('R94: are tried again after a failure, under the same id, and can be replayed', async () => {
    const unknown = await plum.audit.post('/webhooks', { url: inbox.url, events: ['webhook.nothing'] });
    expect(unknown.status).toBe(400);
    const wanting = await made({ events: ['group.created'] });
    inbox.answering(500);
    const group = await idp.group('Hooked');
    const isOurs = (message: Message) => message.body.data?.groupId === group;
    const first = await inbox.until(isOurs);
    const [pending] = await untilLogged(wanting.id, 'pending');
    expect(pending).toMatchObject({ attempts: 1, lastStatus: 500 });
    expect((await plum.audit.ok('GET', `/webhooks/${wanting.id}`)).failingSince).toBeDefined();
    inbox.answering(204);
    await plum.audit.ok('POST', `/webhooks/${wanting.id}/deliveries/${pending.id}/replay`);
    const [delivered] = await untilLogged(wanting.id, 'delivered');
    const again = inbox.got.filter(isOurs);
    expect(again.length).toBeGreaterThanOrEqual(2);
    expect(new Set(again.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([first.headers['webhook-id']]));
    expect(delivered.id).toBe(pending.id);
    expect((await plum.audit.ok('GET', `/webhooks/${wanting.id}`)).failingSince).toBeUndefined();
  });

  it('R94: a test message is sent at once, and a new secret signs what follows', async () => {
    const hook = await made({ events: ['*'] });
    const rotated = await plum.audit.ok('POST', `/webhooks/${hook.id}/rotate-secret`);
    expect(rotated.secret).not.toBe(hook.secret);
    await plum.audit.ok('POST', `/webhooks/${hook.id}/test`);
    const message = await inbox.until(({ body }) => body.type === 'webhook.test' && body.data.webhookId === hook.id);
    expect(() => new Webhook(hook.secret).verify(message.text, message.headers as Record<string, string>)).toThrow();
    new Webhook(rotated.secret).verify(message.text, message.headers as Record<string, string>);
    const off = { url: inbox.url, events: ['*'], enabled: false };
    await plum.audit.ok('PUT', `/webhooks/${hook.id}`, off);
    expect((await plum.audit.post(`/webhooks/${hook.id}/test`)).body.code).toBe('webhook/disabled');
  });

  it('R94: reach no private address that is not allowed, and belong to their tenant', async () => {
    const refused = await plum.audit.post('/webhooks', { url: 'http://169.254.169.254/latest', events: ['*'] });
    expect(refused).toMatchObject({ status: 400, body: { code: 'webhook/url-not-allowed' } });
    const hook = await made({ events: ['*'], enabled: false });
    const fig = await makeTenant(system, 'Fig');
    expect((await fig.audit.get(`/webhooks/${hook.id}`)).status).toBe(404);
    expect((await fig.audit.ok('GET', '/webhooks')).items).toEqual([]);
    const body = { url: inbox.url, events: ['*'] };
    expect((await plum.audit.put(`/webhooks/${hook.id}`, body, { 'if-match': 'W/"7"' })).status).toBe(412);
    expect((await plum.audit.put(`/webhooks/${hook.id}`, body, { 'if-match': 'W/"1"' })).status).toBe(200);
  });
});
