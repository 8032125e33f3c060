import { DIRECTORY_COMMANDS } from '@tenure/contracts';
import {
  connectionQueries,
  DIRECTORY_VIEW,
  groupQueries,
  resourceQueries,
  typeQueries,
  userQueries,
} from '@tenure/directory';
import { useView } from '@tenure/eventing';
import {
  directoryClient,
  MIB,
  scimErrors,
  type ErrorDialect,
  type RouteSettings,
  type Runtime,
  type Service,
} from '@tenure/platform';
import { BulkController, LOG } from './bulk/bulk.controller.ts';
import { attempts } from './connection/attempts.ts';
import { connectionAuthentication, type Connections } from './connection/connection-authentication.ts';
import { AUTHENTICATE, PUBLIC_URL, TYPES } from './connection/connection.guard.ts';
import { rate } from './connection/rate.ts';
import { canonicalScimUrl } from './connection/scim-url.ts';
import { turns } from './connection/turns.ts';
import { together } from './connection/together.ts';
import { DiscoveryController } from './discovery/discovery.controller.ts';
import { UnknownController } from './discovery/unknown.controller.ts';
import { cursors } from './resource/cursor.ts';
import { ENDPOINTS, endpoints } from './resource/endpoints.ts';
import { OwnTypeGuard } from './resource/own-type.guard.ts';
import { CURSORS, resourceController } from './resource/resource.controller.ts';
import { RootController } from './root/root.controller.ts';

class ScimGateway {}

/** A group may have 100,000 members, and a PATCH may name as many, also in an operation each. */
const GROUP_ROUTES: RouteSettings = {
  bodyLimit: 32 * MIB,
  json: { list: 1000, longLists: { names: /^(members|value|operations)$/i, most: 100_000 }, values: 1_000_000 },
};

/** Every resource type by one controller: users and groups at their paths, whatever a tenant defined at any other. What nobody serves ends at the last. */
export const scimControllers = [
  DiscoveryController,
  resourceController('Users'),
  resourceController('Groups', { route: GROUP_ROUTES }),
  RootController,
  BulkController,
  resourceController(':collection', { name: 'Own', guards: [OwnTypeGuard] }),
  UnknownController,
];

export const scimDialect: ErrorDialect = { ...scimErrors('/scim/'), canonicalUrl: canonicalScimUrl };

export type GatewayOptions = { secretsKey: Buffer; publicUrl?: string };

/** Every request looks its connection up; those that come in together share the look. */
const askedTogether = ({ connectionForScim }: Connections): Connections => {
  const ask = together(
    ({ tenantId, connectionId }: { tenantId: string; connectionId: string }) => `${tenantId}/${connectionId}`,
    ({ tenantId, connectionId }) => connectionForScim(tenantId, connectionId),
  );
  return { connectionForScim: (tenantId, connectionId) => ask({ tenantId, connectionId }) };
};

/** Composes the gateway on a runtime: it reads the directory's view, and writes by commands only. */
export const scimGateway = async (runtime: Runtime, { secretsKey, publicUrl }: GatewayOptions): Promise<Service> => {
  const { database, leases, transport, secrets, log } = runtime;
  await useView(leases, DIRECTORY_VIEW);
  const directory = directoryClient(transport.client({ commandTopic: DIRECTORY_COMMANDS }));
  const recorded = attempts(directory);
  const served = endpoints({
    directory,
    users: userQueries(database, DIRECTORY_VIEW),
    groups: groupQueries(database, DIRECTORY_VIEW),
    resources: resourceQueries(database, DIRECTORY_VIEW),
    attempts: recorded,
  });
  const authenticate = connectionAuthentication({
    connections: askedTogether(connectionQueries(database, DIRECTORY_VIEW)),
    tokens: secrets,
    attempts: recorded,
    turns: turns(),
    rate: rate(),
  });
  return {
    authenticateConnection: authenticate,
    http: {
      module: ScimGateway,
      controllers: scimControllers,
      providers: [
        { provide: ENDPOINTS, useValue: served },
        { provide: TYPES, useValue: typeQueries(database, DIRECTORY_VIEW) },
        { provide: CURSORS, useValue: cursors(secretsKey) },
        { provide: LOG, useValue: log },
        { provide: AUTHENTICATE, useValue: authenticate },
        { provide: PUBLIC_URL, useValue: publicUrl },
      ],
    },
  };
};
