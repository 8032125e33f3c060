export { authorizationEntities } from './authorization.entities.ts';
export type { AuthorizationClient, AuthorizeCommands } from './authorize.commands.ts';
export { oauthGrants, type GrantTokens, type OAuthGrants, type Renewed } from './grants.ts';
