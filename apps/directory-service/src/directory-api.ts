import type { DirectoryQueries, GroupHistory, ResourceHistory, SignIn, UserHistory } from '@tenure/directory';
import type { DirectoryClient } from '@tenure/platform';

export const DIRECTORY = Symbol('directory');

/** What the controllers of `/directory/v1` ask: reads of the views, and commands by way of the transport, like everybody's. */
export type DirectoryApi = {
  queries: DirectoryQueries;
  commands: DirectoryClient;
  signIn: SignIn;
  userHistory: UserHistory;
  groupHistory: GroupHistory;
  resourceHistory: ResourceHistory;
  /** What a connection's SCIM base URL is, as its identity provider is told. */
  scimUrl: (origin: string, tenantId: string, connectionId: string) => string;
};
