import { randomUUID } from 'node:crypto';
import {
  AddAdmin,
  CreateConnection,
  CreateTenant,
  IssueToken,
  ROOT_TENANT,
  tenantBody,
  type AdminReply,
  type AdminRole,
  type ConnectionState,
  type GivenSettings,
  type TenantReply,
} from '@tenure/contracts';
import { migrate } from '@tenure/database';
import { testDatabase } from '@tenure/database/testing';
import { memoryEventStore, openLeases, startView, type Actor, type EventStore, type Instant } from '@tenure/eventing';
import type { CommandMessage } from '@tenure/messaging';
import { generateToken } from '@tenure/sealing';
import { testSealing } from '@tenure/sealing/testing';
import { SIGN_IN, signInMigrations } from '../session/session.entities.ts';
import { fullDirectoryView, openDirectory } from '../directory.ts';

/** The whole directory on a real database, with real keys and secrets, an event store in memory and a clock that tests move. */
export const testTenancy = async () => {
  const test = await testDatabase({ poolSize: 12 });
  const { database } = test;
  const { keys, sealer, secrets } = await testSealing(database);
  await migrate(database, { schema: SIGN_IN, migrations: signInMigrations });
  const store: EventStore = memoryEventStore();
  const leases = openLeases(database);
  const failures: unknown[] = [];
  const onFailure = (error: unknown) => void failures.push(error);
  const definition = fullDirectoryView();
  const view = await startView({ view: definition, database, schema: 'directory', store, sealer, leases, onFailure });
  await view.serving;
  const time = { now: '2026-01-05T09:00:00.000Z' as Instant };
  const directory = openDirectory({
    database,
    source: { store, sealer },
    view,
    clock: { now: async () => time.now },
    keys,
    secrets,
    onFailure,
  });

  let offset = 0;
  type Asked = { tenantId: string; key?: string; actor?: Actor; connectionId?: string };
  const message = (
    payload: object,
    { tenantId, key = randomUUID(), actor = { kind: 'root', id: 'root' }, connectionId }: Asked,
  ): CommandMessage => ({
    tenantId,
    key,
    commandId: randomUUID(),
    actor,
    ...(connectionId !== undefined && { connectionId }),
    correlationId: randomUUID(),
    causationId: randomUUID(),
    deadline: Date.now() + 60_000,
    payload: { v: 1, ...payload },
  });
  /** A command as a transport would bring it. */
  const ask = <Reply>(pattern: string, payload: object, asked: Asked) => {
    offset += 1;
    return directory.commands[pattern]!(message(payload, asked), {
      place: { log: 'commands-0', offset, at: offset },
    }) as Promise<Reply>;
  };

  const createTenant = (more: object = {}, tenantId: string = randomUUID()) => {
    const body = {
      name: 'Plum',
      primaryDomain: 'plum.example',
      sso: { configured: true, providers: [{ id: 'idp-1', name: 'Entra' }] },
      ...more,
    };
    return ask<TenantReply>(
      CreateTenant.pattern,
      { profile: tenantBody.parse(body) },
      { tenantId: ROOT_TENANT, key: tenantId },
    );
  };
  const addAdmin = async (tenantId: string, email: string, role: AdminRole = 'admin', more: object = {}) => {
    const key = generateToken();
    const admin = await ask<AdminReply>(
      AddAdmin.pattern,
      { email, role, newUserId: randomUUID(), key, ...more },
      { tenantId },
    );
    return { ...admin, key, actor: { kind: 'admin', id: admin.id } as const };
  };
  const createConnection = (tenantId: string, settings: GivenSettings = {}, name = 'Entra') =>
    ask<ConnectionState>(
      CreateConnection.pattern,
      { name, identityProviderId: 'idp-1', profile: 'entra', settings },
      { tenantId },
    );
  const issueToken = async (tenantId: string, key: string, actor: Actor, token: string = generateToken()) => {
    const connection = await ask<ConnectionState>(
      IssueToken.pattern,
      { token, chosen: false },
      { tenantId, key, actor },
    );
    return { connection, token };
  };

  return {
    database,
    store,
    keys,
    secrets,
    view,
    schema: definition.name,
    time,
    failures,
    directory,
    message,
    ask,
    createTenant,
    addAdmin,
    createConnection,
    issueToken,
    close: async () => {
      await directory.stop();
      await view.stop();
      await leases.close();
      await store.close();
      await test.drop();
    },
  };
};

export type TestTenancy = Awaited<ReturnType<typeof testTenancy>>;
