import { scimConnector, type AppCredential, type Targets } from '@tenure/connectors';
import type { AppConfig, Connector, CredentialsBody, Outcome } from '@tenure/provisioning';
import type { SecretStore } from '@tenure/sealing';

/** Connectors of the apps, kept as long as endpoint and credentials stay the same: an OAuth token lives as long as its connector. */
export const connectors = (targets: Targets, secrets: Pick<SecretStore, 'getCredential'>) => {
  const kept = new Map<string, { key: string; connector: Connector }>();

  const connect = ({ url, credential }: { url: string; credential: CredentialsBody }): Connector =>
    scimConnector({ url, credential, targets });

  const connectorFor = async ({ id, endpoint, credentials }: AppConfig): Promise<Connector> => {
    if (!endpoint || !credentials) return waiting('The app has no endpoint or no credentials.');
    const key = `${credentials.secretId} ${endpoint.url}`;
    const known = kept.get(id);
    if (known?.key === key) return known.connector;
    const credential = (await secrets.getCredential(credentials.secretId)) as AppCredential | undefined;
    // Replaced a moment ago: the next try reads the configuration anew.
    if (!credential) return waiting('The credentials were replaced.');
    const connector = connect({ url: endpoint.url, credential });
    kept.set(id, { key, connector });
    return connector;
  };

  return { connect, connectorFor };
};

/** Asks nothing of the app; whatever was wanted is tried again. */
const waiting = (reason: string): Connector => {
  const again = async (): Promise<Outcome<never>> => ({ kind: 'retry', reason });
  return {
    test: again,
    find: again,
    create: again,
    get: again,
    update: again,
    setActive: again,
    delete: again,
    findGroup: again,
    changeGroupMembers: again,
    listEntitlements: again,
  };
};
