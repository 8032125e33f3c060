export { openTargets, type Targets } from './targets/targets.ts';
export { scimConnector, type ScimConnectorOptions } from './scim/scim-connector.ts';
export { sendWebhook } from './webhook/send-webhook.ts';
export type { AppCredential } from './scim/authorization.ts';
