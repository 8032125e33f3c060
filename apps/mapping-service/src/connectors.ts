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
  type AppProfiles,
  type AuthorizationClient,
  type Connector,
  type ConnectorKinds,
  type Failure,
  type GrantTokens,
  type Learned,
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
type ToConnect = { app: AppConfig; url: string; credential: StoredCredential; learned?: Learned };
/** `learned`: what its connector knows by now; `readAt`: when that was compared with what others learned. */
type Kept = { key: string; connector: Connector; learned: Learned; readAt: number };

/** So long one replica may not know what another found out. */
const PROFILE_MS = 30_000;

/** Connectors of the apps, kept as long as what they are made of stays the same: an OAuth token lives as long as its connector. */
export const connectors = (
  targets: Targets,
  secrets: Pick<SecretStore, 'getCredential'>,
  grants: Pick<OAuthGrants, 'source'>,
  profiles: Pick<AppProfiles, 'find' | 'learn'>,
  onFailure: (error: unknown) => void,
) => {
  const kept = new Map<string, Kept>();

  /** Of the app's own credential, where that is access which an admin granted. */
  const grantedFor = ({ credentials }: AppConfig, credential: AppCredential): GrantedTokens | undefined =>
    credentials && credential.kind === 'oauth2' && credential.grant !== undefined
      ? grants.source(credentials.secretId, (token) => oauthClient(credential, targets, CALL_TIMEOUT_MS).refresh(token))
      : undefined;

  const learn = (app: AppConfig, found: Learned) => {
    const known = kept.get(app.id);
    if (known) known.learned = { ...known.learned, ...found };
    profiles.learn(app, found).catch(onFailure);
  };

  const connect = ({ app, url, credential, learned }: ToConnect): Connector => {
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
        ...(learned && { learned: learned as ScimLearned }),
        onLearned: (found) => learn(app, found),
      });
    return waiting('The app has no connection, or credentials of another kind.');
  };

  const connectorFor = async (app: AppConfig): Promise<Connector> => {
    const { id, endpoint, credentials, connection } = app;
    if (!endpoint || !credentials) return waiting('The app has no endpoint or no credentials.');
    const key = JSON.stringify([credentials.secretId, endpoint.url, connection, targetsOf(app)]);
    const known = kept.get(id);
    if (known?.key === key && Date.now() - known.readAt < PROFILE_MS) return known.connector;
    const learned = (await profiles.find(app)) ?? {};
    if (known?.key === key && isKnown(learned, known.learned)) {
      known.readAt = Date.now();
      return known.connector;
    }
    const credential = (await secrets.getCredential(credentials.secretId)) as StoredCredential | undefined;
    // Replaced a moment ago: the next try reads the configuration anew.
    if (!credential) return waiting('The credentials were replaced.');
    const connector = connect({ app, url: endpoint.url, credential, learned });
    kept.set(id, { key, connector, learned, readAt: Date.now() });
    void known?.connector.close();
    return connector;
  };

  const close = async () => {
    await Promise.all([...kept.values()].map(({ connector }) => connector.close()));
    kept.clear();
  };

  return { connect, connectorFor, close };
};

const isKnown = (learned: Learned, known: Learned): boolean =>
  Object.entries(learned).every(([name, value]) => known[name] === value);

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
