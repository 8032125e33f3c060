import { openTargets } from '../targets/targets.ts';
import { connectorContract, type Contracted } from '../testing/connector.contract.ts';
import { scimServer, type ScimServerOptions } from '../testing/scim-server.ts';
import { scimConnector, type ScimConnectorOptions } from './scim-connector.ts';

const WORK = 'emails[type eq "work"].value';

const open =
  (server: ScimServerOptions, settings: NonNullable<ScimConnectorOptions['settings']>) =>
  async (): Promise<Contracted> => {
    const targets = openTargets({ allowPrivateTargets: ['127.0.0.1'] });
    const app = await scimServer(server);
    const connector = scimConnector({
      url: app.url,
      credential: { kind: 'bearer', token: app.token },
      targets,
      settings,
      used: ['userName', 'displayName', 'title', 'roles', WORK, 'externalId'],
    });
    const matchable: Contracted['matchable'] = {
      userName: (name) => `${name}@plum.example`,
      displayName: (name) => name,
      [WORK]: (name) => `${name}@work.example`,
    };
    return {
      connector,
      matchable,
      valuesOf: (name) => ({
        ...Object.fromEntries(Object.entries(matchable).map(([target, of]) => [target, of(name)])),
        active: true,
      }),
      unique: 'userName',
      optional: 'title',
      several: { target: 'roles', element: (value) => ({ value }) },
      shown: (text) => text,
      addAccounts: async (names) => names.forEach((name) => app.addUser({ userName: matchable['userName']!(name) })),
      addGroup: async (displayName) => app.addGroup(displayName),
      many: 20,
      unknownId: '00000000-0000-4000-8000-000000000000',
      close: async () => {
        await connector.close();
        await targets.close();
        await app.close();
      },
    };
  };

connectorContract('SCIM, part by part,', open({}, { mode: 'auto' }));
connectorContract('SCIM of an app that says it can’t PATCH', open({ canPatch: false }, { mode: 'auto' }));
connectorContract('SCIM, replacing whole objects as an admin said,', open({}, { mode: 'put' }));
