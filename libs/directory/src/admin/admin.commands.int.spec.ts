import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ChangeAdmin, RemoveAdmin, type AdminReply } from '@tenure/contracts';
import { streamName } from '@tenure/eventing';
import { testTenancy, type TestTenancy } from '../testing/test-tenancy.ts';

describe('admins', () => {
  let tenancy: TestTenancy;
  let tenantId: string;
  beforeAll(async () => {
    tenancy = await testTenancy();
    tenantId = (await tenancy.createTenant()).id;
  });
  afterAll(() => tenancy.close());

  /** As the platform asks at every request of the JSON APIs, by the key alone. */
  const holderOf = async (key: string) => {
    const text = `select a.tenant_id, a.id, a.role, a.consumer_mail from secrets.secrets s join directory_v4.admins a on a.tenant_id = s.tenant_id and a.key_id = s.id
                  where s.kind = 'admin-key' and s.hmac = $1`;
    return (await tenancy.database.query({ text, values: [tenancy.secrets.tokenHmac(key)] }))[0];
  };
  const change = (key: string, payload: object) =>
    tenancy.ask<AdminReply>(ChangeAdmin.pattern, payload, { tenantId, key });
  const remove = (key: string) => tenancy.ask(RemoveAdmin.pattern, {}, { tenantId, key });
  const userOf = ({ userId }: { userId: string }) =>
    tenancy.directory.queries.users.get(tenantId, { kind: 'admin' }, userId);

  it('are found by their key, with their role, and by no other', async () => {
    const ada = await tenancy.addAdmin(tenantId, 'ada@plum.example', 'super_admin');
    expect(await holderOf(ada.key)).toEqual({
      tenant_id: tenantId,
      id: ada.id,
      role: 'super_admin',
      consumer_mail: false,
    });
    expect(await holderOf(`${ada.key}x`)).toBeUndefined();
    expect(tenancy.failures).toEqual([]);
  });

  it('are found by their key through an index, whose tenant nobody knows yet', async () => {
    const plan = await tenancy.database.transaction(async (sql) => {
      await sql.query('set local enable_seqscan = off');
      return sql.query(`explain select id from secrets.secrets where kind = 'admin-key' and hmac = 'x'`);
    });
    expect(JSON.stringify(plan)).toContain('secrets_by_hmac');
  });

  it('are directory users, unmanaged, whose language and time zone they bring (R12, decision 14)', async () => {
    const bea = await tenancy.addAdmin(tenantId, 'Bea@plum.example', 'admin', {
      preferredLanguage: 'ja',
      timezone: 'Asia/Tokyo',
    });
    expect(bea).toMatchObject({
      email: 'Bea@plum.example',
      role: 'admin',
      preferredLanguage: 'ja',
      timezone: 'Asia/Tokyo',
      version: 1,
    });
    expect(await userOf(bea)).toMatchObject({
      accountType: 'unmanaged',
      active: true,
      resource: { userName: 'Bea@plum.example', preferredLanguage: 'ja' },
    });
    const { key: _, actor: __, ...shown } = bea;
    expect(await tenancy.directory.queries.admins.get(tenantId, bea.id)).toEqual(shown);
  });

  it('keep their address out of events', async () => {
    const cy = await tenancy.addAdmin(tenantId, 'cy@plum.example');
    const events = await tenancy.store.read(streamName('tenant', tenantId, cy.id));
    expect(JSON.stringify(events)).not.toContain('cy@plum');
    expect(JSON.stringify(events)).not.toContain(cy.key);
  });

  it('are linked to the user who has this userName, and are admins once', async () => {
    const user = await tenancy.ask<{ id: string }>(
      'user.create',
      { resource: { schemas: [], userName: 'dan@plum.example' } },
      { tenantId },
    );
    const dan = await tenancy.addAdmin(tenantId, 'DAN@plum.example', 'auditor', { preferredLanguage: 'it' });
    expect(dan).toMatchObject({ userId: user.id, email: 'dan@plum.example', preferredLanguage: 'it' });
    await expect(tenancy.addAdmin(tenantId, 'dan@plum.example')).rejects.toMatchObject({
      kind: 'taken',
      code: 'admin/exists',
    });
  });

  it('change role at once, and their address only as users', async () => {
    const eve = await tenancy.addAdmin(tenantId, 'eve@plum.example', 'auditor');
    expect(await change(eve.id, { role: 'admin', email: 'EVE@plum.example', timezone: 'Europe/Rome' })).toMatchObject({
      role: 'admin',
      timezone: 'Europe/Rome',
      version: 2,
    });
    expect(await holderOf(eve.key)).toMatchObject({ role: 'admin' });
    await expect(change(eve.id, { role: 'admin', email: 'eva@plum.example' })).rejects.toMatchObject({
      kind: 'invalid',
      code: 'admin/email',
    });
    await expect(change(randomUUID(), { role: 'admin' })).rejects.toMatchObject({ code: 'admin/unknown' });
  });

  it('that are removed have no key any more, and stay users', async () => {
    const fay = await tenancy.addAdmin(tenantId, 'fay@plum.example');
    await remove(fay.id);
    expect(await holderOf(fay.key)).toBeUndefined();
    expect(await tenancy.secrets.findAdminKey(tenantId, fay.key)).toBeUndefined();
    expect(await userOf(fay)).toMatchObject({ active: true });
    await expect(tenancy.addAdmin(tenantId, 'fay@plum.example')).resolves.toMatchObject({ userId: fay.userId });
  });

  it('of a consumer mail domain are known as such (R6)', async () => {
    const gus = await tenancy.addAdmin(tenantId, 'gus@gmail.com', 'super_admin');
    expect(await holderOf(gus.key)).toMatchObject({ role: 'super_admin', consumer_mail: true });
  });

  it('answer a repeated command with the same admin and the same key', async () => {
    const key = 'a key that was chosen by whoever sent it';
    const message = tenancy.message(
      { email: 'hal@plum.example', role: 'admin', newUserId: randomUUID(), key },
      { tenantId },
    );
    const context = { place: { log: 'commands-1', offset: 1, at: 1 } };
    const first = await tenancy.directory.commands['admin.add']!(message, context);
    expect(await tenancy.directory.commands['admin.add']!(message, context)).toEqual(first);
    expect(await holderOf(key)).toMatchObject({ id: message.key });
  });

  it('are listed page by page, in the order they were added', async () => {
    const other = await tenancy.createTenant();
    const emails = ['a@plum.example', 'b@plum.example', 'c@plum.example'];
    for (const [day, email] of emails.entries()) {
      tenancy.time.now = `2026-01-0${6 + day}T09:00:00.000Z`;
      await tenancy.addAdmin(other.id, email);
    }
    const { list } = tenancy.directory.queries.admins;
    const first = await list(other.id, { limit: 2 });
    expect(first.items.map(({ email }) => email)).toEqual(emails.slice(0, 2));
    const second = await list(other.id, { limit: 2, cursor: first.nextCursor });
    expect(second).toMatchObject({ items: [{ email: 'c@plum.example' }] });
    expect(second).not.toHaveProperty('nextCursor');
    await expect(list(other.id, { limit: 2, cursor: 'mine' })).rejects.toMatchObject({ code: 'cursor/invalid' });
  });

  describe('who issued a living token', () => {
    it('keep role and place until it is deleted, and are told which it is (R7)', async () => {
      const ida = await tenancy.addAdmin(tenantId, 'ida@plum.example');
      const { id } = await tenancy.createConnection(tenantId);
      await tenancy.issueToken(tenantId, id, ida.actor);
      await expect(remove(ida.id)).rejects.toMatchObject({
        kind: 'conflict',
        code: 'admin/token-issuer',
        message: expect.stringContaining(id),
      });
      await expect(change(ida.id, { role: 'auditor' })).rejects.toMatchObject({ code: 'admin/token-issuer' });
      await tenancy.ask('token.delete', { confirm: true }, { tenantId, key: id });
      await expect(change(ida.id, { role: 'auditor' })).resolves.toMatchObject({ role: 'auditor' });
    });

    it('are free when another admin issues it anew, who is locked instead (R8)', async () => {
      const [jo, kit] = [
        await tenancy.addAdmin(tenantId, 'jo@plum.example'),
        await tenancy.addAdmin(tenantId, 'kit@plum.example'),
      ];
      const { id } = await tenancy.createConnection(tenantId);
      await tenancy.issueToken(tenantId, id, jo.actor);
      const { connection } = await tenancy.issueToken(tenantId, id, kit.actor);
      expect(connection.token).toMatchObject({ issuerId: kit.id });
      await expect(remove(kit.id)).rejects.toMatchObject({ code: 'admin/token-issuer' });
      await expect(remove(jo.id)).resolves.toMatchObject({ id: jo.id });
    });
  });
});
