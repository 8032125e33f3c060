import { DIRECTORY_COMMANDS } from '@tenure/contracts';
import { connectionQueries, DIRECTORY_VIEW, groupQueries, userQueries } from '@tenure/directory';
import { useView } from '@tenure/eventing';
import { directoryClient, scimErrors, type ErrorDialect, type Runtime, type Service } from '@tenure/platform';
import { BulkController, LOG } from './bulk/bulk.controller.ts';
import { attempts, ATTEMPTS } from './connection/attempts.ts';
import { CONNECTIONS, FAIRNESS, PUBLIC_URL, TOKENS, type Connections } from './connection/connection.guard.ts';
import { rate } from './connection/rate.ts';
import { canonicalScimUrl } from './connection/scim-url.ts';
import { turns } from './connection/turns.ts';
import { together } from './connection/together.ts';
import { DiscoveryController } from './discovery/discovery.controller.ts';
import { UnknownController } from './discovery/unknown.controller.ts';
import { cursors } from './resource/cursor.ts';
import { groupsEndpoint } from './resource/groups.endpoint.ts';
import { CURSORS, resourceController } from './resource/resource.controller.ts';
import { ENDPOINTS } from './resource/scim-endpoint.ts';
import { usersEndpoint } from './resource/users.endpoint.ts';
import { RootController } from './root/root.controller.ts';

class ScimGateway {}

const USERS = Symbol('users');
const GROUPS = Symbol('groups');

/** The order is that of the routes: what nobody serves ends at the last. */
export const scimControllers = [DiscoveryController, resourceController('Users', USERS), resourceController('Groups', GROUPS), RootController, BulkController, UnknownController];

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
  const users = usersEndpoint({ directory, queries: userQueries(database, DIRECTORY_VIEW), attempts: recorded });
  const groups = groupsEndpoint({ directory, queries: groupQueries(database, DIRECTORY_VIEW), attempts: recorded });
  return {
    http: {
      module: ScimGateway,
      controllers: scimControllers,
      providers: [
        { provide: USERS, useValue: users },
        { provide: GROUPS, useValue: groups },
        { provide: ENDPOINTS, useValue: [users, groups] },
        { provide: CURSORS, useValue: cursors(secretsKey) },
        { provide: LOG, useValue: log },
        { provide: CONNECTIONS, useValue: askedTogether(connectionQueries(database, DIRECTORY_VIEW)) },
        { provide: TOKENS, useValue: secrets },
        { provide: ATTEMPTS, useValue: recorded },
        { provide: PUBLIC_URL, useValue: publicUrl },
        { provide: FAIRNESS, useValue: { turns: turns(), rate: rate() } },
      ],
    },
  };
};
