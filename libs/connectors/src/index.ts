export { openTargets, type Targets } from './targets/targets.ts';
export { scimConnector, type ScimConnectorOptions } from './scim/scim-connector.ts';
export type { ScimLearned, ScimSettings } from './scim/scim-describe.ts';
export { scimKind } from './scim/scim-target.ts';
export { sendWebhook } from './webhook/send-webhook.ts';
export {
  oauthClient,
  signingKey,
  type OAuthClient,
  type OAuthClientSettings,
  type Tokens,
} from './oauth/oauth-client.ts';
export type { AppCredential, GrantedTokens } from './scim/authorization.ts';
