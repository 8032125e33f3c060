import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  GroupCreated,
  groupEvents,
  GroupMembersAdded,
  TenantCreated,
  tenantEvents,
  TenantReplaced,
  UserChanged,
  UserCreated,
  UserDeactivated,
  userEvents,
} from '@tenure/contracts';
import { testDatabase } from '@tenure/database/testing';
import { encode, eventId, streamName, type AnyDefinition, type DomainEvent } from '@tenure/eventing';
import { type AdminKey, createServices, listenToMessages, manualClock, openRuntime } from '@tenure/platform';
import { mappingControllers, mappingEntities, mappingService } from '../app.module.ts';
import { targetApp } from './target-app.ts';

export const TENANT = 'acme';
const keyOf = (adminId: string, role: AdminKey['role'], more: Partial<AdminKey> = {}): AdminKey => ({
  tenantId: TENANT,
  adminId,
  role,
  consumerMail: false,
  ...more,
});
const keys: Record<string, AdminKey> = {
  super: keyOf('sue', 'super_admin'),
  admin: keyOf('al', 'admin'),
  gmail: keyOf('gil', 'super_admin', { consumerMail: true }),
  auditor: keyOf('ann', 'auditor'),
  other: keyOf('eve', 'super_admin', { tenantId: 'other' }),
};

type Features = { provisioning: boolean; entitlements: boolean };
const profileOf = (features: Features) => ({
  name: 'Acme',
  primaryDomain: 'plum.example',
  domains: [],
  sso: { configured: true, providers: [] },
  products: [],
  features,
});

/** Mapping-service as it runs, over HTTP, on a real database, with a directory that is only its events, and an app to provision into. */
export const mappingWorld = async () => {
  const test = await testDatabase({ poolSize: 12 });
  const target = await targetApp();
  const opened = await openRuntime({
    service: 'mapping-service',
    databaseUrl: test.url,
    secretsKey: Buffer.alloc(32, 'k'),
    entities: mappingEntities,
    eventStore: { kind: 'postgres' },
    transport: { kind: 'in-process' },
    clock: { kind: 'manual', startsAt: '2026-01-05T09:00:00.000Z' },
    owner: true,
    logLevel: 'silent',
  });
  // Whose key it is, the directory knows.
  const runtime = { ...opened, adminKeys: { find: async (key: string) => keys[key] } };
  // The directory, which writes down what is refused, doesn't run here.
  const { onRefused: _, ...service } = await mappingService(runtime, { allowPrivateTargets: ['127.0.0.1'] });
  const app = await createServices(runtime, [service], {
    segments: ['mapping'],
    title: 'Mapping',
    controllers: mappingControllers,
  });
  await app.listen(0, '127.0.0.1');
  await listenToMessages(runtime, service);
  await runtime.keys.ensureTenant(TENANT);
  const store = await runtime.openStore();
  const clock = manualClock(runtime.database);

  const append = async (category: string, id: string, definitions: readonly AnyDefinition[], event: DomainEvent) => {
    const stream = streamName(category, TENANT, id);
    const commandId = randomUUID();
    const metadata = {
      tenantId: TENANT,
      actor: { kind: 'system' as const, id: 'test' },
      commandId,
      correlationId: commandId,
      causationId: commandId,
      occurredAt: await clock.now(),
    };
    const definition = definitions.find(({ type }) => type === event.type)!;
    const stored = await encode(runtime.sealer, definition, event, {
      id: eventId(commandId, stream, 0),
      metadata,
      ...(category === 'user' && { personId: id }),
    });
    await store.append({ stream, expected: (await store.read(stream)).length, events: [stored] });
  };
  const standing = {
    changed: [],
    writer: 'connection' as const,
    accountType: 'provisionedManaged' as const,
    connectionId: 'c',
    unassignedFrom: null,
    passwordId: null,
  };
  const resourceOf = (id: string, more: object) =>
    ({ userName: `${id}@plum.example`, displayName: id, active: true, ...more }) as never;

  const base = `${await app.getUrl()}/mapping/v1/tenants`;
  const call = async (
    method: string,
    path: string,
    body?: unknown,
    {
      key = 'super',
      tenant = TENANT,
      headers = {},
    }: { key?: string; tenant?: string; headers?: Record<string, string> } = {},
  ) => {
    const response = await fetch(`${base}/${tenant}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? undefined : JSON.parse(text)) as any,
    };
  };

  const settle = async () => {
    for (let quiet = 0, tries = 0; quiet < 3; tries++) {
      const waiting = [];
      for (const ask of runtime.unsettled) waiting.push(await ask());
      for (const follower of runtime.followers) if (!(await follower.isSettled())) waiting.push(follower.name);
      quiet = waiting.every((each) => each === undefined) ? quiet + 1 : 0;
      if (tries > 500) throw new Error(`It does not settle: ${waiting.join()}`);
      await sleep(20);
    }
  };

  const createApp = async (preset = 'scim'): Promise<string> =>
    (await call('POST', '/apps', { name: 'Git', preset })).body.id;

  return {
    target,
    runtime,
    call,
    settle,
    advance: async (to: string) => {
      await clock.moveTo(to);
      await settle();
    },
    tenant: () =>
      append('tenant', TENANT, tenantEvents, TenantCreated(profileOf({ provisioning: true, entitlements: true }))),
    gate: (features: Features) => append('tenant', TENANT, tenantEvents, TenantReplaced(profileOf(features))),
    join: async (id: string, more: object = {}) => {
      await runtime.keys.createPerson({ tenantId: TENANT, personId: id });
      await append('user', id, userEvents, UserCreated(standing, { resource: resourceOf(id, more) }));
    },
    change: (id: string, more: object) =>
      append('user', id, userEvents, UserChanged(standing, { resource: resourceOf(id, more) })),
    deactivate: (id: string) =>
      append('user', id, userEvents, UserDeactivated(standing, { resource: resourceOf(id, { active: false }) })),
    group: async (id: string, ...members: string[]) => {
      await append(
        'group',
        id,
        groupEvents,
        GroupCreated({ connectionId: 'c', changed: ['displayName'], resource: { displayName: `Group ${id}` } }),
      );
      if (members.length > 0)
        await append(
          'group',
          id,
          groupEvents,
          GroupMembersAdded({ members: members.map((member) => ({ id: member, kind: 'User' as const })) }),
        );
    },
    createApp,
    /** Everything is there to turn it on. */
    readyApp: async () => {
      const id = await createApp();
      await call('PUT', `/apps/${id}/sso`, { configured: true });
      await call('PUT', `/apps/${id}/endpoint`, { url: target.url });
      await call('PUT', `/apps/${id}/credentials`, { kind: 'bearer', token: target.settings.token });
      return id;
    },
    secrets: () =>
      runtime.database.query<{ id: string }>(`select id::text from secrets.secrets where kind = 'credential'`),
    close: async () => {
      await app.close();
      await runtime.close();
      await target.close();
      await test.drop();
    },
  };
};

export type MappingWorld = Awaited<ReturnType<typeof mappingWorld>>;
