import {
  ldapConnector,
  ldapKind,
  oauthClient,
  scimConnector,
  scimKind,
  type AppCredential,
  type BindCredential,
  type GrantedTokens,
  type OAuthClientSettings,
  type ScimLearned,
  type Targets,
} from '@tenure/connectors';
import {
  CALL_TIMEOUT_MS,
  kindOf,
  markOf,
  usedTargets,
  type AppConfig,
  type AuthorizationClient,
  type Connector,
  type ConnectorKinds,
  type Failure,
  type GrantTokens,
  type OAuthGrants,
} from '@tenure/provisioning';
import type { SecretStore } from '@tenure/sealing';

/** The kinds of app that this service connects to. */
export const kinds: ConnectorKinds = { scim: scimKind, ldap: ldapKind };

/** Every target that an app's configuration speaks of: what its connector is to show of an account. */
const targetsOf = (app: AppConfig): string[] => {
  const ruled = app.ruleSets.flatMap(({ rules }) =>
    rules.flatMap(({ actions }) =>
      actions.flatMap((action) => (action.type === 'setAttribute' ? [action.target] : [])),
    ),
  );
  const values = Object.values(kindOf(kinds, app).entitlementTargets).filter((target) => target !== null);
  const mark = markOf(app);
  return [...new Set([...usedTargets(app.attributes), ...ruled, ...values, ...(mark === null ? [] : [mark])])];
};

type StoredCredential = AppCredential | BindCredential;
type ToConnect = { app: AppConfig; url: string; credential: StoredCredential };

/** Connectors of the apps, kept as long as what they are made of stays the same: an OAuth token lives as long as its connector. */
export const connectors = (
  targets: Targets,
  secrets: Pick<SecretStore, 'getCredential'>,
  grants: Pick<OAuthGrants, 'source'>,
) => {
  const kept = new Map<string, { key: string; connector: Connector }>();
  /** What was found out about an app by using it outlives a change of its configuration. */
  const learned = new Map<string, ScimLearned>();

  /** Of the app's own credential, where that is access which an admin granted. */
  const grantedFor = ({ credentials }: AppConfig, credential: AppCredential): GrantedTokens | undefined =>
    credentials && credential.kind === 'oauth2' && credential.grant !== undefined
      ? grants.source(credentials.secretId, (token) => oauthClient(credential, targets, CALL_TIMEOUT_MS).refresh(token))
      : undefined;

  const connect = ({ app, url, credential }: ToConnect): Connector => {
    const { connection, preset } = app;
    const shared = { url, targets, used: targetsOf(app), mark: markOf(app) };
    if (connection?.kind === 'ldap' && credential.kind === 'bind')
      return ldapConnector({
        ...connection,
        ...shared,
        credential,
        activeDirectory: preset === 'active-directory',
      });
    if (connection?.kind === 'scim' && credential.kind !== 'bind')
      return scimConnector({
        ...shared,
        credential,
        granted: grantedFor(app, credential),
        settings: connection,
        references: app.references.map(({ target }) => target),
        learned: learned.get(app.id),
        onLearned: (found) => learned.set(app.id, found),
      });
    return waiting('The app has no connection, or credentials of another kind.');
  };

  const connectorFor = async (app: AppConfig): Promise<Connector> => {
    const { id, endpoint, credentials, connection } = app;
    if (!endpoint || !credentials) return waiting('The app has no endpoint or no credentials.');
    const key = JSON.stringify([credentials.secretId, endpoint.url, connection, targetsOf(app), app.references]);
    const known = kept.get(id);
    if (known?.key === key) return known.connector;
    const credential = (await secrets.getCredential(credentials.secretId)) as StoredCredential | undefined;
    // Replaced a moment ago: the next try reads the configuration anew.
    if (!credential) return waiting('The credentials were replaced.');
    const connector = connect({ app, url: endpoint.url, credential });
    kept.set(id, { key, connector });
    void known?.connector.close();
    return connector;
  };

  const close = async () => {
    await Promise.all([...kept.values()].map(({ connector }) => connector.close()));
    kept.clear();
  };

  return { connect, connectorFor, close };
};

/** Tenure as a client of the apps' authorization servers (R97). */
export const authorizationClient = (targets: Targets): AuthorizationClient => {
  const clientOf = (settings: OAuthClientSettings) => oauthClient(settings, targets, CALL_TIMEOUT_MS);
  return {
    authorizationUrl: (client, checks) => clientOf(client).authorizationUrl(checks),
    exchangeCode: (client, callback, checks) => clientOf(client).exchangeCode(callback, checks),
  };
};

/** Ends granted access at the app's authorization server. */
export const revoking =
  (targets: Targets) =>
  async (credential: unknown, { accessToken, refreshToken }: GrantTokens): Promise<void> => {
    const client = oauthClient(credential as OAuthClientSettings, targets, CALL_TIMEOUT_MS);
    await client.revoke(refreshToken ?? accessToken);
  };

/** Asks nothing of the app; whatever was wanted is tried again. */
const waiting = (reason: string): Connector => {
  const again = async (): Promise<Failure> => ({ kind: 'unavailable', reason });
  return {
    describe: again,
    test: again,
    find: again,
    get: again,
    list: again,
    create: again,
    update: again,
    setActive: again,
    delete: again,
    members: again,
    isMember: again,
    changeMembers: again,
    entitlements: again,
    close: async () => undefined,
  };
};
